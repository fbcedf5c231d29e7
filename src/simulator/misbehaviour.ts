import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** What a server may do instead of answering as it should. */
export type Misbehaviour = Readonly<{
  /** Wait, then go on. */
  delayMs?: number;
  /** Never answer. */
  hang?: boolean;
  /** Close the connection without an answer. */
  reset?: boolean;
  /** Answer this instead: with `status`, 200 unless given, and a text or JSON body. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  /** Promise the whole body, send so many bytes of it, and close. */
  truncateAfterBytes?: number;
}>;

/** Misbehaves towards one request; false when the usual answer is still to be given. */
export async function misbehave(response: ServerResponse, misbehaviour: Misbehaviour): Promise<boolean> {
  const { delayMs, hang, reset, status, headers, body, truncateAfterBytes } = misbehaviour;
  if (delayMs !== undefined) await wait(delayMs, undefined, { ref: false });
  if (hang === true) return true;
  if (reset === true) {
    response.socket?.destroy();
    return true;
  }
  if (status === undefined && body === undefined) return false;
  const text = typeof body === 'string' || body === undefined ? (body ?? '') : JSON.stringify(body);
  response.writeHead(status ?? 200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  if (truncateAfterBytes === undefined) {
    response.end(text);
    return true;
  }
  response.write(Buffer.from(text).subarray(0, truncateAfterBytes), () => response.socket?.destroy());
  return true;
}
