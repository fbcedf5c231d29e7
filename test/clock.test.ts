import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Circuit } from '../src/circuit.js';
import { RateLimitStore } from '../src/http/rateLimitStore.js';
import { withGateway, type GraphError } from './helpers/gateway.js';
import { startRedis } from './helpers/redis.js';
import { openStore } from './helpers/store.js';
import { until } from './helpers/until.js';

/** The wall clock is set back or forward while the gateway runs: NTP, or a virtual machine that was paused or restored. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { id } }`;
const HOUR_MS = 3_600_000;
const steps: [string, number][] = [
  ['back', -HOUR_MS],
  ['forward', HOUR_MS],
];
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

afterEach(() => {
  jest.restoreAllMocks();
});

/** Shifts the wall clock from now on. */
function stepWallClock(byMs: number): void {
  const { now } = Date;
  jest.spyOn(Date, 'now').mockImplementation(() => now.call(Date) + byMs);
}

describe.each(steps)('when the wall clock steps %s by an hour', (_, byMs) => {
  test('the gateway answers as soon as the backup server is back', async () => {
    await withGateway({ timeoutMs: 500, operationTimeoutMs: 3000 }, async ({ ask, simulator, server }) => {
      await ask(QUERY);
      const back = simulator.misbehave(() => true, { reset: true });
      for (let count = 0; count < 12; count += 1) await ask(QUERY);
      expect(server.figures().breaker).not.toBe('closed');
      expect(codes((await ask(QUERY)).errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
      stepWallClock(byMs);
      back();
      await until(async () => (await ask(QUERY)).errors === undefined);
      expect(server.figures().breaker).toBe('closed');
    });
  });

  test('a rate limit keeps its window, and promises no more than a minute', async () => {
    await withGateway({ rateLimits: { perToken: 2, perAddress: null } }, async ({ url }) => {
      const send = (): Promise<Response> =>
        fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'Bearer mine' },
          body: '{"query":"{ __typename }"}',
        });
      expect([(await send()).status, (await send()).status]).toEqual([200, 200]);
      stepWallClock(byMs);
      const refused = await send();
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    });
  });

  test('a store that was away is used again', async () => {
    const redis = await startRedis();
    const { store } = openStore(redis.url, 'https://backup.example.com:4443', { timeoutMs: 100 });
    try {
      await until(() => store.isUp());
      redis.pause();
      await until(async () => {
        await store.count('mine', 60_000);
        return !store.isUp();
      });
      stepWallClock(byMs);
      redis.resume();
      await until(() => store.isUp());
      expect(await store.count('mine', 60_000)).not.toBeNull();
    } finally {
      redis.resume();
      await store.close();
      await redis.close();
    }
  });

  test('a circuit begins its trials at the same moments', () => {
    let nowMs = 1000;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const circuit = new Circuit({ maxFailures: 2, trialAfterMs: [100, 500] });
    expect([circuit.recordFailure(), circuit.recordFailure()]).toEqual([false, true]);
    stepWallClock(byMs);
    expect(circuit.beginTrial()).toBe(false);
    nowMs += 100;
    expect([circuit.beginTrial(), circuit.beginTrial(), circuit.state]).toEqual([true, false, 'halfOpen']);
    circuit.endTrial(false);
    nowMs += 499;
    expect([circuit.beginTrial(), circuit.state]).toEqual([false, 'open']);
    nowMs += 1;
    expect(circuit.beginTrial()).toBe(true);
    circuit.endTrial(true);
    expect([circuit.state, circuit.recordFailure()]).toEqual(['closed', false]);
  });
});

test('a rate limit begins a new window when its time is over', () => {
  let nowMs = 5;
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const store = new RateLimitStore();
  const counted: unknown[] = [];
  const count = (): void => {
    store.incr('mine', (_, result) => counted.push(result), 60_000);
  };
  count();
  nowMs += 59_999;
  count();
  nowMs += 1;
  count();
  expect(counted).toEqual([
    { current: 1, ttl: 60_000 },
    { current: 2, ttl: 1 },
    { current: 1, ttl: 60_000 },
  ]);
});

test('a window in Redis that lasts too long, because its clock was set back, is cut to its length', async () => {
  const redis = await startRedis();
  const { store } = openStore(redis.url, 'https://backup.example.com:4443');
  try {
    await until(() => store.isUp());
    await store.count('mine', 60_000);
    const [counted] = await redis.dump();
    await redis.send('PEXPIRE', counted?.key ?? '', String(HOUR_MS + 60_000));
    expect(await store.count('mine', 60_000)).toEqual({ count: 2, leftMs: 60_000 });
    expect((await redis.dump())[0]?.leftMs).toBeLessThanOrEqual(60_000);
  } finally {
    await store.close();
    await redis.close();
  }
});

/** Files that may read the wall clock, because they compare it with a moment that somebody else named. */
const readsOfWallClock: Record<string, string> = {
  'upstream/retryAfter.ts': 'Retry-After can be a date',
  'upstream/resources/jobSession.ts': 'the backup server says when a session ended',
  'doctor/certificate.ts': 'a certificate says when it ends',
  'doctor/trust.ts': 'a certificate says when it begins',
  'logFile.ts': 'a line of the log has the time',
};

test('no duration goes by the wall clock', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('simulator/'),
  );
  const readers = files.filter((file) => /\bDate\.now\b|\bnew Date\(\)/.test(readFileSync(join('src', file), 'utf8')));
  expect(readers.filter((file) => readsOfWallClock[file] === undefined)).toEqual([]);
});
