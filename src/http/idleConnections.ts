import type { Server, ServerResponse, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Connections looked at for one that is idle, each time that room is made. */
const MAX_LOOKS = 64;

/** Times of a connection on which nothing is asked. */
export const keepAlive = {
  /** Promised to callers by `Keep-Alive: timeout=65`. Longer than the 60 s of most load balancers. */
  promisedMs: 65_000,
  /** The connection is closed after this. Longer than promised, so that no request meets the closing. */
  keptMs: 75_000,
} as const;

/** Time for which a new connection is left alone: its first request may have arrived and not been read yet. */
const NEW_MS = 30;

/** Time in which the headers of a request come, or Node closes the connection. Blank lines alone do not count as headers. */
const HEADERS_MS = 6000;

type Idle = {
  /** Bytes that the connection had sent when it became idle; null while it has sent no request. */
  readonly bytesRead: number | null;
  readonly sinceMs: number;
  /** Time at which the gateway first saw that more bytes had come; null while none have. */
  changedMs: number | null;
};

/** Returns true for a connection that has sent no request, and may be about to. */
const isNew = ({ bytesRead, sinceMs }: Idle, nowMs: number): boolean => bytesRead === null && nowMs - sinceMs < NEW_MS;

/** Returns true when no request is coming in on an idle connection. */
function mayClose(socket: Socket, state: Idle, nowMs: number): boolean {
  if (socket.writableLength > 0) return false;
  if (socket.bytesRead === (state.bytesRead ?? 0)) return true;
  state.changedMs ??= nowMs;
  return nowMs - state.changedMs > HEADERS_MS;
}

export type ConnectionCounts = Readonly<{
  /** Number of idle connections closed to make room. */
  closedIdle: () => number;
  /** Number of requests whose caller went away before all of the answer was sent. */
  abandoned: () => number;
}>;

/**
 * Keeps idle connections for longer than answers promise, and no longer than there is room for them.
 *
 * Keeps a place free for the next caller while any connection is idle: at the server's `maxConnections`, the one that has been idle
 * for the longest is closed. Without that, callers who keep connections open and ask nothing would lock all others out, probes
 * included. A connection with a request in flight, or of which a request is being read, is never closed.
 */
export function keepIdle(server: Server): ConnectionCounts {
  /** Number of requests in flight on each open connection. */
  const open = new Map<Socket, number>();
  /** Idle connections, the longest idle first. */
  const idle = new Map<Socket, Idle>();
  let closedIdle = 0;
  let abandoned = 0;
  /** Timer of the next attempt to make room; undefined when none is due. */
  let nextAttempt: NodeJS.Timeout | undefined;
  server.keepAliveTimeout = keepAlive.promisedMs;

  const forget = (socket: Socket): void => {
    open.delete(socket);
    idle.delete(socket);
  };

  /** Tries to make room after `NEW_MS`, when new connections have sent their first request or count as idle. */
  function tryAgainSoon(): void {
    const attempt = (): void => {
      nextAttempt = undefined;
      if (open.size >= server.maxConnections) makeRoom();
    };
    // Timers come first in a turn of the event loop, then sockets are read, then immediates are called.
    nextAttempt ??= setTimeout(() => setImmediate(attempt), NEW_MS + 1).unref();
  }

  /** Closes the connection that has been idle for the longest. If that is new, tries again when it no longer is. */
  function makeRoom(): void {
    let looks = 0;
    const nowMs = performance.now();
    for (const [socket, state] of idle) {
      if ((looks += 1) > MAX_LOOKS) return;
      if (isNew(state, nowMs)) {
        tryAgainSoon();
        return;
      }
      if (mayClose(socket, state, nowMs)) {
        forget(socket);
        closedIdle += 1;
        socket.destroy();
        return;
      }
      // A request is coming in. Look at the connection again after all others.
      idle.delete(socket);
      idle.set(socket, state);
    }
  }

  server.on('connection', (socket: Socket) => {
    open.set(socket, 0);
    idle.set(socket, { bytesRead: null, sinceMs: performance.now(), changedMs: null });
    socket.once('close', () => {
      forget(socket);
    });
    if (open.size >= server.maxConnections) makeRoom();
  });
  server.on('drop', () => {
    makeRoom(); // all were busy or new when the last one came
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const before = open.get(socket);
    if (before === undefined) return; // the connection is closed
    idle.delete(socket);
    open.set(socket, before + 1);
    response.once('close', () => {
      if (!response.writableFinished) abandoned += 1;
      const inFlight = open.get(socket);
      if (inFlight === undefined) return;
      const left = inFlight - 1;
      open.set(socket, left);
      if (left > 0) {
        socket.setTimeout(server.timeout); // the limit on unread answers is for answers alone
        return;
      }
      idle.set(socket, { bytesRead: socket.bytesRead, sinceMs: performance.now(), changedMs: null });
      socket.setTimeout(keepAlive.keptMs);
    });
  });

  return { closedIdle: () => closedIdle, abandoned: () => abandoned };
}
