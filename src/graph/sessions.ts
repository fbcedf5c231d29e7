import type { Api } from '../upstream/api.js';
import type { Field } from '../upstream/errors.js';
import type { List } from '../upstream/list.js';
import { sortKey } from '../upstream/moment.js';
import { matchesSession, type JobSessionRecord } from '../upstream/resources/jobSession.js';
import { optionalUuidArgument } from './badInput.js';
import { descending, readConnection, type Connection, type ConnectionArguments } from './connection.js';
import { nameList } from './cursor.js';
import type { JobSessionFilter } from './generated.js';

const newestFirst = {
  key: ({ creationTime }: JobSessionRecord) => (typeof creationTime === 'string' ? sortKey(creationTime) : null),
  compare: descending,
};

/** What sessions are read from. */
export type SessionLists = Readonly<{
  openSessions: (filter: JobSessionFilter) => Promise<List<JobSessionRecord>>;
  openNothing: () => Promise<List<never>>;
  /** Takes note of a session that the answer holds. */
  tell: (session: Field<JobSessionRecord>) => void;
  api: Pick<Api, 'scanLimitRows'>;
}>;

/** Sessions that a filter asks for, newest first. */
export async function readSessions(
  { openSessions, openNothing, tell, api }: SessionLists,
  args: ConnectionArguments,
  filter: JobSessionFilter,
): Promise<Connection<JobSessionRecord>> {
  const jobId = optionalUuidArgument('filter.jobId', filter.jobId);
  const checked = { ...filter, jobId };
  const connection = await readConnection(
    {
      name: nameList('jobSessions', checked),
      open: () => (filter.statuses?.length === 0 ? openNothing() : openSessions(checked)),
      order: newestFirst,
      keeps: matchesSession(checked),
      scanLimitRows: api.scanLimitRows,
    },
    args,
  );
  connection.nodes.forEach(tell);
  return connection;
}
