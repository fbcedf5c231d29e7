import type { StoreObserver, StoreOutcome } from '../sharedStore.js';
import type { StoreBreaker } from './breaker.js';
import { refusalOf, type Redis } from './redis.js';

/** A command about a key, and how many bytes of a value are in it. */
export type Prepared = Readonly<{ key: string; command: readonly (string | Buffer)[]; bytes?: number }>;

/** What came of a command, by its answer. */
export type Read<T> = (answer: unknown) => Readonly<{ outcome: StoreOutcome; value?: T }>;

/**
 * Sends what `prepare` gives, unless that would be for nothing, and tells the observer what came of it. It never throws, and takes
 * no longer than is set: what went wrong is undefined.
 */
export type Ask = <T>(
  name: Parameters<StoreObserver['asked']>[0],
  prepare: () => Prepared | null,
  read: Read<T>,
) => Promise<T | undefined>;

/** How many commands, and bytes of values, may be without an answer. */
const MAX_UNDER_WAY = 2000;
const MAX_BYTES_UNDER_WAY = 16 * 1024 * 1024;

class TimedOut extends Error {}

/** What is answered, if that comes in time. */
export function within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new TimedOut());
    }, timeoutMs);
    answer.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}

export type AskingOptions = Readonly<{
  redis: Redis;
  breaker: StoreBreaker;
  isUp: () => boolean;
  timeoutMs: number;
  observer: StoreObserver | undefined;
  /** Redis has answered with a refusal, of which this is the code word. */
  onRefused: (code: string) => void;
}>;

export function createAsking({ redis, breaker, isUp, timeoutMs, observer, onRefused }: AskingOptions): Ask {
  let underWay = 0;
  let bytesUnderWay = 0;

  /** Counts a command until it is answered, which can be long after anybody waited for it. */
  async function send({ key, command, bytes = 0 }: Prepared): Promise<unknown> {
    underWay += 1;
    bytesUnderWay += bytes;
    try {
      return await redis.send(key, command);
    } finally {
      underWay -= 1;
      bytesUnderWay -= bytes;
    }
  }

  return async (name, prepare, read) => {
    const startMs = performance.now();
    const tell = (outcome: StoreOutcome): void => observer?.asked(name, outcome, performance.now() - startMs);
    try {
      const prepared = isUp() && underWay < MAX_UNDER_WAY ? prepare() : null;
      if (prepared === null || bytesUnderWay + (prepared.bytes ?? 0) > MAX_BYTES_UNDER_WAY) {
        tell('skipped');
        return undefined;
      }
      const { outcome, value } = read(await breaker.run(() => within(timeoutMs, send(prepared))));
      tell(outcome);
      return value;
    } catch (error) {
      tell(error instanceof TimedOut ? 'timeout' : 'failed');
      const refusal = refusalOf(error);
      if (refusal !== null) onRefused(refusal);
      return undefined;
    }
  };
}
