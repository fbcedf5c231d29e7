import { logOf } from './sessionLog.js';
import { snapshotOf, type DemoSession, type DemoSnapshot, type DemoStatistics, type Ticks } from './history.js';
import type { DemoJob, DemoOrganization, DemoProxy, DemoRepository } from './landscape.js';

/** API versions as numbers, 2 to 8: what a body looks like follows from it. */
export type ApiVersion = 2 | 3 | 4 | 5 | 6 | 7 | 8;

type Body = Record<string, unknown>;

/** Up to v5 links name the host that the product was installed on, which is not where this server listens. */
const INSTALLED_AT = 'https://support.east.local:4443';

/** The same path as each version writes it: absolute up to v5, lower case in v3 to v5, relative from v6. */
export function href(version: ApiVersion, path: string): string {
  const full = `/v${version}/${path}`;
  if (version >= 6) return full;
  return INSTALLED_AT + (version === 2 ? full : full.toLowerCase());
}

function links(version: ApiVersion, paths: Readonly<Record<string, string | null>>): Body {
  const body: Body = {};
  for (const [name, path] of Object.entries(paths)) if (path !== null) body[name] = { href: href(version, path) };
  return body;
}

/** `2017-04-04T00:07:21.3994255-07:00`, or in `Z`; trailing zeros of the fraction are cut. */
function moment(ticks: Ticks, zone: 'Z' | '-07:00'): string {
  const ms = Number(ticks / 10_000n) - (zone === 'Z' ? 0 : 7 * 3_600_000);
  const fraction = String(ticks % 10_000_000n)
    .padStart(7, '0')
    .replace(/0+$/, '');
  return `${new Date(ms).toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}${zone}`;
}

/** `99.1 KB`: one decimal, 1,024 to the next unit. */
function amount(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

function v2Statistics(session: DemoSession, statistics: DemoStatistics, decimalComma: boolean): Body {
  const text = session.v2Text ?? {
    processingRate: `${amount(statistics.processingRateBytes)}/s (${statistics.processingRateItems} items/s)`,
    readRate: `${amount(statistics.readRateBytes)}/s`,
    writeRate: `${amount(statistics.writeRateBytes)}/s`,
    transferredData: amount(statistics.transferredBytes),
  };
  const localized: Body = {};
  for (const [name, value] of Object.entries(text)) localized[name] = decimalComma ? value.replace('.', ',') : value;
  return { ...localized, processedObjects: statistics.processedObjects, bottleneck: statistics.bottleneck };
}

/** Numbers; in lists of v8 as text, as some of its builds are said to mix both. */
function statisticsOf(statistics: DemoStatistics, asText: boolean): Body {
  const number = (value: number): number | string => (asText ? String(value) : value);
  return {
    processingRateBytesPS: number(statistics.processingRateBytes),
    processingRateItemsPS: number(statistics.processingRateItems),
    readRateBytesPS: number(statistics.readRateBytes),
    writeRateBytesPS: number(statistics.writeRateBytes),
    transferredDataBytes: number(statistics.transferredBytes),
    processedObjects: number(statistics.processedObjects),
    bottleneck: statistics.bottleneck,
  };
}

export type RenderOptions = Readonly<{ now: Ticks; isInList: boolean; decimalComma: boolean }>;

export function renderSession(version: ApiVersion, snapshot: DemoSnapshot, options: RenderOptions): Body {
  const { session, isRunning, progress, status, statistics } = snapshot;
  const { job } = session;
  const zone = version === 2 ? '-07:00' : 'Z';
  const path = `JobSessions/${session.id}`;
  const rate = `${amount(statistics.processingRateBytes)}/s (${statistics.processingRateItems} items/s)`;
  const transferred = `Transferred: ${amount(statistics.transferredBytes)} (${statistics.processedObjects} items) at ${rate}`;
  return {
    id: session.id,
    ...(version >= 8 && { jobId: job.id, eTag: changesOf(snapshot, options.now), proxyId: null, proxyPoolId: null }),
    ...(version >= 8 && { jobSessionConfigType: session.isFull ? 'Full' : 'Incremental' }),
    ...(version >= 7 && { repositoryId: job.repositoryId, mainSessionId: '00000000-0000-0000-0000-000000000000' }),
    ...(version >= 7 && { jobWillBeRetried: false, jobType: job.kind }),
    ...(version >= 6 && { details: isRunning ? '' : transferred, retryCount: 0 }),
    creationTime: moment(session.start, zone),
    // A running session has no end: v7 says null, the others leave it out.
    ...(isRunning ? version === 7 && { endTime: null } : { endTime: moment(session.end, zone) }),
    progress,
    status,
    statistics:
      version === 2
        ? v2Statistics(session, statistics, options.decimalComma)
        : statisticsOf(statistics, version === 8 && options.isInList),
    _links: links(version, {
      self: path,
      log: `${path}/${version <= 3 ? 'log' : 'LogItems'}`,
      job: `${job.kind === 'Copy' ? 'CopyJobs' : 'Jobs'}/${job.id}`,
    }),
  };
}

/** A number that grows whenever the session changes: with each second it runs, and once more when it has ended. */
function changesOf({ session, isRunning }: DemoSnapshot, now: Ticks): number {
  const until = isRunning ? now : session.end;
  return 40_000 + Number((until - session.start) / 10_000_000n) + (isRunning ? 0 : 1);
}

const titleWords = {
  Success: 'Success',
  Warning: 'Warning',
  Error: 'Failed',
  Running: 'Running',
  Stop: 'Stopped',
} as const;

export function renderLog(version: ApiVersion, session: DemoSession, now: Ticks): Body[] {
  return logOf(session, now).map((line) => ({
    id: line.id,
    usn: line.usn,
    ...(version >= 8
      ? { type: line.type, message: line.message }
      : { title: `[${titleWords[line.type]}] ${line.message}` }),
    // Lines are at the server's own offset, even where sessions are in Z.
    creationTime: moment(line.start, '-07:00'),
    ...(line.end !== null && { endTime: moment(line.end, '-07:00') }),
    _links: links(version, {
      self: `JobSessions/${session.id}/LogItems/${line.id}`,
      jobsessions: `JobSessions/${session.id}`,
    }),
  }));
}

export function renderProcessedObjects(session: DemoSession, users: readonly string[], now: Ticks): Body[] {
  const { progress } = snapshotOf(session, now);
  return Array.from({ length: progress }, (_, index) => ({
    id: `${users[index % users.length] ?? 'object'}${index < users.length ? '' : `/${Math.floor(index / users.length)}`}`,
    type: ['User', 'User', 'Site', 'User', 'Group', 'Team'][index % 6],
    status: session.outcome === 'Warning' && index % 7 === 2 ? 'Warning' : 'Success',
    _links: {},
  }));
}

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

/** v6 and later tell the error's kind more and more exactly, v8 a stack trace too, which must go no further. */
export function renderError(version: ApiVersion, message: string, errorCode?: string): Body {
  return {
    message,
    ...(version === 7 && { errorCode: null }), // ProxyOffline is all that v7 knows
    ...(version >= 8 && { errorCode: errorCode ?? null }),
    ...(version >= 8 && { stackTrace: '   at Veeam.Archiver.REST.Controllers.SecretController.Get()' }),
  };
}
