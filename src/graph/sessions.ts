import type { Api } from '../upstream/api.js';
import type { Field } from '../upstream/errors.js';
import type { List } from '../upstream/list.js';
import { sortKey } from '../upstream/moment.js';
import { matchesSession, type JobSessionRecord } from '../upstream/resources/jobSession.js';
import { ignoredSessionFilter } from '../upstream/resources/sessionFilter.js';
import { optionalUuidArgument } from './badInput.js';
import { descending, readConnection, type ConnectionArguments } from './connection.js';
import type { Connection } from './connectionPage.js';
import { nameList } from './cursor.js';
import { distinct } from './distinct.js';
import type { JobSessionFilter } from './generated.js';
import { pageKey, type Once } from './once.js';

/** Orders sessions by when they started, newest first. */
export const newestFirst = {
  key: ({ creationTime }: JobSessionRecord) => (typeof creationTime === 'string' ? sortKey(creationTime) : null),
  compare: descending,
};

/** What sessions are read from. */
export type SessionLists = Readonly<{
  openSessions: (filter: JobSessionFilter) => Promise<List<JobSessionRecord>>;
  openNothing: () => Promise<List<never>>;
  once: Once;
  /** Takes note of a session that the answer holds. */
  tell: (session: Field<JobSessionRecord>) => void;
  api: Pick<Api, 'scanLimitRows' | 'notice'>;
}>;

/** Returns a page of the sessions that a filter asks for, newest first. Equal pages of one operation are one. */
export function readSessions(
  { openSessions, openNothing, once, tell, api }: SessionLists,
  args: ConnectionArguments,
  filter: JobSessionFilter,
): Promise<Connection<JobSessionRecord>> {
  const jobId = optionalUuidArgument('filter.jobId', filter.jobId);
  const checked = { ...filter, jobId, statuses: filter.statuses ? distinct(filter.statuses) : null };
  const read = async (): Promise<Connection<JobSessionRecord>> => {
    const connection = await readConnection(
      {
        listName: () => nameList('jobSessions', checked),
        open: () => (checked.statuses?.length === 0 ? openNothing() : openSessions(checked)),
        order: newestFirst,
        keeps: matchesSession(checked),
        ignoredFilter: ignoredSessionFilter(checked),
        identify: ({ id }) => id,
        isUnique: true,
        resource: 'jobSession',
        notice: api.notice,
        scanLimitRows: api.scanLimitRows,
      },
      args,
    );
    connection.nodes.forEach(tell);
    return connection;
  };
  const { statuses, type, endedAfter, endedBefore } = checked;
  const list = [jobId, statuses?.join(), type, endedAfter, endedBefore].map((part) => part ?? '*').join(' ');
  const key = pageKey(`sessions ${list}`, args); // plain, as each row makes one
  return key === null ? read() : once(key, read);
}
