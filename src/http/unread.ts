import type { Server } from 'node:http';
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
}>;

/** An answer counts whole until the last of it is read. */
export function watchUnread(server: Server): Unread {
  const sockets = new Set<Socket>();
  let totalBytes = 0;

  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const timer = setInterval(() => {
    totalBytes = 0;
    for (const { writableLength } of sockets) totalBytes += writableLength;
  }, LOOK_EVERY_MS).unref();
  server.once('close', () => {
    clearInterval(timer);
  });

  return {
    isTooMuch: () => totalBytes > MAX_UNREAD_BYTES,
    isAny: () => [...sockets].some(({ writableLength }) => writableLength > 0),
  };
}
