import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type PipeliningOptions = Readonly<{
  /** Requests of one connection that are answered at the same time. */
  maxActive: number;
  /** Requests that wait behind those, on all connections together. */
  maxWaiting: number;
  /** Time in which a request has to come that was late because its connection was paused, in milliseconds. */
  requestTimeoutMs: number;
  /** Called when a connection is closed because too many requests wait. */
  onClosed: () => void;
}>;

/** Hardly a client sends a second request before it has an answer. A request that waits takes some 3 kB. */
export const pipeliningLimits = { maxActive: 32, maxWaiting: 20_000, requestTimeoutMs: 10_000 } as const;

/** The requests of each connection. */
export type Pipelining = Readonly<{
  /** Calls `release` once: when the request's response was sent, or when its connection is closed. */
  whenOver: (request: IncomingMessage, release: () => void) => void;
  /**
   * True while the gateway itself reads no more from a connection, so that a late request is not its caller's fault. Once the
   * gateway reads on, the request has `requestTimeoutMs` to come, or the connection is closed.
   */
  excusesLateRequest: (socket: Socket) => boolean;
  /** Requests that wait on all connections together. */
  waitingCount: () => number;
}>;

type Waiting = Readonly<{ request: IncomingMessage; response: ServerResponse }>;

type Connection = {
  readonly socket: Socket;
  readonly active: Map<IncomingMessage, (() => void)[]>;
  readonly waiting: Waiting[];
  isChecked: boolean;
  isRefilled: boolean;
  /** A request timed out while the connection was paused. Node does not watch it any more. */
  isLate: boolean;
  latest: IncomingMessage | null;
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function callAll(releases: readonly (() => void)[] | undefined): void {
  for (const release of releases ?? []) release();
}

/**
 * Bounds the open requests of each connection. Node parses all requests that it has read, whatever becomes of them. Here, a
 * connection's requests beyond `maxActive` wait for their turn, and nothing more is read until none waits.
 */
export function boundPipelining(server: Server, options: PipeliningOptions): Pipelining {
  const { maxActive, maxWaiting, requestTimeoutMs, onClosed } = options;
  const handlers = server.listeners('request') as Handler[]; // the type that Node gives its own event
  const connections = new WeakMap<Socket, Connection>();
  let waitingCount = 0;

  /** A request that waits needs no more of its body, and those before it are complete. */
  const mustPause = ({ waiting }: Connection): boolean => waiting.length > 0;

  function begin(connection: Connection, { request, response }: Waiting): void {
    connection.active.set(request, []);
    response.once('close', () => {
      callAll(connection.active.get(request));
      connection.active.delete(request);
      if (connection.waiting.length > 0) refillLater(connection);
    });
    for (const handle of handlers) handle(request, response);
  }

  /** Begins waiting requests in another turn of the event loop, so that other connections have theirs. */
  function refillLater(connection: Connection): void {
    if (connection.isRefilled) return;
    connection.isRefilled = true;
    setImmediate(() => {
      connection.isRefilled = false;
      const { active, waiting, socket } = connection;
      const next = waiting.splice(0, maxActive - active.size);
      waitingCount -= next.length;
      for (const each of next) begin(connection, each);
      if (next.length === 0 || waiting.length > 0 || socket.destroyed) return;
      if (connection.isLate) expectRequest(connection);
      socket.resume();
    });
  }

  /** Closes a connection whose late request does not come to its end in time. */
  function expectRequest(connection: Connection): void {
    connection.isLate = false;
    const { latest, socket } = connection;
    const isLatestLate = latest?.complete === false; // else the late one has not even its headers yet
    setTimeout(() => {
      const hasCome = connection.latest?.complete === true && (isLatestLate || connection.latest !== latest);
      if (!hasCome) socket.destroy();
    }, requestTimeoutMs).unref();
  }

  /** Stops reading once all that was read is parsed. */
  function pauseLater(connection: Connection): void {
    if (connection.isChecked) return;
    connection.isChecked = true;
    queueMicrotask(() => {
      connection.isChecked = false;
      if (mustPause(connection)) connection.socket.pause();
    });
  }

  server.on('connection', (socket: Socket) => {
    const connection: Connection = {
      socket,
      active: new Map(),
      waiting: [],
      isChecked: false,
      isRefilled: false,
      isLate: false,
      latest: null,
    };
    connections.set(socket, connection);
    // Whoever reads a request's body makes Node read on.
    socket.on('resume', () => {
      if (mustPause(connection)) socket.pause();
    });
    // A response that waits behind another one is not told that its connection was closed.
    socket.once('close', () => {
      waitingCount -= connection.waiting.length;
      connection.waiting.length = 0;
      const open = [...connection.active.values()];
      connection.active.clear();
      open.forEach(callAll);
    });
  });

  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const connection = connections.get(request.socket);
    if (!connection || request.socket.destroyed) return;
    connection.latest = request;
    if (connection.active.size < maxActive && connection.waiting.length === 0) {
      begin(connection, { request, response });
      return;
    }
    if (waitingCount >= maxWaiting) {
      onClosed();
      request.socket.destroy();
      return;
    }
    waitingCount += 1;
    connection.waiting.push({ request, response });
    pauseLater(connection);
  });

  return {
    whenOver: (request, release) => {
      const releases = connections.get(request.socket)?.active.get(request);
      if (releases) releases.push(release);
      else release(); // it is over already
    },
    excusesLateRequest: (socket) => {
      const connection = connections.get(socket);
      if (!connection || connection.waiting.length === 0) return false;
      connection.isLate = true;
      return true;
    },
    waitingCount: () => waitingCount,
  };
}
