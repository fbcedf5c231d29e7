import type { LogItem, LogItemType } from '../../graph/generated.js';
import { duration } from '../moment.js';
import type { Fields } from '../errors.js';
import type { Resource } from '../resource.js';

export type LogItemRecord = Fields<Omit<LogItem, '__typename' | 'id'>> & { readonly id: string };

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
  normalize: (read) => {
    const creationTime = read.moment('creationTime');
    const endTime = read.moment('endTime');
    return {
      id: read.id(),
      sequenceNumber: read.integer('usn'),
      type: read.oneOf('type', logItemTypes),
      message: read.text('message'),
      creationTime,
      endTime,
      durationSeconds: duration(creationTime, endTime),
    };
  },
  rank: (raw) => {
    const number = typeof raw['usn'] === 'string' ? Number(raw['usn']) : raw['usn'];
    return typeof number === 'number' && Number.isFinite(number) ? number : 0;
  },
};
