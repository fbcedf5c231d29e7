import type { Socket } from 'node:net';
import { textOf } from '../config/problems.js';

/** No step waits longer than this for what mostly takes milliseconds. */
const STEP_LIMIT_MS = 5000;

export function limitMsOf({ timeoutMs }: Readonly<{ timeoutMs: number }>): number {
  return Math.min(timeoutMs, STEP_LIMIT_MS);
}

/** The code of an error, which is all that is told of it. */
export function codeOf(error: unknown): string {
  return textOf(error, 'code') ?? 'ERR_UNKNOWN';
}

/** Waits until a socket is connected; null then, else the code of what came in between. */
export function untilConnected(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  limitMs: number,
): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      settle('ETIMEDOUT');
    }, limitMs);
    const settle = (code: string | null): void => {
      clearTimeout(timer);
      if (code !== null) socket.destroy();
      resolve(code);
    };
    socket.once(event, () => {
      settle(null);
    });
    socket.on('error', (error) => {
      settle(codeOf(error));
    });
    socket.once('close', () => {
      settle('ECONNRESET');
    });
  });
}
