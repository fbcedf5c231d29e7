import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';

/** What a server may do instead of answering as it should. */
export type Misbehaviour = Readonly<{
  /** Wait, then go on. */
  delayMs?: number;
  /** Never answer. */
  hang?: boolean;
  /** Close the connection without an answer. */
  reset?: boolean;
  /** Answer this instead: with `status`, 200 unless given, and a body of text, bytes or JSON. */
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  /** Promise the whole body, send so many bytes of it, and close. */
  truncateAfterBytes?: number;
  /** Promise the whole body, send so many bytes of it, and then nothing more, for ever. */
  stallAfterBytes?: number;
  /** Send the body a byte at a time, one each so many milliseconds. */
  trickleMs?: number;
  /** Send the body so many times in a row, in chunks, as fast as it is taken. */
  repeat?: number;
  /** Write this to the connection as it is, whether it is HTTP or not, and close it. */
  raw?: string | Buffer;
}>;

function* repeated(bytes: Buffer, times: number): Generator<Buffer> {
  for (let index = 0; index < times; index += 1) yield bytes;
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
}

async function* trickled(body: Buffer, everyMs: number): AsyncGenerator<Buffer> {
  for (const byte of body) {
    await wait(everyMs, undefined, { ref: false });
    yield Buffer.of(byte);
  }
}

/** Misbehaves towards one request; false when the usual answer is still to be given. */
export async function misbehave(response: ServerResponse, misbehaviour: Misbehaviour): Promise<boolean> {
  const { delayMs, hang, reset, status, headers, body, raw, truncateAfterBytes, stallAfterBytes } = misbehaviour;
  const { trickleMs, repeat } = misbehaviour;
  if (delayMs !== undefined) await wait(delayMs, undefined, { ref: false });
  if (hang === true) return true;
  if (reset === true) {
    response.socket?.destroy();
    return true;
  }
  if (raw !== undefined) {
    response.socket?.end(raw);
    return true;
  }
  if (status === undefined && body === undefined) return false;
  const bytes = bytesOf(body);
  response.writeHead(status ?? 200, {
    'content-type': 'application/json; charset=utf-8',
    ...(repeat === undefined && { 'content-length': bytes.length }),
    ...headers,
  });
  if (truncateAfterBytes !== undefined) {
    response.write(bytes.subarray(0, truncateAfterBytes), () => response.socket?.destroy());
  } else if (stallAfterBytes !== undefined) {
    response.write(bytes.subarray(0, stallAfterBytes));
  } else if (repeat !== undefined || trickleMs !== undefined) {
    const chunks = repeat === undefined ? trickled(bytes, trickleMs ?? 0) : repeated(bytes, repeat);
    await pipeline(Readable.from(chunks), response).catch(() => undefined); // the client may go away in the middle
  } else {
    response.end(bytes);
  }
  return true;
}
