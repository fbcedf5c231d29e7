import DataLoader from 'dataloader';
import { asError, UpstreamError } from '../upstream/errors.js';
import type { Window } from '../upstream/resource.js';
import type { JobRecord } from '../upstream/resources/job.js';
import type { JobSessionRecord } from '../upstream/resources/jobSession.js';
import { readSessions, type SessionLists } from './sessions.js';

/** Beyond the newest sessions of all, a job's own list tells its newest. */
async function readOne(lists: SessionLists, job: JobRecord): Promise<JobSessionRecord | null> {
  const { nodes, scanLimitReached } = await readSessions(lists, { first: 1 }, { jobId: job.id, type: job.type });
  const [session = null] = nodes;
  if (session instanceof Error) throw session;
  if (session === null && scanLimitReached) {
    const reason = `none of this job in ${lists.api.scanLimitRows} rows`;
    throw new UpstreamError({ fault: 'tooLarge', resource: 'jobSession', reason });
  }
  return session;
}

/** The newest session of each job, for all jobs of an operation from one window of the newest sessions, where they are in it. */
export function createLatestSessionLoader(
  lists: SessionLists,
  newestWindow: Window,
): (job: JobRecord) => Promise<JobSessionRecord | null> {
  const loader = new DataLoader<JobRecord, JobSessionRecord | null, string>(
    async (jobs) => {
      const { rows, hasMore } = await (await lists.openSessions({})).readPage(newestWindow);
      const byJob = new Map<string, JobSessionRecord>();
      let isCertain = true;
      for (const session of rows) {
        // Behind a row whose job is not known, nobody knows what is the latest: it may have been that one.
        isCertain = !(session instanceof Error) && typeof session.jobId === 'string';
        if (session instanceof Error || typeof session.jobId !== 'string') break;
        if (!byJob.has(session.jobId)) byJob.set(session.jobId, session);
      }
      const isThereMore = hasMore || !isCertain;
      return Promise.all(
        jobs.map(async (job) => {
          const session = byJob.get(job.id);
          if (session) lists.tell(session);
          return session ?? (isThereMore ? readOne(lists, job).catch(asError) : null);
        }),
      );
    },
    { cacheKeyFn: (job) => job.id },
  );
  return (job) => loader.load(job);
}
