import DataLoader from 'dataloader';
import { asError, UpstreamError, type Field } from '../upstream/errors.js';
import { MAX_PAGE_ROWS } from '../upstream/pageWalk.js';
import type { Page, Window } from '../upstream/resource.js';
import type { JobRecord } from '../upstream/resources/job.js';
import type { JobSessionRecord } from '../upstream/resources/jobSession.js';
import { newestFirst, readSessions, type SessionLists } from './sessions.js';

const keyOf = (session: Field<JobSessionRecord>): string | null =>
  session instanceof Error ? null : newestFirst.key(session);

/** True when no session is newer than one before it. */
function isNewestFirst(sessions: readonly Field<JobSessionRecord>[]): boolean {
  let oldest: string | null = null;
  for (const session of sessions) {
    const key = keyOf(session);
    if (key === null) continue;
    if (oldest !== null && key > oldest) return false;
    oldest = key;
  }
  return true;
}

/** Returns the session that started last; of those without a start, the first. */
function newestOf(sessions: readonly JobSessionRecord[]): JobSessionRecord | null {
  let newest: JobSessionRecord | null = null;
  for (const session of sessions) {
    if (newest === null || (keyOf(session) ?? '') > (keyOf(newest) ?? '')) newest = session;
  }
  return newest;
}

/** Sessions of one job that are read to see whether the server gives them newest first. */
const SAMPLE_ROWS = 10;

/** Sessions that must come newest first until a page is trusted that is not the whole list. */
const ENOUGH_ROWS = 10;

/**
 * Reads a job's latest session from its own list. If the server gives sessions in no order, the list is read as far as the
 * longest page, because the latest may stand anywhere. Throws `tooLarge` if it may stand behind that.
 */
async function readOne(lists: SessionLists, job: JobRecord, isOrdered: boolean): Promise<JobSessionRecord | null> {
  const first = isOrdered ? SAMPLE_ROWS : MAX_PAGE_ROWS;
  const page = await readSessions(lists, { first }, { jobId: job.id, type: job.type });
  if (isOrdered && !page.isInServerOrder && page.pageInfo.hasNextPage) return readOne(lists, job, false);
  const { nodes, scanLimitReached, pageInfo } = page;
  const [session = null] = nodes;
  if (session instanceof Error) throw session;
  const isBeyond = session === null ? scanLimitReached : !isOrdered && pageInfo.hasNextPage;
  if (isBeyond) {
    const reason = session === null ? `none of this job in ${lists.api.scanLimitRows} rows` : 'sessions in no order';
    throw new UpstreamError({ fault: 'tooLarge', resource: 'jobSession', reason });
  }
  return session;
}

/** Latest sessions found in one window. */
type Newest = Readonly<{
  byJob: ReadonlyMap<string, JobSessionRecord>;
  /** True when a job that is not among them never ran. */
  isComplete: boolean;
  isOrdered: boolean;
}>;

/** Finds the latest session of each job in a window. Omits jobs whose latest session may be outside it. */
function findLatest({ rows, hasMore }: Page<JobSessionRecord>): Newest {
  const isOrdered = isNewestFirst(rows) && (!hasMore || rows.length >= ENOUGH_ROWS);
  // Stop at a row without a job: it may be any job's latest session.
  const unknownAt = rows.findIndex((row) => row instanceof Error || typeof row.jobId !== 'string');
  const isCertain = unknownAt === -1;
  // An unordered window proves nothing unless it holds all sessions.
  if (!isOrdered && (hasMore || !isCertain)) return { byJob: new Map(), isComplete: false, isOrdered };
  const sessionsOf = new Map<string, JobSessionRecord[]>();
  for (const session of isCertain ? rows : rows.slice(0, unknownAt)) {
    if (session instanceof Error || typeof session.jobId !== 'string') continue;
    const sessions = sessionsOf.get(session.jobId) ?? [];
    sessions.push(session);
    sessionsOf.set(session.jobId, sessions);
  }
  const byJob = new Map<string, JobSessionRecord>();
  for (const [jobId, sessions] of sessionsOf) {
    const newest = newestOf(sessions);
    if (newest) byJob.set(jobId, newest);
  }
  return { byJob, isComplete: !hasMore && isCertain, isOrdered };
}

/** The newest session of each job, for all jobs of an operation from one window of the newest sessions, where they are in it. */
export function createLatestSessionLoader(
  lists: SessionLists,
  newestWindow: Window,
): (job: JobRecord) => Promise<JobSessionRecord | null> {
  const loader = new DataLoader<JobRecord, JobSessionRecord | null, string>(
    async (jobs) => {
      const page = await (await lists.openSessions({})).readPage(newestWindow);
      const { byJob, isComplete, isOrdered } = findLatest(page);
      return Promise.all(
        jobs.map(async (job) => {
          const session = byJob.get(job.id);
          if (session) lists.tell(session);
          return session ?? (isComplete ? null : readOne(lists, job, isOrdered).catch(asError));
        }),
      );
    },
    { cacheKeyFn: (job) => job.id },
  );
  return (job) => loader.load(job);
}
