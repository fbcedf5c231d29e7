import { hash } from 'node:crypto';
import type { RedisConfig } from '../config/load.js';
import type { SharedStore, StoreObserver, StoreOutcome, TokenStore } from '../sharedStore.js';
import { createStoreBreaker } from './breaker.js';
import { connectRedis, isRefusal } from './redis.js';
import { createSeal } from './seal.js';

export type StoreLog = Readonly<{
  info: (fields: Record<string, unknown>, message: string) => void;
  warn: (fields: Record<string, unknown>, message: string) => void;
}>;

export type StoreOptions = RedisConfig &
  Readonly<{
    /** The backup server's: what one server said is not told of another. */
    origin: string;
    /** The gateway's version: another one may have other records. */
    release: string;
  }>;

/** How long a token's values stay, from the first of them on. */
const SHELF_MS = 3_600_000;

/** How many commands, and bytes of values, may be without an answer. */
const MAX_UNDER_WAY = 2000;
const MAX_BYTES_UNDER_WAY = 16 * 1024 * 1024;

/** Puts a value on a shelf, and gives a new shelf its time. `EXPIRE … NX` would need Redis 7. */
const WRITE = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end`;

const COUNT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return { count, left }`;

class TimedOut extends Error {}

/** What instances share in Redis. See docs/decisions.md for how it is locked, and SECURITY.md for what that is good for. */
export function createStore(options: StoreOptions, log: StoreLog, observer?: StoreObserver): SharedStore {
  const { origin, release, timeoutMs } = options;
  let underWay = 0;
  let bytesUnderWay = 0;
  let isAway = false;

  const redis = connectRedis(options, noteChange);
  const breaker = createStoreBreaker(
    () => within(redis.send('backup365:ping', ['HGET', 'backup365:ping', 'ping'])),
    isRefusal,
    () => {
      noteChange('no answer');
    },
  );
  const isUp = (): boolean => redis.isConnected() && breaker.isClosed();

  /** Tells the log once that it is away, and once that it is back. */
  function noteChange(reason: string | null): void {
    const isAwayNow = !isUp();
    if (isAwayNow === isAway) return;
    isAway = isAwayNow;
    if (isAway) log.warn({ reason }, 'the shared store does not answer: this instance goes on by itself');
    else log.info({}, 'the shared store answers again');
  }

  /** What a command is answered, if that comes in time. */
  function within<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new TimedOut());
      }, timeoutMs);
      answer.then(resolve, reject).finally(() => {
        clearTimeout(timer);
      });
    });
  }

  /** Sends a command, and counts it until it is answered, which can be long after anybody waited for it. */
  async function sendCounted(key: string, command: readonly (string | Buffer)[], bytes: number): Promise<unknown> {
    underWay += 1;
    bytesUnderWay += bytes;
    try {
      return await redis.send(key, command);
    } finally {
      underWay -= 1;
      bytesUnderWay -= bytes;
    }
  }

  /** Asks, tells the observer what came of it, and never throws: what went wrong is undefined. */
  async function ask<T>(
    name: Parameters<StoreObserver['asked']>[0],
    key: string,
    command: readonly (string | Buffer)[],
    read: (answer: unknown) => Readonly<{ outcome: StoreOutcome; value: T | undefined }>,
    bytes = 0,
  ): Promise<T | undefined> {
    const startMs = performance.now();
    const tell = (outcome: StoreOutcome): void => observer?.asked(name, outcome, performance.now() - startMs);
    if (!isUp() || underWay >= MAX_UNDER_WAY || bytesUnderWay + bytes > MAX_BYTES_UNDER_WAY) {
      tell('skipped');
      return undefined;
    }
    try {
      const answer = await breaker.run(() => within(sendCounted(key, command, bytes)));
      const { outcome, value } = read(answer);
      tell(outcome);
      return value;
    } catch (error) {
      tell(error instanceof TimedOut ? 'timeout' : 'failed');
      return undefined;
    }
  }

  const done = (): { outcome: StoreOutcome; value: undefined } => ({ outcome: 'done', value: undefined });

  function of(token: string): TokenStore {
    const seal = createSeal(token, { origin, release });
    const key = `backup365:{${seal.shelf}}`;
    return {
      read: (entry) => {
        const name = seal.nameOf(entry);
        return ask('read', key, ['HGET', key, name], (sealed) => {
          if (!Buffer.isBuffer(sealed)) return { outcome: 'miss', value: undefined };
          const value = seal.open(name, sealed);
          return { outcome: value === undefined ? 'unreadable' : 'hit', value };
        });
      },
      write: (entry, value) => {
        const name = seal.nameOf(entry);
        const sealed = isUp() ? seal.close(name, value) : null; // while it is away, that would be for nothing
        if (sealed === null) {
          observer?.asked('write', 'skipped', 0);
          return;
        }
        void ask('write', key, ['EVAL', WRITE, '1', key, name, sealed, String(SHELF_MS)], done, sealed.length);
      },
      drop: () => {
        void ask('drop', key, ['UNLINK', key], done);
      },
    };
  }

  return {
    of,
    count: async (name, windowMs) => {
      const key = `backup365:count:${hash('sha256', JSON.stringify([origin, name]), 'base64url')}`;
      const counted = await ask('count', key, ['EVAL', COUNT, '1', key, String(windowMs)], (answer) => {
        const [count, leftMs] = Array.isArray(answer) ? (answer as unknown[]) : [];
        return typeof count === 'number' && typeof leftMs === 'number'
          ? { outcome: 'done', value: { count, leftMs } }
          : { outcome: 'unreadable', value: undefined };
      });
      return counted ?? null;
    },
    isUp,
    close: () => {
      breaker.stop();
      redis.close();
      return Promise.resolve();
    },
  };
}
