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

/** Writes lines to stdout. What ends the process flushes it first. */
export function openLog(): LogFile {
  return pino.destination({ dest: 1, sync: true, minLength: GATHERED_BYTES, periodicFlush: GATHER_MS });
}

/** Writes lines for people to look at while developing; what it needs for that is loaded here alone. */
export async function openPrettyLog(hasColours: boolean): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ colorize: hasColours, sync: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
}
