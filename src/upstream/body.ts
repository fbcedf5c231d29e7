import type { IncomingHttpHeaders } from 'node:http';
import { UpstreamError, type About } from './errors.js';
import { createJsonMeter } from './jsonMeter.js';

/** Error bodies are read for the server's `errorCode`, and no further. */
export const MAX_ERROR_BODY_BYTES = 64 * 1024;

/** Up to here, JSON of any shape is parsed in milliseconds. */
export const SMALL_BODY_BYTES = 64 * 1024;

const MAX_JSON_DEPTH = 64;

/** Sessions have some twenty fields. */
const MAX_JSON_MEMBERS = 1000;

/** What a body has for each object and each value in it, at the least: sessions and log lines have a hundred and twenty. */
const MIN_BYTES = { container: 64, value: 12 } as const;

/** Returns true for a body with a content coding. An empty coding and `identity`, in any case and however often, are none. */
export function isEncoded(headers: Readonly<Record<string, string | string[] | undefined>>): boolean {
  const codings = headers['content-encoding'];
  if (codings === undefined || codings === 'identity') return false;
  return String(codings)
    .split(',')
    .some((coding) => !/^(?:identity)?$/i.test(coding.trim()));
}

/** A body on its way in. */
export type BodyReader = Readonly<{
  /** Takes the next chunk; throws as soon as the body is known to be one that is not read. False when it is enough. */
  take: (chunk: Buffer, status: number, headers: IncomingHttpHeaders) => boolean;
  whole: () => Buffer;
  /** How much of it `keep` was told of, and took. */
  keptBytes: () => number;
}>;

/** `keep` is told of the bytes of all but small bodies as they come, and may refuse them. */
export function createBodyReader(
  maxBodyBytes: number,
  about: About,
  keep: (bytes: number, about: About) => void,
): BodyReader {
  const meter = createJsonMeter({
    maxDepth: MAX_JSON_DEPTH,
    maxMembers: MAX_JSON_MEMBERS,
    maxContainers: maxBodyBytes / MIN_BYTES.container,
    maxValues: maxBodyBytes / MIN_BYTES.value,
  });
  const chunks: Buffer[] = [];
  let measured = 0;
  let bytes = 0;
  let keptBytes = 0;

  return {
    take: (chunk, status, headers) => {
      const bad = (reason: string): UpstreamError =>
        new UpstreamError({ ...about, fault: 'badResponse', status, reason });
      const isError = status >= 300;
      if (!isError && isEncoded(headers)) throw bad('a compressed body');
      bytes += chunk.length;
      if (!isError && Math.max(bytes, Number(headers['content-length'] ?? 0)) > maxBodyBytes) {
        throw new UpstreamError({ ...about, fault: 'tooLarge', status, reason: `more than ${maxBodyBytes} bytes` });
      }
      chunks.push(chunk);
      if (isError) return bytes < MAX_ERROR_BODY_BYTES;
      if (bytes <= SMALL_BODY_BYTES) return true;
      keep(bytes - keptBytes, about); // small bodies are too many to be counted, and too small to matter
      keptBytes = bytes;
      for (; measured < chunks.length; measured += 1) {
        const excess = meter.measure(chunks[measured] ?? chunk);
        if (excess !== null) throw bad(excess);
      }
      return true;
    },
    keptBytes: () => keptBytes,
    whole: () => Buffer.concat(chunks),
  };
}
