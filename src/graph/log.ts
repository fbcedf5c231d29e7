import type { LogItemRecord } from '../upstream/resources/logItem.js';
import { ascending, descending } from './connection.js';
import type { Order } from './connectionPage.js';
import type { SortOrder } from './generated.js';

/** Where the whole log of a session is downloaded: the path of the route as well, with `:id` in the id's place. */
export const logPath = (sessionId: string): string => `/sessions/${sessionId}/log`;

/** Identity of a log line: its id and, because servers may give several lines one id, its number. */
export const logLines = {
  resource: 'logItem',
  identify: ({ id, sequenceNumber }: LogItemRecord): string =>
    typeof sequenceNumber === 'number' ? `${id} ${sequenceNumber}` : id,
  isUnique: false,
} as const;

/** Lines are known again by their number. */
export const logOrder = (order: SortOrder): Order<LogItemRecord> => ({
  key: ({ sequenceNumber }) => (typeof sequenceNumber === 'number' ? sequenceNumber : null),
  compare: order === 'ASC' ? ascending : descending,
});
