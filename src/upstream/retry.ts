import { setTimeout as wait } from 'node:timers/promises';
import { UpstreamError, type About } from './errors.js';
import type { Operation } from './operation.js';

const MAX_ATTEMPTS = 3;
const FIRST_WAIT_MS = 150;

/** What happens to a connection now and then, and may not happen again. Certificates and names do not mend in a second. */
const passing = new Set(['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'EAI_AGAIN']);
const passingStatus = new Set([500, 502, 503, 504]);

/**
 * How long to wait before another attempt; null when there should be none. A timeout is not tried again: it has taken most
 * of the time there is, and a server that is too slow is helped by fewer requests.
 */
function waitMsAfter(error: unknown, attempt: number): number | null {
  if (!(error instanceof UpstreamError) || attempt >= MAX_ATTEMPTS) return null;
  const { fault, status = 0, reason = '', errorCode, retryAfterSeconds } = error.details;
  const isOfServer = fault === 'rateLimited' || fault === 'failed'; // the gate's own refusals have a time as well
  if (isOfServer && retryAfterSeconds !== undefined) {
    return Math.max(retryAfterSeconds * 1000, FIRST_WAIT_MS) + FIRST_WAIT_MS * Math.random();
  }
  // A server that names its error has understood the request, and would answer the same again.
  const mayPass =
    (fault === 'unavailable' && passing.has(reason)) ||
    (fault === 'failed' && passingStatus.has(status) && errorCode === undefined);
  return mayPass ? FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random()) : null;
}

/** Tries at most three times, as long as what went wrong may pass and the wait fits into the operation's time. */
export async function withRetries<T>(
  operation: Operation,
  about: About,
  attemptOnce: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(attempt);
    } catch (error) {
      const waitMs = waitMsAfter(error, attempt);
      if (waitMs === null || waitMs >= operation.remainingMs()) throw error;
      await wait(waitMs, undefined, { signal: operation.signal }).catch(() => {
        throw operation.ended(about);
      });
    }
  }
}
