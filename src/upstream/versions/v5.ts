import type { Filters } from '../resource.js';
import { v6 } from './v6.js';
import type { Place, Version } from './version.js';

/** Nothing is filtered but a job's sessions, and there are no copy jobs. */
function locateSessions({ jobId, type, statuses, endedAfter, endedBefore }: Filters['jobSession']): Place | null {
  if (type === 'COPY') return null;
  const isExact = !statuses && !endedAfter && !endedBefore && type !== 'UNKNOWN';
  return jobId
    ? { path: `Jobs/${jobId}/JobSessions`, query: {}, isExact, order: 'DESC', whenMissing: 'empty' }
    : { path: 'JobSessions', query: {}, isExact, order: 'DESC' };
}

export const v5: Version = {
  ...v6,
  name: 'v5',
  probePath: 'JobSessions',
  lacks: new Set(['processedObject', 'copyJob', 'serviceInstance']),
  locate: { ...v6.locate, jobSession: locateSessions },
  view: { proxy: (isExtended) => ({ extendedView: String(isExtended) }) },
};
