import type { JobSessionStatus, LogItemType } from '../../graph/generated.js';
import { splitTitle } from '../resources/logItem.js';
import { given, jobTypeQuery, only, plain } from './place.js';
import type { Version } from './version.js';

/** The `status` parameter says `Succeeded` where the body says `Success`, and knows these five alone. */
const statusQuery: Partial<Record<JobSessionStatus, string>> = {
  STOPPED: 'Stopped',
  RUNNING: 'Running',
  SUCCESS: 'Succeeded',
  FAILED: 'Failed',
  WARNING: 'Warning',
};

const logTypeQuery: Partial<Record<LogItemType, string>> = {
  RUNNING: 'Running',
  WARNING: 'Warning',
  ERROR: 'Error',
  SUCCESS: 'Success',
  STOPPED: 'Stop',
};

/** The REST API of product 8: the canonical shape. */
export const v8: Version = {
  name: 'v8',
  probePath: 'ServiceInstance',
  headers: {},
  lacks: new Set(),
  paged: new Set([
    'jobSession',
    'logItem',
    'processedObject',
    'job',
    'copyJob',
    'organization',
    'backupRepository',
    'proxy',
  ]),
  locate: {
    // `endTimeLowerBound` is left out in every version: its text speaks of sessions *created* after it, which would hide
    // those that began before the moment and ended after it. An upper bound on either is safe, and checked again here.
    jobSession: ({ jobId, statuses, type, endedAfter, endedBefore }) => {
      const status = only(statuses);
      const query = given({
        jobId,
        jobType: type && jobTypeQuery[type],
        status: status && statusQuery[status],
        endTimeUpperBound: endedBefore,
      });
      const isExact = (!type || 'jobType' in query) && (!statuses || 'status' in query) && !endedAfter && !endedBefore;
      return { path: 'JobSessions', query, isExact, order: 'DESC' };
    },
    logItem: ({ sessionId, types, order }) => {
      const type = only(types);
      const query = given({ type: type && logTypeQuery[type], orderAsc: String(order === 'ASC') });
      const isExact = !types || 'type' in query;
      return { path: `JobSessions/${sessionId}/LogItems`, query, isExact, order, mayBeReversed: true };
    },
    processedObject: ({ sessionId }) => plain(`JobSessions/${sessionId}/ProcessedObjects`),
    job: ({ organizationId, repositoryId }) => plain('Jobs', given({ organizationId, repositoryId })),
    copyJob: ({ organizationId, repositoryId }) => plain('CopyJobs', given({ organizationId, repositoryId })),
    organization: () => plain('Organizations'),
    backupRepository: () => plain('BackupRepositories'),
    proxy: () => plain('Proxies'),
  },
  view: { organization: (isExtended) => (isExtended ? { extendedView: 'true' } : {}) },
  adapt: { logItem: splitTitle },
};
