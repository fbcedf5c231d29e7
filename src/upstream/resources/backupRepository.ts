import type { BackupRepository } from '../../graph/generated.js';
import type { Field, Fields } from '../errors.js';
import type { ItemResource } from '../resource.js';

export type BackupRepositoryRecord = Fields<Omit<BackupRepository, '__typename' | 'id' | 'proxy'>> & {
  readonly id: string;
  readonly proxyId: Field<string | null>;
};

/** Names of a link to a repository. */
export const linksToRepository = ['backupRepository', 'backupRepositories', 'repository'] as const;

export const backupRepositories: ItemResource<'backupRepository', BackupRepositoryRecord> = {
  name: 'backupRepository',
  path: 'BackupRepositories',
  batch: 'collection',
  whole: () => ({}),
  normalize: (read) => ({
    id: read.id(),
    name: read.text('name'),
    description: read.text('description'),
    path: read.text('path'),
    capacityBytes: read.integer('capacityBytes'),
    freeSpaceBytes: read.integer('freeSpaceBytes'),
    retentionType: read.oneOf('retentionType', { itemlevel: 'ITEM_LEVEL', snapshotbased: 'SNAPSHOT_BASED' }),
    isOutOfSync: read.flag('isOutOfSync'),
    isLongTerm: read.flag('isLongTerm'),
    isOutdated: read.flag('isOutdated'),
    isOutOfOrder: read.flag('isOutOfOrder'),
    outOfOrderReason: read.text('outOfOrderReason'),
    proxyId: read.idOrLink('proxyId', 'proxy', 'proxies'),
  }),
};
