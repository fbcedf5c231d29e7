import { openApi } from '../upstream/api.js';
import { UpstreamError, type Field } from '../upstream/errors.js';
import { MAX_PAGE_ROWS } from '../upstream/pageWalk.js';
import type { List } from '../upstream/list.js';
import type { Operation } from '../upstream/operation.js';
import { jobSessions } from '../upstream/resources/jobSession.js';
import { logItems, type LogItemRecord } from '../upstream/resources/logItem.js';
import type { Caller, UpstreamServer } from '../upstream/server.js';
import { readConnection } from './connection.js';
import type { Connection } from './connectionPage.js';
import { nameList } from './cursor.js';
import { logLines, logOrder } from './log.js';

/** With the line that was read last and the one that tells whether there are more, the longest page that is asked for. */
const LINES_A_PAGE = MAX_PAGE_ROWS - 2;

/** A log on its way to one caller. What reading throws is an `UpstreamError`, or a fault of ours. */
export type WholeLog = Readonly<{
  /** Page after page of lines, oldest first, each read when it is asked for. */
  pages: AsyncGenerator<readonly Field<LogItemRecord>[], void, void>;
  /** Ends what is asked of the server at once: the next page is the error that says so. */
  cancel: () => void;
  /** Nobody reads on. */
  close: () => void;
  /** How many requests were sent to the server for it so far. */
  sentCount: () => number;
}>;

type Opened = { readonly operation: Operation; readonly list: List<LogItemRecord>; isWhole: boolean };

/**
 * Reads all of a session's log, as paging through `log` to its end does. Each page is an operation by itself: it has the time
 * of one, asks with the caller's token, waits for its place at the server, and nothing of it stays. A log that comes whole
 * (API v2) is one operation for as long as it is handed on, as it is in memory until then.
 */
export function openWholeLog(server: UpstreamServer, caller: Caller, sessionId: string): WholeLog {
  const about = { resource: logItems.name, id: sessionId };
  let isCancelled = false;
  let current: Operation | null = null;
  let whole: Opened | null = null;
  let sentCount = 0;

  function end(): void {
    sentCount += current?.sentCount() ?? 0;
    current?.end();
    current = null;
    whole = null;
  }

  async function open(operation: Operation): Promise<Opened> {
    const api = openApi(server, operation);
    const list = await api.openList(logItems, { sessionId, types: null, order: 'ASC' });
    const opened: Opened = {
      operation,
      isWhole: false,
      list: {
        isExact: list.isExact,
        readPage: async (window) => {
          const page = await list.readPage(window);
          opened.isWhole = page.isWhole;
          // Whether every server answers 404 for the log of a session that it does not have is not known.
          const isNothing = window.offset === 0 && page.rows.length === 0;
          if (isNothing && (await api.readItem(jobSessions, sessionId, false)) === null) {
            throw new UpstreamError({ ...about, fault: 'notFound' });
          }
          return page;
        },
      },
    };
    return opened;
  }

  async function readPage(after: string | null): Promise<Connection<LogItemRecord>> {
    current ??= server.begin({ ...caller, maxRequests: Infinity });
    const operation = current;
    if (isCancelled) {
      operation.cancel();
      throw operation.ended(about);
    }
    const opened = whole ?? (await open(operation));
    const page = await readConnection(
      {
        listName: () => nameList('whole log', sessionId),
        open: () => Promise.resolve(opened.list),
        order: logOrder('ASC'),
        keeps: () => true,
        ignoredFilter: () => null,
        ...logLines,
        notice: server.notice,
        scanLimitRows: server.scanLimitRows,
      },
      { first: LINES_A_PAGE, after },
    );
    if (opened.isWhole) {
      whole = opened;
      operation.stopClock();
    } else end();
    return page;
  }

  async function* read(): WholeLog['pages'] {
    try {
      for (let after: string | null = null; ;) {
        const { nodes, pageInfo }: Connection<LogItemRecord> = await readPage(after);
        yield nodes;
        if (!pageInfo.hasNextPage) return;
        if (nodes.length === 0) throw new UpstreamError({ ...about, fault: 'badResponse', reason: 'no line is new' });
        after = pageInfo.endCursor;
      }
    } finally {
      end();
    }
  }

  const pages = read();
  const cancel = (): void => {
    isCancelled = true;
    current?.cancel();
  };
  return {
    pages,
    sentCount: () => sentCount + (current?.sentCount() ?? 0),
    cancel,
    close: () => {
      cancel();
      void pages.return();
    },
  };
}
