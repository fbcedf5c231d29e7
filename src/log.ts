import { pino, type DestinationStream, type Logger } from 'pino';

/** Structured log: one JSON object a line, so that no value can forge a line. Tokens, headers and bodies are never given to it. */
export type Log = Logger;

export function createLog(level: string, destination?: DestinationStream): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination ? pino(options, destination) : pino(options);
}
