import type { Organization } from '../../graph/generated.js';
import type { Fields } from '../errors.js';
import type { ItemResource } from '../resource.js';

export type OrganizationRecord = Fields<Omit<Organization, '__typename' | 'id'>> & { readonly id: string };

/** The fields that v6 and later answer in the extended view alone. */
export const extendedOrganizationFields: ReadonlySet<keyof Organization> = new Set([
  'isBackedUp',
  'firstBackupTime',
  'lastBackupTime',
]);

const regions = {
  worldwide: 'WORLDWIDE',
  germany: 'GERMANY',
  china: 'CHINA',
  usdefence: 'US_DEFENCE',
  usgovdefence: 'US_DEFENCE', // so up to v3
  usgovernment: 'US_GOVERNMENT',
  usgovcommunity: 'US_GOVERNMENT', // so up to v3
} as const;

export const organizations: ItemResource<'organization', OrganizationRecord> = {
  name: 'organization',
  path: 'Organizations',
  batch: 'collection',
  whole: (isExtended) => ({ isExtended }),
  inPlainView: (row, error) => ({
    ...row,
    isBackedUp: row.isBackedUp ?? error,
    firstBackupTime: row.firstBackupTime ?? error,
    lastBackupTime: row.lastBackupTime ?? error,
  }),
  normalize: (read) => ({
    id: read.id(),
    name: read.text('name'),
    officeName: read.text('officeName'),
    description: read.text('description'),
    type: read.oneOf('type', { office365: 'OFFICE365', onpremises: 'ON_PREMISES', hybrid: 'HYBRID' }),
    region: read.oneOf('region', regions),
    isExchangeOnline: read.flag('isExchangeOnline'),
    isSharePointOnline: read.flag('isSharePointOnline'),
    isTeamsOnline: read.flag('isTeamsOnline'),
    isTeamsChatsOnline: read.flag('isTeamsChatsOnline'),
    isBackedUp: read.flag('isBackedup'),
    firstBackupTime: read.moment('firstBackuptime'),
    lastBackupTime: read.moment('lastBackuptime'),
  }),
};
