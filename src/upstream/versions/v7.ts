import { given, plain } from './place.js';
import { v8 } from './v8.js';
import type { Version } from './version.js';

/** Lists of jobs and the like are bare arrays; the log comes oldest first alone. */
export const v7: Version = {
  ...v8,
  name: 'v7',
  paged: new Set(['jobSession', 'logItem', 'processedObject']),
  locate: {
    ...v8.locate,
    jobSession: (filter) => {
      const { statuses, ...rest } = filter;
      const place = v8.locate.jobSession(rest);
      return place && { ...place, isExact: place.isExact && !statuses };
    },
    logItem: ({ sessionId, types, order }) => ({
      path: `JobSessions/${sessionId}/LogItems`,
      query: {},
      isExact: !types,
      order,
      isReversed: order === 'DESC',
      mayBeReversed: true,
    }),
    job: ({ organizationId }) =>
      organizationId ? { ...plain(`Organizations/${organizationId}/Jobs`), whenMissing: 'empty' } : plain('Jobs'),
    copyJob: ({ repositoryId }) => plain('CopyJobs', given({ repositoryId })),
  },
  view: { ...v8.view, proxy: (isExtended) => (isExtended ? { extendedView: 'true' } : {}) },
};
