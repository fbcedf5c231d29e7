import { lifetimeOf, type JobSessionRecord } from '../upstream/resources/jobSession.js';
import { logItems, type LogItemRecord } from '../upstream/resources/logItem.js';
import { processedObjects, type ProcessedObjectRecord } from '../upstream/resources/processedObject.js';
import { readConnection, type ConnectionArguments } from './connection.js';
import type { Connection } from './connectionPage.js';
import type { Context } from './context.js';
import { nameList } from './cursor.js';
import { distinct } from './distinct.js';
import type { LogItemType, SortOrder } from './generated.js';
import { logLines, logOrder } from './log.js';
import { pageKey } from './once.js';

/** Returns a page of a session's log. Equal pages of one operation are one. */
export function readLog(
  { loaders }: Context,
  session: JobSessionRecord,
  args: ConnectionArguments & Readonly<{ types?: readonly LogItemType[] | null; order?: SortOrder | null }>,
): Promise<Connection<LogItemRecord>> {
  const { once, api } = loaders;
  const types = args.types ? distinct(args.types) : null;
  const filter = { sessionId: session.id, types, order: args.order ?? 'ASC' };
  const isAsked = (type: LogItemType | null): boolean => types === null || types.some((asked) => asked === type);
  const read = (): Promise<Connection<LogItemRecord>> =>
    readConnection(
      {
        listName: () => nameList('log', filter),
        open: () => (types?.length === 0 ? loaders.openNothing() : loaders.open(logItems, filter, lifetimeOf(session))),
        order: logOrder(filter.order),
        keeps: ({ type }) => (type instanceof Error ? type : isAsked(type)),
        ignoredFilter: ({ type }) => (typeof type === 'string' && !isAsked(type) ? 'types' : null),
        ...logLines,
        notice: api.notice,
        scanLimitRows: api.scanLimitRows,
      },
      args,
    );
  const key = pageKey(`log ${session.id} ${types?.join() ?? '*'} ${filter.order}`, args); // plain, as each row makes one
  return key === null ? read() : once(key, read);
}

/** Returns a page of the objects that a session processed; null before API v7. */
export function readProcessedObjects(
  { loaders }: Context,
  session: JobSessionRecord,
  args: ConnectionArguments,
): Promise<Connection<ProcessedObjectRecord> | null> {
  const { once, api } = loaders;
  const { id: sessionId } = session;
  const read = async (): Promise<Connection<ProcessedObjectRecord> | null> => {
    if ((await api.version()).lacks.has('processedObject')) return null;
    return readConnection(
      {
        listName: () => nameList('processedObjects', sessionId),
        open: () => loaders.open(processedObjects, { sessionId }, lifetimeOf(session)),
        order: null,
        keeps: () => true,
        ignoredFilter: () => null,
        identify: ({ id, type }) => (typeof type === 'string' ? `${type} ${id}` : id), // a team has the id of its group
        isUnique: false,
        resource: 'processedObject',
        notice: api.notice,
        scanLimitRows: api.scanLimitRows,
      },
      args,
    );
  };
  const key = pageKey(`objects ${sessionId}`, args);
  return key === null ? read() : once(key, read);
}
