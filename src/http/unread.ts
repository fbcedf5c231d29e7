import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How much of all answers together may be waiting to be read. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 500;

/** Watches over answers that callers have not read: they stay in memory. */
export type Unread = Readonly<{
  /** True while so much is unread that no more answers should be made. */
  isTooMuch: () => boolean;
  /** How many connections are open. */
  connections: () => number;
  /** True while a caller has not read all of its answer. */
  isAny: () => boolean;
  /** Counts an answer that its connection may get piece by piece, as a long one does that is compressed, until it is sent. */
  count: (socket: Socket, response: ServerResponse, bytes: number) => void;
}>;

/** An answer counts whole until the last of it is read. */
export function watchUnread(server: Server): Unread {
  /** Each connection, and how much of its answers was counted. */
  const sockets = new Map<Socket, number>();
  let totalBytes = 0;

  server.on('connection', (socket: Socket) => {
    sockets.set(socket, 0);
    socket.once('close', () => sockets.delete(socket));
  });
  const timer = setInterval(() => {
    totalBytes = 0;
    // What a connection has already is in both.
    for (const [{ writableLength }, countedBytes] of sockets) totalBytes += Math.max(writableLength, countedBytes);
  }, LOOK_EVERY_MS).unref();
  server.once('close', () => {
    clearInterval(timer);
  });

  return {
    isTooMuch: () => totalBytes > MAX_UNREAD_BYTES,
    connections: () => sockets.size,
    isAny: () => [...sockets.keys()].some(({ writableLength }) => writableLength > 0),
    count: (socket, response, bytes) => {
      const add = (more: number): void => {
        const countedBytes = sockets.get(socket); // undefined once it is closed, and all that it had with it
        if (countedBytes !== undefined) sockets.set(socket, countedBytes + more);
      };
      add(bytes);
      response.once('close', () => {
        add(-bytes);
      });
    },
  };
}
