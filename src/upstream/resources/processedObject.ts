import type { ProcessedObject } from '../../graph/generated.js';
import type { Fields } from '../errors.js';
import type { Resource } from '../resource.js';

/** `id` is the object's: it repeats in each session that processed the object. */
export type ProcessedObjectRecord = Fields<Omit<ProcessedObject, '__typename' | 'objectId'>> & { readonly id: string };

export const processedObjects: Resource<'processedObject', ProcessedObjectRecord> = {
  name: 'processedObject',
  normalize: (read) => ({
    id: read.textId(),
    type: read.oneOf('type', { group: 'GROUP', user: 'USER', site: 'SITE', team: 'TEAM' }),
    status: read.oneOf('status', { success: 'SUCCESS', warning: 'WARNING', failed: 'FAILED' }),
  }),
};
