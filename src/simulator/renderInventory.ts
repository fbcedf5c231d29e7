import { links, moment, type ApiVersion, type Body } from './format.js';
import type { DemoSnapshot, Ticks } from './history.js';
import type { DemoJob, DemoOrganization, DemoProxy, DemoRepository } from './landscape.js';

/** One that is switched off is only started by hand; a copy job has a word of its own for daily. */
function scheduleTypeOf(job: DemoJob): string {
  if (!job.isEnabled) return 'ManualOnly';
  if (job.kind === 'Copy') return 'DailyAtTime';
  return job.everyMinutes < 1440 ? 'Periodically' : 'Daily';
}

export type DemoJobState = Readonly<{
  job: DemoJob;
  last: DemoSnapshot | null;
  lastBackup: Ticks | null;
  next: Ticks | null;
}>;

export function renderJob(version: ApiVersion, { job, last, lastBackup, next }: DemoJobState): Body {
  const isCopy = job.kind === 'Copy';
  const path = `${isCopy ? 'CopyJobs' : 'Jobs'}/${job.id}`;
  const isPeriodic = job.everyMinutes < 1440;
  const time = `${String(Math.floor(job.offsetMinutes / 60)).padStart(2, '0')}:${String(job.offsetMinutes % 60).padStart(2, '0')}:00`;
  return {
    id: job.id,
    name: job.name,
    ...(isCopy
      ? { backupJobId: job.backupJobId }
      : {
          description: job.description,
          // Documents of v2 to v5 write it in lower camel case.
          backupType: version === 3 ? job.backupType.charAt(0).toLowerCase() + job.backupType.slice(1) : job.backupType,
        }),
    isEnabled: job.isEnabled,
    ...(last && { lastRun: moment(last.session.start, 'Z'), lastStatus: last.status }),
    ...(next !== null && { nextRun: moment(next, 'Z') }),
    ...(version >= 7 && { lastBackup: lastBackup === null ? null : moment(lastBackup, 'Z') }),
    ...(version >= 6 && { repositoryId: job.repositoryId }),
    ...(version >= 8 && {
      organizationId: job.organizationId,
      eTag: last ? Number(last.session.start / 10_000_000n) : 1,
    }),
    schedulePolicy: {
      type: scheduleTypeOf(job),
      ...(isPeriodic
        ? { periodicallyEvery: `Hours${job.everyMinutes / 60}` }
        : { dailyType: 'Everyday', dailyTime: time }),
      ...(isCopy
        ? { backupCopyWindowEnabled: false }
        : { retryEnabled: true, retryNumber: 3, retryWaitInterval: 10, backupWindowEnabled: false }),
      // The weekly grid, an hour an entry.
      ...(version >= 6 &&
        !isCopy && {
          scheduleEnabled: job.isEnabled,
          backupWindowSettings: { backupWindow: new Array<boolean>(168).fill(true) },
        }),
    },
    _links: links(version, {
      self: path,
      organization: isCopy ? null : `Organizations/${job.organizationId}`,
      backupRepository: isCopy ? null : `BackupRepositories/${job.repositoryId}`,
      jobsessions: isCopy ? null : version >= 7 ? `JobSessions?jobId=${job.id}` : `${path}/JobSessions`,
      selectedItems: isCopy ? null : `${path}/SelectedItems`,
      excludedItems: isCopy ? null : `${path}/ExcludedItems`,
    }),
  };
}

export type DemoOrganizationState = Readonly<{
  organization: DemoOrganization;
  first: Ticks | null;
  last: Ticks | null;
}>;

export function renderOrganization(
  version: ApiVersion,
  { organization, first, last }: DemoOrganizationState,
  isExtended: boolean,
): Body {
  const { id, name, type, region } = organization;
  const isOnline = type !== 'OnPremises';
  const path = `Organizations/${id}`;
  return {
    type,
    ...(region !== null && { region }),
    id,
    name,
    ...(version === 2 && { username: `admin@${name}` }),
    ...(isOnline && version >= 3 && { isExchangeOnline: true, isSharePointOnline: true, officeName: name }),
    ...(isOnline && version >= 5 && { isTeamsOnline: true }),
    ...(isOnline && version >= 6 && { isTeamsChatsOnline: false }),
    ...(version >= 7 && { description: '' }),
    ...(version >= 8 && { msid: null, exchangeOnlineSettings: { account: 'secret-service-account' } }),
    ...(isExtended && {
      isBackedup: first !== null,
      firstBackuptime: first === null ? null : moment(first, 'Z'),
      lastBackuptime: last === null ? null : moment(last, 'Z'),
    }),
    _links: links(version, { self: path, jobs: version >= 8 ? `Jobs?organizationId=${id}` : `${path}/Jobs` }),
    _actions: {},
  };
}

export function renderRepository(version: ApiVersion, repository: DemoRepository): Body {
  const { capacityBytes: capacity, freeSpaceBytes: freeSpace, ...rest } = repository;
  const path = `BackupRepositories/${repository.id}`;
  return {
    ...rest,
    retentionPeriodType: 'Monthly',
    monthlyRetentionPeriod: 26,
    retentionFrequencyType: 'Daily',
    dailyTime: '08:00:00',
    dailyType: 'Everyday',
    ...(version === 2
      ? { capacity, freeSpace }
      : { capacityBytes: capacity, freeSpaceBytes: freeSpace, retentionType: 'ItemLevel' }),
    ...(version >= 6 && { isOutOfSync: false, isLongTerm: capacity === null, objectStorageEncryptionEnabled: false }),
    ...(version >= 8 && {
      proxyPoolId: null,
      organizationId: null,
      isIndexed: true,
      isMigrationLocked: false,
      isOutdated: false,
      isOutOfOrder: false,
      outOfOrderReason: null,
    }),
    _links: links(version, { self: path, proxy: `Proxies/${repository.proxyId}` }),
  };
}

export function renderProxy(version: ApiVersion, proxy: DemoProxy, isExtended: boolean): Body {
  const { throttlingValue, threadsNumber } = proxy;
  const isThrottled = throttlingValue !== null;
  const hasThrottling = version < 5 || version > 7 || isExtended;
  const path = `Proxies/${proxy.id}`;
  return {
    id: proxy.id,
    hostName: proxy.hostName,
    description: proxy.description,
    port: 9193,
    ...(hasThrottling && { [version === 2 ? 'enableNetworkthrottling' : 'enableNetworkThrottling']: isThrottled }),
    ...(hasThrottling && isThrottled && { throttlingValue, throttlingUnit: 'KBs' }),
    ...(version < 8 && hasThrottling && { threadsNumber }),
    status: proxy.status,
    ...(version >= 6 && { type: proxy.type, useInternetProxy: false }),
    ...(version >= 7 && { fqdn: proxy.hostName }),
    ...(version >= 8 && {
      operatingSystem: proxy.operatingSystem,
      maintenanceModeState: 'Disabled',
      cpuUsagePercent: 12.5,
      memoryUsagePercent: 41.75,
      version: '8.0.2.159',
      role: ['Processor'],
    }),
    _links: links(version, { self: path, repositories: `${path}/Repositories` }),
  };
}
