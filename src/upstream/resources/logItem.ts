import type { LogItem, LogItemType } from '../../graph/generated.js';
import type { Fields } from '../errors.js';
import type { Resource } from '../resource.js';

/** Without how long a step took: a resolver works it out where it is asked for, as it costs more than all the rest. */
export type LogItemRecord = Fields<Omit<LogItem, '__typename' | 'id' | 'durationSeconds'>> & { readonly id: string };

/** Types as v8 spells them, and the words that older versions put in brackets before a title. */
export const logItemTypes: Readonly<Record<string, LogItemType>> = {
  running: 'RUNNING',
  success: 'SUCCESS',
  warning: 'WARNING',
  error: 'ERROR',
  failed: 'ERROR',
  stop: 'STOPPED',
  stopped: 'STOPPED',
  unknown: 'UNKNOWN', // what the adapter of v7 and before makes of a title without a prefix
};

export const logItems: Resource<'logItem', LogItemRecord> = {
  name: 'logItem',
  normalize: (read) => ({
    id: read.id(),
    sequenceNumber: read.integer('usn'),
    type: read.oneOf('type', logItemTypes),
    message: read.text('message'),
    creationTime: read.moment('creationTime'),
    endTime: read.moment('endTime'),
  }),
  rank: (raw) => {
    const number = typeof raw['usn'] === 'string' ? Number(raw['usn']) : raw['usn'];
    return typeof number === 'number' && Number.isFinite(number) ? number : -Infinity;
  },
};
