import { writeSync } from 'node:fs';
import { pino, type DestinationStream, type Logger } from 'pino';

/** Structured log: one JSON object a line, so that no value can forge a line. Tokens, headers and bodies are never given to it. */
export type Log = Logger;

export function createLog(level: string, destination?: DestinationStream): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination ? pino(options, destination) : pino(options);
}

/** How much of the log is gathered before it is written, and for how long at the most: a write for each line costs more than the line. */
const GATHERED_BYTES = 4096;
const GATHER_MS = 100;

export type LogFile = DestinationStream & Readonly<{ flushSync: () => void }>;

/** How long stdout may be busy before lines are dropped, and how long is waited in between. */
const BUSY_MS = 1000;
const PAUSE_MS = 5;

const isBusy = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EAGAIN';

/** Writes a text to stdout, or drops it: where nobody reads the log, or its disk is full, callers are still answered. */
function writeOrDrop(text: string): void {
  const bytes = Buffer.from(text);
  const untilMs = performance.now() + BUSY_MS;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (!isBusy(error) || performance.now() > untilMs) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/**
 * Writes lines to stdout. What ends the process flushes it first. pino's own destination gathers as well, but its flush tries again for
 * ever, whatever the error: a process whose log nobody reads could not end.
 */
export function openLog(): LogFile {
  let gathered = '';
  let timer: NodeJS.Timeout | undefined;
  const flushSync = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = gathered;
    gathered = '';
    if (text !== '') writeOrDrop(text);
  };
  return {
    write: (line) => {
      gathered += line;
      if (gathered.length >= GATHERED_BYTES) flushSync();
      else timer ??= setTimeout(flushSync, GATHER_MS).unref();
    },
    flushSync,
  };
}

/** Writes lines for people to look at while developing; what it needs for that is loaded here alone. */
export async function openPrettyLog(hasColours: boolean): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ colorize: hasColours, sync: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
}
