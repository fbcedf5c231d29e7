// The rows of the fake backup server, as API v8 sends them, and what its misbehaving variants make of them.

export const counts = {
  sessions: 1000,
  jobs: 2500,
  copyJobs: 500,
  organizations: 1000,
  repositories: 300,
  proxies: 100,
  logLines: 1000,
  processedObjects: 1000,
};

const kinds = {
  JobSessions: 1,
  Jobs: 2,
  CopyJobs: 3,
  Organizations: 4,
  BackupRepositories: 5,
  Proxies: 6,
  LogItems: 7,
  ProcessedObjects: 8,
};

/** Returns the id of a row: the kind of thing, and its number. */
export function idOf(collection, number) {
  return `${String(kinds[collection]).padStart(8, '0')}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

const START_MS = Date.UTC(2024, 0, 1);
const moment = (minutes) => `${new Date(START_MS + minutes * 60_000).toISOString().slice(0, -1)}4255Z`;

const makers = {
  JobSessions: (n) => ({
    id: idOf('JobSessions', n),
    creationTime: moment(100_000 - n),
    endTime: moment(100_001 - n),
    status: ['Success', 'Warning', 'Failed', 'Stopped'][n % 4],
    jobType: n % 5 === 0 ? 'Copy' : 'Backup',
    jobId: n % 5 === 0 ? idOf('CopyJobs', n % counts.copyJobs) : idOf('Jobs', n % counts.jobs),
    repositoryId: idOf('BackupRepositories', n % counts.repositories),
    progress: n,
    details: `Transferred: 4.9 GB (48211 items) at 2.0 MB/s (31 items/s) ${n % 10}`,
    retryCount: n % 3,
    jobWillBeRetried: n % 2 === 0,
    jobSessionConfigType: 'Incremental',
    statistics: {
      processingRateBytesPS: 2_097_152,
      processingRateItemsPS: 31,
      readRateBytesPS: 2_097_152,
      writeRateBytesPS: 1_048_576,
      transferredDataBytes: 5_261_334_937,
      processedObjects: 48_211,
      bottleneck: 'Source',
    },
  }),
  Jobs: (n) => ({
    id: idOf('Jobs', n),
    name: `Backup of department ${(n * 7919) % counts.jobs}`, // in no order
    description: `Created by an administrator for department ${n}`,
    backupType: 'SelectedItems',
    isEnabled: n % 2 === 0,
    schedulePolicy: {
      type: 'Daily',
      dailyType: 'Everyday',
      dailyTime: '22:00:00',
      periodicallyEvery: 'Minutes5',
      retryEnabled: true,
      retryNumber: 3,
      retryWaitInterval: 10,
      backupWindowEnabled: false,
    },
    lastRun: moment(n),
    nextRun: moment(n + 60),
    lastBackup: moment(n),
    lastStatus: 'Success',
    organizationId: idOf('Organizations', n % counts.organizations),
    repositoryId: idOf('BackupRepositories', n % counts.repositories),
  }),
  Organizations: (n) => ({
    id: idOf('Organizations', n),
    name: `customer-${(n * 7919) % counts.organizations}.example.com`,
    officeName: `customer${n}.onmicrosoft.com`,
    description: `A customer of department ${n}`,
    type: 'Office365',
    region: 'Worldwide',
    isExchangeOnline: true,
    isSharePointOnline: true,
    isTeamsOnline: true,
    isTeamsChatsOnline: false,
    isBackedup: true,
    firstBackuptime: moment(0),
    lastBackuptime: moment(n),
  }),
  BackupRepositories: (n) => ({
    id: idOf('BackupRepositories', n),
    name: `Repository ${(n * 7919) % counts.repositories}`,
    description: 'On the volume of a proxy',
    path: `D:\\Repositories\\${n}`,
    capacityBytes: 10_995_116_277_760,
    freeSpaceBytes: 5_497_558_138_880,
    retentionType: 'ItemLevel',
    isOutOfSync: false,
    isLongTerm: false,
    isOutdated: false,
    isOutOfOrder: false,
    proxyId: idOf('Proxies', n % counts.proxies),
  }),
  Proxies: (n) => ({
    id: idOf('Proxies', n),
    hostName: `proxy-${(n * 7919) % counts.proxies}.example.com`,
    description: 'A proxy',
    port: 9193,
    status: 'Online',
    type: 'Remote',
  }),
  LogItems: (n) => ({
    id: idOf('LogItems', n),
    usn: n,
    type: ['Success', 'Warning', 'Error'][n % 3],
    message: `Processing mailbox user${n}@customer.onmicrosoft.com finished`,
    creationTime: moment(n),
    endTime: moment(n + 1),
  }),
  ProcessedObjects: (n) => ({ id: `object-${n}`, type: 'User', status: 'Success' }),
};
makers.CopyJobs = (n) => ({
  ...makers.Jobs(n),
  id: idOf('CopyJobs', n),
  name: `Copy of department ${(n * 7919) % counts.copyJobs}`,
  backupJobId: idOf('Jobs', n),
});

const make = (collection, count) => Array.from({ length: count }, (_, n) => makers[collection](n));

/** All rows, by the last segment of their path. */
export const tables = {
  JobSessions: make('JobSessions', counts.sessions),
  Jobs: make('Jobs', counts.jobs),
  CopyJobs: make('CopyJobs', counts.copyJobs),
  Organizations: make('Organizations', counts.organizations),
  BackupRepositories: make('BackupRepositories', counts.repositories),
  Proxies: make('Proxies', counts.proxies),
  LogItems: make('LogItems', counts.logLines),
  ProcessedObjects: make('ProcessedObjects', counts.processedObjects),
};

const LONG_TEXT = 'x'.repeat(10_000);
const keepsItsKind = (name) => name === 'id' || name.endsWith('Id');

/** How each variant of the server changes a row; the token's first word names the variant. */
export const variants = {
  /** As the API promises. */
  plain: (row) => row,
  /** 403 for all but sessions; see `server.mjs`. */
  forbidden: (row) => row,
  /** 404 for all things by id. */
  missing: (row) => row,
  /** Bare arrays, with all rows at once. */
  arrays: (row) => row,
  /** No row can be read. */
  badRows: (row) => ({ ...row, id: 'none' }),
  /** Every field but ids is of another kind. */
  badFields: (row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, keepsItsKind(name) ? value : [value]])),
  /** Texts of 10,000 characters. */
  longTexts: (row) => ({ ...row, ...('details' in row ? { details: LONG_TEXT } : {}), name: LONG_TEXT }),
  /** Links of slashes in place of ids. */
  slashes: (row) => ({
    ...row,
    organizationId: null,
    jobId: null,
    _links: Object.fromEntries(['organization', 'job'].map((name) => [name, { href: '/'.repeat(5_000) }])),
  }),
};
