import { hash } from 'node:crypto';
import type { RedisConfig } from '../config/load.js';
import type { SharedStore, StoreObserver, TokenStore } from '../sharedStore.js';
import { createAsking, within, type Prepared } from './asking.js';
import { createStoreBreaker } from './breaker.js';
import { connectRedis, refusalOf } from './redis.js';
import { createRefusalLog } from './refusalLog.js';
import { createSeal, MAX_SEALED_BYTES, type Seal } from './seal.js';

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

/** How many bytes one token can have written in that time: callers must not push each other's values out. */
const MAX_SHELF_BYTES = 16 * 1024 * 1024;

/**
 * Puts a value on a shelf where there is room, and gives a new shelf its time. What is there under a name stays: nothing else would be
 * put there, unless it cannot be read. `EXPIRE … NX` would need Redis 7.
 */
const WRITE = `
local longer = string.len(ARGV[2]) - redis.call('HSTRLEN', KEYS[1], ARGV[1])
if longer == 0 then return 1 end
local hasRoom = redis.call('HINCRBY', KEYS[1], 'bytes', longer) <= tonumber(ARGV[3])
if hasRoom then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
else
  redis.call('HINCRBY', KEYS[1], 'bytes', -longer)
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return hasRoom and 1 or 0`;

/** Gives a value, or 0 for one that is longer than any of ours: who writes to Redis shall not fill our memory. */
const READ = `
if redis.call('HSTRLEN', KEYS[1], ARGV[1]) > tonumber(ARGV[2]) then return 0 end
return redis.call('HGET', KEYS[1], ARGV[1])`;

const COUNT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > tonumber(ARGV[1]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return { count, left }`;

/** What instances share in Redis. See docs/decisions.md for how it is locked, and SECURITY.md for what that is good for. */
export function createStore(options: StoreOptions, log: StoreLog, observer?: StoreObserver): SharedStore {
  const { origin, release, timeoutMs } = options;
  let isAway = false;

  const redis = connectRedis(options, noteChange);
  const breaker = createStoreBreaker(
    () => within(timeoutMs, redis.send('backup365:ping', ['HSTRLEN', 'backup365:ping', 'ping'])),
    (error) => refusalOf(error) !== null,
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

  const ask = createAsking({ redis, breaker, isUp, timeoutMs, observer, onRefused: createRefusalLog(log) });

  function of(token: string): TokenStore {
    let derived: Seal | undefined;
    const seal = (): Seal => (derived ??= createSeal(token, { origin, release }));
    const keyOf = ({ shelf }: Seal): string => `backup365:{${shelf}}`;
    return {
      read: (entry) => {
        let name = '';
        const prepare = (): Prepared => {
          const key = keyOf(seal());
          name = seal().nameOf(entry);
          return { key, command: ['EVAL', READ, '1', key, name, String(MAX_SEALED_BYTES)] };
        };
        return ask('read', prepare, (sealed) => {
          if (!Buffer.isBuffer(sealed)) return { outcome: sealed === 0 ? 'unreadable' : 'miss' };
          const value = seal().open(name, sealed);
          return { outcome: value === undefined ? 'unreadable' : 'hit', value };
        });
      },
      write: (entry, value) => {
        const prepare = (): Prepared | null => {
          const key = keyOf(seal());
          const name = seal().nameOf(entry);
          const sealed = seal().close(name, value);
          const limits = [String(MAX_SHELF_BYTES), String(SHELF_MS)];
          return sealed && { key, command: ['EVAL', WRITE, '1', key, name, sealed, ...limits], bytes: sealed.length };
        };
        void ask('write', prepare, (written) => ({ outcome: written === 1 ? 'done' : 'skipped' }));
      },
      drop: () => {
        const prepare = (): Prepared => {
          const key = keyOf(seal());
          return { key, command: ['UNLINK', key] };
        };
        void ask('drop', prepare, () => ({ outcome: 'done' }));
      },
    };
  }

  return {
    of,
    count: async (name, windowMs) => {
      const key = `backup365:count:${hash('sha256', JSON.stringify([origin, name]), 'base64url')}`;
      const prepare = (): Prepared => ({ key, command: ['EVAL', COUNT, '1', key, String(windowMs)] });
      const counted = await ask('count', prepare, (answer) => {
        const [count, leftMs] = Array.isArray(answer) ? (answer as unknown[]) : [];
        return typeof count === 'number' && typeof leftMs === 'number'
          ? { outcome: 'done', value: { count, leftMs } }
          : { outcome: 'unreadable' };
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
