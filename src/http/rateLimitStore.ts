import type { FastifyRateLimitStore } from '@fastify/rate-limit';
import { LRUCache } from 'lru-cache';

/** Maximum number of callers that one limit counts. Those seen least recently are forgotten first. */
const MAX_CALLERS = 50_000;

type Window = { count: number; readonly startMs: number };

/** Counts requests in fixed windows, by a clock that never steps. The store of `@fastify/rate-limit` uses the wall clock. */
export class RateLimitStore implements FastifyRateLimitStore {
  readonly #windows = new LRUCache<string, Window>({ max: MAX_CALLERS });

  /** Counts a request, and passes on the count and the milliseconds until the window ends. */
  incr(
    key: string,
    callback: (error: Error | null, result?: { current: number; ttl: number }) => void,
    windowMs = 0,
  ): void {
    const nowMs = performance.now();
    let window = this.#windows.get(key);
    if (!window || nowMs - window.startMs >= windowMs) {
      window = { count: 0, startMs: nowMs };
      this.#windows.set(key, window);
    }
    window.count += 1;
    callback(null, { current: window.count, ttl: windowMs - (nowMs - window.startMs) });
  }

  /** Creates the counts of another limit. */
  child(): RateLimitStore {
    return new RateLimitStore();
  }
}
