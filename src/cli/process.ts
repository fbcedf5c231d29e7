import { isatty } from 'node:tty';
import type { Config } from '../config/load.js';
import { createLog, openLog, openPrettyLog, type Log } from '../log.js';
import { UpstreamError } from '../upstream/errors.js';
import type { Signals } from './signals.js';

/** Longest time that closing may take after a signal. */
const SHUTDOWN_MS = 9500;

/** Longest time that the process may linger once all is closed. */
const LINGER_MS = 500;

/** Writes a line to stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export type ProcessLog = Readonly<{ log: Log; droppedLogLines: () => number }>;

/** Opens the log of this process, JSON or lines for people on a terminal, and writes the rest of it when the process exits. */
export async function openProcessLog({
  logLevel,
  logFormat,
}: Pick<Config, 'logLevel' | 'logFormat'>): Promise<ProcessLog> {
  // The first use of stdout also makes a pipe non-blocking. A reader that is gone must not end the process.
  process.stdout.on('error', () => undefined);
  const isWatched = isatty(1);
  const isPretty = logFormat === 'pretty' || (logFormat === null && isWatched);
  const file = isPretty ? await openPrettyLog(isWatched) : openLog();
  process.on('exit', () => {
    file.flushSync();
  });
  return { log: createLog(logLevel, file), droppedLogLines: () => file.droppedLines };
}

/** Logs a signal and ends the process at once with code 0: no caller has been taken yet. */
export function exitOnSignal(signals: Signals, log: Log): void {
  signals.onFirst((signal) => {
    log.info({ signal }, 'closing');
    process.exit(0);
  });
}

/** Ends the process on a signal: nothing new is taken, what was taken is answered. */
export function closeOnSignal(signals: Signals, log: Log, close: () => Promise<void>): void {
  signals.onFirst((signal) => {
    log.info({ signal }, 'closing');
    const late = setTimeout(() => {
      log.error('closing takes too long');
      process.exit(1);
    }, SHUTDOWN_MS);
    close().then(
      () => {
        clearTimeout(late);
        process.exitCode = 0;
        setTimeout(() => process.exit(), LINGER_MS).unref(); // something else may still be open, such as a collector that hangs
      },
      (error: unknown) => {
        log.fatal({ error: error instanceof Error ? error.stack : String(error) }, 'could not close');
        process.exit(1);
      },
    );
  });
}

/** Logs an unexpected error and ends the process: its state is not known any more. */
export function endOnUnexpected(log: Log): void {
  const end = (error: unknown, origin: string): void => {
    log.fatal({ origin, error: error instanceof Error ? error.stack : String(error) }, 'unexpected');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', (reason) => {
    // That a server fails is expected, also where an answer was given meanwhile and nobody waits for it any more.
    if (reason instanceof UpstreamError) log.warn({ ...reason.details }, 'nobody waited for what went wrong');
    else end(reason, 'unhandledRejection');
  });
}
