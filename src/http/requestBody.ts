import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { createJsonMeter } from '../upstream/jsonMeter.js';
import { createMemoryBudget, type MemoryBudget, type Reservation } from './memoryBudget.js';

/** Maximum of all request bodies, in bytes: those that arrive, and those of requests that are not answered yet. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** One address's part of it. */
const ADDRESS_SHARE = 3 / 4;

/** Bodies up to this size are always read: callers who send long ones must not keep others out. */
const FREE_BYTES = 16 * 1024;

/** Bounds the memory of request bodies. */
export function createBodyBudget(): MemoryBudget {
  return createMemoryBudget({
    maxBytes: MAX_BODY_BYTES,
    maxOwnerBytes: MAX_BODY_BYTES * ADDRESS_SHARE,
    freeBytes: FREE_BYTES,
    bound: 'request_memory',
    about: { resource: 'body' },
  });
}

/**
 * Time without a byte after which the connection of a refused body is closed, and the longest time until then. The gateway reads
 * the body on and throws it away, because a caller that is cut off while it sends sees no answer.
 */
const QUIET_MS = 250;
const MAX_DISCARD_MS = 5000;

/** Memory of parsed JSON beside its text, in bytes: for each object or array, and for each part of one. */
const CONTAINER_BYTES = 128;
const PART_BYTES = 32;

const refusalWith = (statusCode: number, message: string): Error => Object.assign(new Error(message), { statusCode });

/** Maximum depth of a body: `JSON.parse` takes a third of a microsecond for each level of `[[[…`, and others wait. */
const MAX_DEPTH = 100;

const limits = { maxDepth: MAX_DEPTH, maxMembers: Infinity, maxContainers: Infinity, maxValues: Infinity };

/** Returns about as many bytes as JSON takes once it is parsed: `[{},{},…]` takes many times its text. Throws if it is too deep. */
export function estimateParsedBytes(json: Uint8Array): number {
  const meter = createJsonMeter(limits);
  const excess = meter.measure(json);
  if (excess !== null) throw refusalWith(400, `The body must not be ${excess}.`);
  const { containers, values } = meter.counts();
  return json.length + containers * CONTAINER_BYTES + values * PART_BYTES;
}

/** Throws the rest of a body away. Resolves once the caller has sent all of it, or after a moment. */
function discard(payload: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const startMs = performance.now();
    let isQuiet = true;
    const end = (): void => {
      clearInterval(timer);
      resolve();
    };
    const look = (): void => {
      if (isQuiet || performance.now() - startMs > MAX_DISCARD_MS) end();
      isQuiet = true;
    };
    // Timers come first in a turn of the event loop, and sockets are read before the next step of it.
    const timer = setInterval(() => setImmediate(look), QUIET_MS);
    payload.once('end', end).once('close', end).on('error', end);
    payload.on('data', () => {
      isQuiet = false;
    });
  });
}

/**
 * Reads a body into one buffer, which grows with what arrives: neither the length that a caller declares nor the number of its
 * chunks takes memory. Reserves memory as the buffer grows.
 */
export function readBody(payload: IncomingMessage, maxBytes: number, reservation: Reservation): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const declared = Number(payload.headers['content-length']);
    let buffer: Buffer = Buffer.alloc(0);
    let length = 0;

    function stop(): void {
      payload.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    }

    function refuse(error: unknown): void {
      stop();
      buffer = Buffer.alloc(0);
      reservation.release();
      void discard(payload).then(() => {
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    }

    function grow(needed: number): void {
      const capacity = Math.min(maxBytes, Math.max(needed, 2 * buffer.length));
      reservation.add(capacity - reservation.bytes);
      const grown = Buffer.allocUnsafeSlow(capacity);
      buffer.copy(grown, 0, 0, length);
      buffer = grown;
    }

    function onData(chunk: Buffer): void {
      try {
        if (length + chunk.length > maxBytes) throw refusalWith(413, `The body is longer than ${maxBytes} bytes.`);
        if (chunk.length === declared) {
          reservation.add(chunk.length);
          buffer = chunk; // all of the body at once, as nearly always: it is not copied
          length = chunk.length;
          return;
        }
        if (length + chunk.length > buffer.length) grow(length + chunk.length);
      } catch (error) {
        refuse(error);
        return;
      }
      chunk.copy(buffer, length);
      length += chunk.length;
    }

    function onEnd(): void {
      stop();
      resolve(buffer.subarray(0, length));
    }

    function onError(): void {
      stop();
      reject(refusalWith(400, 'The body did not come to its end.'));
    }

    function onClose(): void {
      if (!payload.complete) onError();
    }

    if (declared > maxBytes) {
      refuse(refusalWith(413, `The body is longer than ${maxBytes} bytes.`));
      return;
    }
    payload.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

/** Parses JSON in UTF-8, and reserves what the result takes. */
export function parseBody(body: Buffer, reservation: Reservation): unknown {
  const parsedBytes = estimateParsedBytes(body);
  reservation.add(Math.max(0, parsedBytes - reservation.bytes));
  if (!isUtf8(body)) throw refusalWith(400, 'The body must be JSON in UTF-8.');
  try {
    const text = body.toString();
    const parsed: unknown = JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text);
    reservation.resize(parsedBytes);
    return parsed;
  } catch {
    throw refusalWith(400, 'The body must be JSON in UTF-8.');
  }
}
