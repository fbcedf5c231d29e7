import { setTimeout as wait } from 'node:timers/promises';
import type { App } from './app.js';

/** When what happens, in milliseconds after the signal. Container platforms give ten seconds, or more. */
const shutdown = {
  /**
   * Until then, new callers are still taken. A listener that closes at once resets connections that were made but not yet
   * accepted, and idle ones on which a request is just coming in; this way, answers end their connections first.
   */
  closeAfterMs: 1000,
  /** Then what is still open is answered with what is known. */
  cancelAfterMs: 7000,
  /** Then callers are cut off that do not read their answer, or never sent all of their request. */
  cutAfterMs: 8500,
} as const;

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
  await app.http.close();
  timers.forEach(clearTimeout);
}
