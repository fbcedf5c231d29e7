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

/** Time in which a new connection is left alone: its first request may have arrived and not been read yet. */
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

/** Returns true when no request is coming in on an idle connection. */
function mayClose(socket: Socket, state: Idle, nowMs: number): boolean {
  const { bytesRead, sinceMs } = state;
  if (bytesRead === null && nowMs - sinceMs < NEW_MS) return false;
  if (socket.bytesRead === (bytesRead ?? 0)) return true;
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
  /** Runs out once connections that are new now no longer are. */
  let later: NodeJS.Timeout | undefined;
  server.keepAliveTimeout = keepAlive.promisedMs;

  const forget = (socket: Socket): void => {
    open.delete(socket);
    idle.delete(socket);
  };

  /** Closes the connection that has been idle for the longest, or tries again soon when all idle ones are new. */
  function makeRoom(newest: Socket | null): void {
    if (closeLongestIdle(newest) || later !== undefined) return;
    later = setTimeout(() => {
      later = undefined;
      if (open.size >= server.maxConnections) closeLongestIdle(null);
    }, NEW_MS + 1).unref();
  }

  /** Returns true when a connection was closed. */
  function closeLongestIdle(newest: Socket | null): boolean {
    let looks = 0;
    const nowMs = performance.now();
    for (const [socket, state] of idle) {
      if (socket === newest || (looks += 1) > MAX_LOOKS) return false;
      if (socket.writableLength === 0 && mayClose(socket, state, nowMs)) {
        forget(socket);
        closedIdle += 1;
        socket.destroy();
        return true;
      }
      // A request is coming in. Look at the connection again after all others.
      idle.delete(socket);
      idle.set(socket, state);
    }
    return false;
  }

  server.on('connection', (socket: Socket) => {
    open.set(socket, 0);
    idle.set(socket, { bytesRead: null, sinceMs: performance.now(), changedMs: null });
    socket.once('close', () => {
      forget(socket);
    });
    if (open.size >= server.maxConnections) makeRoom(socket);
  });
  server.on('drop', () => {
    makeRoom(null); // all were busy or new when the last one came
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
