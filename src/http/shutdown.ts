import { setTimeout as wait } from 'node:timers/promises';
import type { App } from './app.js';

/** When what happens, in milliseconds after the signal. Container platforms give ten seconds, or more. */
const shutdown = {
  /** Until then new callers are still taken, each for one answer, and can see on `/readyz` that they should go elsewhere. */
  closeAfterMs: 1000,
  /** Then what is still open is answered with what is known. */
  cancelAfterMs: 7000,
  /** Then callers are cut off that do not read their answer, or never sent all of their request. */
  cutAfterMs: 8500,
} as const;

/** How long nobody may have knocked before the door is closed, and how long that is waited for. */
const QUIET_MS = 30;
const MAX_HOLD_MS = 500;

const LOOK_EVERY_MS = 50;

/**
 * Closing a listener resets connections that were made but not yet accepted. So callers are kept waiting for a moment, until
 * none makes another connection, and are answered once it is closed.
 */
async function closeQuietly(app: App): Promise<void> {
  const release = app.hold();
  const startMs = performance.now();
  let known: number;
  do {
    known = app.connectionCount();
    await wait(QUIET_MS);
  } while (known !== app.connectionCount() && performance.now() - startMs < MAX_HOLD_MS);
  // Closing a server also closes connections on which nothing is asked, be their last answer read or not.
  const closeIdle = app.http.server.closeIdleConnections.bind(app.http.server);
  app.http.server.closeIdleConnections = () => {
    // by the timer below, when all is read
  };
  const timer = setInterval(() => {
    if (!app.unread.isAny()) closeIdle();
  }, LOOK_EVERY_MS);
  const closed = app.close();
  release();
  await closed;
  clearInterval(timer);
}

/** Stops in order: nothing that was accepted stays unanswered. */
export async function closeInOrder(app: App): Promise<void> {
  app.drain();
  const timers = [
    setTimeout(app.cancelAll, shutdown.cancelAfterMs),
    setTimeout(() => {
      app.http.server.closeAllConnections();
    }, shutdown.cutAfterMs),
  ];
  await wait(shutdown.closeAfterMs);
  await closeQuietly(app);
  timers.forEach(clearTimeout);
}
