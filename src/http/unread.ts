import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** How much of all answers together may be waiting to be read. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

/** How long a caller may read nothing of what waits for it. */
const MAX_STALL_MS = 5000;
const LOOK_EVERY_MS = 500;

/** Watches over answers that callers do not read: they stay in memory. */
export type Unread = Readonly<{
  /** True while so much is unread that no more answers should be made. */
  isTooMuch: () => boolean;
  /** True while a caller has not read all of its answer. */
  isAny: () => boolean;
}>;

export function watchUnread(server: Server): Unread {
  const sockets = new Map<Socket, { unreadBytes: number; sinceMs: number }>();
  let totalBytes = 0;

  server.on('connection', (socket: Socket) => {
    sockets.set(socket, { unreadBytes: 0, sinceMs: 0 });
    socket.once('close', () => sockets.delete(socket));
  });

  function look(): void {
    const nowMs = performance.now();
    totalBytes = 0;
    for (const [socket, last] of sockets) {
      const unreadBytes = socket.writableLength;
      totalBytes += unreadBytes;
      if (unreadBytes === 0 || unreadBytes !== last.unreadBytes) sockets.set(socket, { unreadBytes, sinceMs: nowMs });
      else if (nowMs - last.sinceMs > MAX_STALL_MS) socket.destroy();
    }
  }
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  server.once('close', () => {
    clearInterval(timer);
  });

  return {
    isTooMuch: () => totalBytes > MAX_UNREAD_BYTES,
    isAny: () => [...sockets.keys()].some(({ writableLength }) => writableLength > 0),
  };
}
