import type { JobSessionFilter } from '../../graph/generated.js';
import type { JobSessionRecord } from './jobSession.js';

/**
 * Returns a function that names a filter which a session contradicts. A server that ignores a query parameter answers such
 * sessions. A field that the session does not have contradicts nothing.
 */
export function ignoredSessionFilter(
  filter: JobSessionFilter,
): (session: JobSessionRecord) => 'jobId' | 'statuses' | 'type' | null {
  const { jobId, statuses, type } = filter;
  if (!jobId && !statuses && !type) return () => null;
  return (session) => {
    if (jobId && typeof session.jobId === 'string' && session.jobId !== jobId) return 'jobId';
    if (type && typeof session.type === 'string' && session.type !== type) return 'type';
    const { status } = session;
    const isOther = typeof status === 'string' && !(statuses ?? [status]).some((wanted) => wanted === status);
    return isOther ? 'statuses' : null;
  };
}
