import { pino, type DestinationStream, type Logger } from 'pino';

/** Structured log: one JSON object a line, so that no value can forge a line. Tokens, headers and bodies are never given to it. */
export type Log = Logger;

export function createLog(level: string, destination?: DestinationStream): Log {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return destination ? pino(options, destination) : pino(options);
}

/** Writes lines for people to look at while developing; what it needs for that is loaded here alone. */
export async function openPrettyLog(hasColours: boolean): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ colorize: hasColours, sync: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
}
