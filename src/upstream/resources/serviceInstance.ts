import type { BackupServer } from '../../graph/generated.js';
import type { Reader } from '../raw.js';
import type { Fields } from '../errors.js';

/** What v6 and later tell of the server itself, at one fixed path: no list, no id to ask for. */
export type ServiceInstanceRecord = Fields<Pick<BackupServer, 'productVersion' | 'installationId'>>;

export type BackupServerRecord = Readonly<{ apiVersion: string }>;

export const serviceInstancePath = 'ServiceInstance';

export function normalizeServiceInstance(read: Reader): ServiceInstanceRecord {
  return { productVersion: read.text('version'), installationId: read.uuid('installationId') };
}
