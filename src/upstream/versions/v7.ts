import type { Raw } from '../resource.js';
import { logItemTypes } from '../resources/logItem.js';
import { given, plain } from './place.js';
import { v8 } from './v8.js';
import type { Version } from './version.js';

/** Takes the `[Success]` off a title. A title in brackets that tell no type keeps them: they may be part of the text. */
function splitTitle(raw: Raw): Raw {
  const title = raw['title'];
  if (typeof title !== 'string') return { ...raw, message: title };
  const match = /^\s*\[([^\]]{1,40})\]\s*(.*)$/s.exec(title);
  const word = match?.[1]?.trim();
  if (word === undefined) return { ...raw, type: 'Unknown', message: title };
  const isKnown = Object.hasOwn(logItemTypes, word.toLowerCase());
  return { ...raw, type: word, message: isKnown ? match?.[2] : title };
}

/** Lists of jobs and the like are bare arrays; log lines have a title; the log comes oldest first alone. */
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
      mayBeTurned: true,
    }),
    job: ({ organizationId }) =>
      organizationId ? { ...plain(`Organizations/${organizationId}/Jobs`), whenMissing: 'empty' } : plain('Jobs'),
    copyJob: ({ repositoryId }) => plain('CopyJobs', given({ repositoryId })),
  },
  view: { ...v8.view, proxy: (isExtended) => (isExtended ? { extendedView: 'true' } : {}) },
  adapt: { logItem: splitTitle },
};
