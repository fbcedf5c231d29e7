import type { JobSession, JobSessionFilter, Statistics } from '../../graph/generated.js';
import { endSince, isEarlierThan, serverToUtc, sortKey } from '../moment.js';
import type { Reader } from '../raw.js';
import type { Field, Fields } from '../errors.js';
import type { ItemResource, Raw } from '../resource.js';
import type { Lifetime } from '../sharing.js';
import { linksToRepository } from './backupRepository.js';

export type StatisticsRecord = Fields<Omit<Statistics, '__typename' | 'isEstimated'>> & {
  readonly isEstimated: boolean;
};

type Relation = 'job' | 'log' | 'repository' | 'processedObjects';
/** What a resolver works out where it is asked for: it costs more than all the rest. */
type Derived = 'durationSeconds' | 'logUrl';

export type JobSessionRecord = Fields<Omit<JobSession, '__typename' | 'id' | 'statistics' | Relation | Derived>> & {
  readonly id: string;
  readonly statistics: Field<StatisticsRecord | null>;
  readonly jobId: Field<string | null>;
  /** Type to look the job up by; null when the session's own type and its link disagree. */
  readonly lookupType: Field<JobSession['type'] | null>;
  readonly repositoryId: Field<string | null>;
};

/** Statuses as the bodies spell them; also the last status of a job. */
export const sessionStatuses = {
  stopped: 'STOPPED',
  running: 'RUNNING',
  success: 'SUCCESS',
  failed: 'FAILED',
  warning: 'WARNING',
  notconfigured: 'NOT_CONFIGURED',
  disconnected: 'DISCONNECTED',
  queued: 'QUEUED',
} as const;

const jobTypes = { backup: 'BACKUP', copy: 'COPY' } as const;

/** Collections of jobs, as links spell them. */
const jobCollections: ReadonlyMap<string, 'BACKUP' | 'COPY'> = new Map([
  ['jobs', 'BACKUP'],
  ['copyjobs', 'COPY'],
]);

/** A job that a session links to; its type by the link's name, or by the collection that the link leads to. */
type LinkedJob = Readonly<{ id: string; type: 'BACKUP' | 'COPY' | null }>;

/** Returns the job that a session links to. A link to a copy job wins, unless the session's own type is Backup. */
function linkedJob(read: Reader, sessionType: JobSessionRecord['type']): LinkedJob | null {
  const copy = read.link('copyJob', 'copyJobs');
  const other = read.link('job', 'jobs', 'backupJob', 'backupJobs');
  if (copy && (sessionType !== 'BACKUP' || !other)) return { id: copy.id, type: 'COPY' };
  return other && { id: other.id, type: jobCollections.get(other.collection) ?? null };
}

const bottlenecks = {
  na: 'NOT_AVAILABLE',
  'n/a': 'NOT_AVAILABLE',
  detecting: 'DETECTING',
  source: 'SOURCE',
  target: 'TARGET',
} as const;

function normalizeStatistics(read: Reader): StatisticsRecord {
  return {
    processingRateBytesPerSecond: read.integer('processingRateBytesPS'),
    processingRateItemsPerSecond: read.integer('processingRateItemsPS'),
    readRateBytesPerSecond: read.integer('readRateBytesPS'),
    writeRateBytesPerSecond: read.integer('writeRateBytesPS'),
    transferredDataBytes: read.integer('transferredDataBytes'),
    processedObjects: read.integer('processedObjects'),
    bottleneck: read.oneOf('bottleneck', bottlenecks),
    isEstimated: read.flag('isEstimated') === true, // the v2 adapter's own mark; no server sends it
  };
}

export const jobSessions: ItemResource<'jobSession', JobSessionRecord> = {
  name: 'jobSession',
  path: 'JobSessions',
  batch: 'newest',
  whole: () => ({}),
  normalize: (read) => {
    const statistics = read.object('statistics');
    const creationTime = read.moment('creationTime');
    const jobType = read.oneOf('jobType', jobTypes);
    const jobId = read.uuid('jobId');
    const linked = jobType === null || jobId === null ? linkedJob(read, jobType) : null;
    const type = jobType ?? linked?.type ?? null;
    const isInDoubt = jobId === null && (linked?.type ?? type) !== type;
    return {
      id: read.id(),
      creationTime,
      endTime: endSince(creationTime, read.moment('endTime')),
      progress: read.int32('progress'),
      status: read.oneOf('status', sessionStatuses),
      details: read.text('details'),
      type,
      configType: read.oneOf('jobSessionConfigType', { full: 'FULL', incremental: 'INCREMENTAL' }),
      retryCount: read.int32('retryCount'),
      willBeRetried: read.flag('jobWillBeRetried'),
      statistics: statistics === null || statistics instanceof Error ? statistics : normalizeStatistics(statistics),
      jobId: jobId ?? linked?.id ?? null,
      lookupType: isInDoubt ? null : type,
      repositoryId: read.idOrLink('repositoryId', ...linksToRepository),
    };
  },
  rank: (raw: Raw) => {
    const utc = typeof raw['creationTime'] === 'string' ? serverToUtc(raw['creationTime']) : null;
    return utc === null ? '' : sortKey(utc);
  },
};

const finalStatuses: ReadonlySet<unknown> = new Set(['STOPPED', 'SUCCESS', 'FAILED', 'WARNING']);

/** How long after its end a session's log may still get a line, for all we know; the server's clock may be minutes behind. */
const SETTLED_AFTER_MS = 600_000;

/**
 * How long a session and its log may be kept: not at all until it has ended, by all that it says; and for good once that was
 * a while ago, as a retry is a session of its own.
 */
export function lifetimeOf({ status, endTime }: JobSessionRecord): Lifetime | undefined {
  if (typeof endTime !== 'string' || !finalStatuses.has(status)) return undefined;
  return Date.now() - Date.parse(endTime) > SETTLED_AFTER_MS ? 'unchanging' : 'brief';
}

/**
 * Whether a session is one of those that the filter asks for; or the fault of a field that would tell. Running sessions
 * have no end, so they match no bound of it.
 */
export function matchesSession(filter: JobSessionFilter): (session: JobSessionRecord) => Field<boolean> {
  const { jobId, statuses, type } = filter;
  const isBeforeStart = filter.endedAfter ? isEarlierThan(filter.endedAfter) : null;
  const isBeforeEnd = filter.endedBefore ? isEarlierThan(filter.endedBefore) : null;
  return (session) => {
    if (jobId && session.jobId instanceof Error) return session.jobId;
    if (jobId && session.jobId !== jobId) return false;
    if (statuses && session.status instanceof Error) return session.status;
    if (statuses && !statuses.some((status) => status === session.status)) return false;
    if (type && session.type instanceof Error) return session.type;
    if (type && session.type !== type) return false;
    if (isBeforeStart === null && isBeforeEnd === null) return true;
    if (session.endTime instanceof Error) return session.endTime;
    if (session.endTime === null) return false;
    return isBeforeStart?.(session.endTime) !== true && isBeforeEnd?.(session.endTime) !== false;
  };
}
