import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How much of all answers together may be waiting to be read. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 500;

/** Watches over answers that callers have not read: they stay in memory. */
export type Unread = Readonly<{
  /** True while so much is unread that no more answers should be made. */
  isTooMuch: () => boolean;
  /** True while a caller has not read all of its answer. */
  isAny: () => boolean;
  /** Counts an answer that its connection may get piece by piece, as a long one does that is compressed. */
  count: (response: ServerResponse, bytes: number) => void;
}>;

/** An answer counts whole until the last of it is read. */
export function watchUnread(server: Server): Unread {
  const sockets = new Set<Socket>();
  let countedBytes = 0;
  let totalBytes = 0;

  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const timer = setInterval(() => {
    let heldBytes = 0;
    for (const { writableLength } of sockets) heldBytes += writableLength;
    totalBytes = Math.max(heldBytes, countedBytes); // what a connection has already is counted in both
  }, LOOK_EVERY_MS).unref();
  server.once('close', () => {
    clearInterval(timer);
  });

  return {
    isTooMuch: () => totalBytes > MAX_UNREAD_BYTES,
    isAny: () => [...sockets].some(({ writableLength }) => writableLength > 0),
    count: (response, bytes) => {
      countedBytes += bytes;
      response.once('close', () => {
        countedBytes -= bytes;
      });
    },
  };
}
