import type { Filters } from '../resource.js';
import { given, jobTypeQuery } from './place.js';
import { v7 } from './v7.js';
import type { Place, Query, Version } from './version.js';

/** The extended view is the default here, and slow, so the plain one is asked for by name. */
const byName = (isExtended: boolean): Query => ({ extendedView: String(isExtended) });

function inAllSessions({ jobId, statuses, type, endedAfter, endedBefore }: Filters['jobSession']): Place {
  const query = given({ jobType: type && jobTypeQuery[type] });
  const isExact = (!type || 'jobType' in query) && !jobId && !statuses && !endedAfter && !endedBefore;
  return { path: 'JobSessions', query, isExact, order: 'DESC' };
}

/**
 * A job's sessions are under the job, a copy job's in the list of all sessions alone; of a job whose kind is not told, the
 * first is tried, and 404 says that it is a copy job, or none.
 */
function locateSessions(filter: Filters['jobSession']): Place {
  const { jobId, type, statuses, endedAfter, endedBefore } = filter;
  if (!jobId || type === 'COPY') return inAllSessions(filter);
  return {
    path: `Jobs/${jobId}/JobSessions`,
    query: {},
    isExact: !statuses && !endedAfter && !endedBefore && (!type || type === 'BACKUP'),
    order: 'DESC',
    whenMissing: type ? 'empty' : inAllSessions({ ...filter, type: 'COPY' }),
  };
}

export const v6: Version = {
  ...v7,
  name: 'v6',
  lacks: new Set(['processedObject']),
  paged: new Set(['jobSession', 'logItem']),
  locate: { ...v7.locate, jobSession: locateSessions },
  view: { organization: byName, proxy: byName },
};
