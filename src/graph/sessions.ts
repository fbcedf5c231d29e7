import type { Api, List } from '../upstream/api.js';
import { sortKey } from '../upstream/moment.js';
import { matchesSession, type JobSessionRecord } from '../upstream/resources/jobSession.js';
import { optionalUuidArgument } from './badInput.js';
import { descending, listOf, readConnection, type Connection, type ConnectionArguments } from './connection.js';
import { nameList } from './cursor.js';
import type { JobSessionFilter } from './generated.js';

const newestFirst = {
  key: ({ creationTime }: JobSessionRecord) => (typeof creationTime === 'string' ? sortKey(creationTime) : null),
  compare: descending,
};

type SessionLists = Readonly<{
  openSessions: (filter: JobSessionFilter) => Promise<List<JobSessionRecord>>;
  api: Pick<Api, 'scanLimitRows' | 'version'>;
}>;

/** Sessions that a filter asks for, newest first. */
export async function readSessions(
  { openSessions, api }: SessionLists,
  args: ConnectionArguments,
  filter: JobSessionFilter,
): Promise<Connection<JobSessionRecord>> {
  const jobId = optionalUuidArgument('filter.jobId', filter.jobId);
  const checked = { ...filter, jobId };
  return readConnection(
    {
      name: nameList('jobSessions', checked),
      // No status at all is asked for: nothing has to be looked through to know what is found.
      open: async () => (filter.statuses?.length === 0 ? (await api.version(), listOf([])) : openSessions(checked)),
      order: newestFirst,
      keeps: matchesSession(checked),
      scanLimitRows: api.scanLimitRows,
    },
    args,
  );
}
