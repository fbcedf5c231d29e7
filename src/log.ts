import { pino, type DestinationStream, type Logger } from 'pino';
import { LogFile } from './logFile.js';

/** Structured log: one JSON object a line, so that no value can forge a line. Tokens, headers and bodies are never given to it. */
export type Log = Logger;

export function createLog(level: string, destination?: DestinationStream): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination ? pino(options, destination) : pino(options);
}

/** Opens stdout for lines of JSON. */
export function openLog(): LogFile {
  return new LogFile((line) => line);
}

/** Opens stdout for lines that people read while developing; what that needs is loaded here alone. */
export async function openPrettyLog(hasColours: boolean): Promise<LogFile> {
  const { prettyFactory } = await import('pino-pretty');
  return new LogFile(prettyFactory({ colorize: hasColours, translateTime: 'SYS:HH:MM:ss.l', singleLine: true }));
}
