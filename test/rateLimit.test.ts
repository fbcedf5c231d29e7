import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { request as send, type IncomingHttpHeaders } from 'node:http';
import { startSimulator, type Simulator } from '../src/simulator/index.js';
import { nameOfAddress } from '../src/http/rateLimit.js';
import { fingerprintOf } from '../src/fingerprint.js';
import { startGateway, TEST_NOW_MS, type Gateway, type GatewayOptions } from './helpers/gateway.js';
import { startRedis, type RedisServer } from './helpers/redis.js';
import { openStore, type TestStore } from './helpers/store.js';
import { until } from './helpers/until.js';

/** Requests a minute, by token and by address: of one instance, and of two that count together. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const BODY = JSON.stringify({ query: '{ __typename }' });

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ days: 2, nowMs: () => TEST_NOW_MS });
});
afterAll(() => simulator.close());

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  while (opened.length > 0) await opened.pop()?.();
});

/** A gateway, and why it refused what it refused. */
async function start(options: GatewayOptions): Promise<Gateway & { refusals: string[] }> {
  const refusals: string[] = [];
  const door = {
    answered: () => undefined,
    downloaded: () => undefined,
    refused: (reason: string) => {
      refusals.push(reason);
    },
  };
  const gateway = await startGateway({ simulator, door, ...options });
  opened.push(gateway.close);
  return { ...gateway, refusals };
}

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };
type Sent = { method?: string; path?: string; headers?: Record<string, string>; body?: string };

/** By hand, as `fetch` would not send preflights as they are written here. */
function ask(
  { url }: Gateway,
  token: string | null,
  { method = 'POST', path = '/graphql', headers, body = BODY }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = send(new URL(path, url), {
      method,
      agent: false,
      headers: {
        'content-type': 'application/json',
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    sent.once('error', reject);
    sent.end(method === 'POST' ? body : undefined);
  });
}

const limits = (perToken: number | null, perAddress: number | null = null): GatewayOptions => ({
  rateLimits: { perToken, perAddress },
});

/** What the headers say, without the time. */
const standing = ({ headers }: Answer): unknown[] => [headers['ratelimit-limit'], headers['ratelimit-remaining']];

async function statuses(count: number, one: () => Promise<Answer>): Promise<number[]> {
  const all: number[] = [];
  for (let time = 0; time < count; time += 1) all.push((await one()).status);
  return all;
}

test.each<[string, string]>([
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1:4711', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
  ['2001:DB8::5', '2001:db8:0:0::/64'],
  ['[2001:db8:0:1::5]:443', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['0:0:0:0:0:FFFF:192.0.2.1', '192.0.2.1'],
  ['[::ffff:192.0.2.1]:443', '192.0.2.1'],
  ['64:ff9b:1:2:3:4:192.0.2.1', '64:ff9b:1:2::/64'],
  ['::2:3:4:5:6:192.0.2.1', '0:2:3:4::/64'],
  ['1:2:3::', '1:2:3:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['[192.0.2.1', '10.0.0.9'],
  ['', '10.0.0.9'],
  ['_hidden', '10.0.0.9'],
  ['unknown', '10.0.0.9'],
])('what a proxy calls %s counts as %s', (ip, name) => {
  expect(nameOfAddress({ ip, socket: { remoteAddress: '10.0.0.9' } })).toBe(name);
});

describe('one instance', () => {
  test('without limits it says nothing of any', async () => {
    const gateway = await start({});
    const { status, headers } = await ask(gateway, 'mine');
    expect(status).toBe(200);
    expect(Object.keys(headers).filter((name) => name.startsWith('ratelimit'))).toEqual([]);
  });

  test('tells with each answer how many are left, and refuses what is beyond: 429, typed, with a time', async () => {
    const gateway = await start(limits(2));
    const answers = [];
    for (let time = 0; time < 3; time += 1) answers.push(await ask(gateway, 'mine'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(standing)).toEqual([
      ['2', '1'],
      ['2', '0'],
      ['2', '0'],
    ]);
    const [first, , refused] = answers as [Answer, Answer, Answer];
    for (const { headers } of answers) {
      expect(Number(headers['ratelimit-reset'])).toBeGreaterThan(0);
      expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(60);
    }
    expect(first.headers['retry-after']).toBeUndefined();
    const retryAfterSeconds = Number(refused.headers['retry-after']);
    expect(retryAfterSeconds).toBe(Number(refused.headers['ratelimit-reset']));
    expect(JSON.parse(refused.body)).toEqual({
      errors: [
        {
          message: 'This gateway has had too many requests with this token, or from this address: try again later.',
          extensions: { code: 'RATE_LIMITED', retryAfterSeconds, requestId: refused.headers['x-request-id'] },
        },
      ],
    });
    expect(refused.headers['cache-control']).toContain('no-store');
    expect((await ask(gateway, 'another')).status).toBe(200);
    expect(gateway.refusals).toEqual(['token_rate']);
  });

  test('the log says who asks too often, once, and nothing of their tokens', async () => {
    const gateway = await start(limits(1, 4));
    for (let time = 0; time < 3; time += 1) await ask(gateway, 'mine');
    await ask(gateway, 'another');
    await ask(gateway, 'a third');
    expect(gateway.logLines.filter(({ code }) => code === 'RATE_LIMITED')).toMatchObject([
      { level: 30, reason: 'token_rate', token: fingerprintOf('mine') },
      { level: 30, reason: 'address_rate', address: '127.0.0.1' },
    ]);
    expect(JSON.stringify(gateway.logLines)).not.toContain('mine');
  });

  test('a request that is refused asks the backup server nothing, and is not read', async () => {
    const gateway = await start(limits(1));
    const { accessToken: token } = simulator.tokens.issue();
    await ask(gateway, token);
    simulator.forgetRequests();
    const query = JSON.stringify({ query: `{ jobSession(id: "${SESSION}") { status } }` });
    expect((await ask(gateway, token, { body: query })).status).toBe(429);
    expect((await ask(gateway, token, { body: '{ no JSON' })).status).toBe(429);
    expect((await ask(gateway, token, { method: 'GET', path: `/sessions/${SESSION}/log` })).status).toBe(429);
    expect(simulator.requests).toEqual([]);
  });

  test('downloads and GETs count as well; signs of life, and preflights, do not', async () => {
    const gateway = await start({ ...limits(null, 3), corsOrigins: ['https://page.example.com'] });
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'https://page.example.com', 'access-control-request-method': 'POST' },
    };
    expect(await statuses(5, () => ask(gateway, null, { method: 'GET', path: '/livez' }))).toEqual([
      200, 200, 200, 200, 200,
    ]);
    expect(await statuses(5, () => ask(gateway, null, { method: 'GET', path: '/readyz' }))).toEqual([
      200, 200, 200, 200, 200,
    ]);
    expect(await statuses(5, () => ask(gateway, null, preflight))).toEqual([204, 204, 204, 204, 204]);
    const page = { headers: { origin: 'https://page.example.com' } };
    const first = await ask(gateway, null, page);
    expect(standing(first)).toEqual(['3', '2']);
    expect(first.headers['access-control-expose-headers']).toMatch(
      /ratelimit-limit, *ratelimit-remaining, *ratelimit-reset/,
    );
    await ask(gateway, null, { method: 'GET', path: `/sessions/${SESSION}/log` });
    await ask(gateway, null, { method: 'GET', path: '/graphql?query={__typename}' });
    const refused = await ask(gateway, null, page);
    expect(refused.status).toBe(429);
    expect(refused.headers['access-control-allow-origin']).toBe('https://page.example.com');
    expect((await ask(gateway, null, { method: 'GET', path: '/livez' })).status).toBe(200);
  });

  test('a request without a token counts by its address alone', async () => {
    const gateway = await start(limits(1));
    expect(await statuses(3, () => ask(gateway, null))).toEqual([200, 200, 200]);
    const { headers } = await ask(gateway, null);
    expect(headers['ratelimit-limit']).toBeUndefined();
  });

  test('of two limits, the one that leaves less room is told', async () => {
    const gateway = await start(limits(3, 5));
    expect(standing(await ask(gateway, 'one'))).toEqual(['3', '2']);
    await ask(gateway, 'two');
    await ask(gateway, 'two');
    expect(standing(await ask(gateway, 'three'))).toEqual(['5', '1']);
    await ask(gateway, 'four');
    expect((await ask(gateway, 'five')).status).toBe(429);
    expect(gateway.refusals).toEqual(['address_rate']);
  });
});

describe('behind a proxy', () => {
  const forwarded = (...addresses: string[]): Sent => ({ headers: { 'x-forwarded-for': addresses.join(', ') } });

  test('X-Forwarded-For is not believed, unless the proxy is trusted', async () => {
    const gateway = await start(limits(null, 1));
    expect(await statuses(1, () => ask(gateway, null, forwarded('192.0.2.1')))).toEqual([200]);
    expect(await statuses(1, () => ask(gateway, null, forwarded('192.0.2.2')))).toEqual([429]);
    const distant = await start({ ...limits(null, 1), trustedProxies: ['10.0.0.0/8'] });
    expect(await statuses(1, () => ask(distant, null, forwarded('192.0.2.1')))).toEqual([200]);
    expect(await statuses(1, () => ask(distant, null, forwarded('192.0.2.2')))).toEqual([429]);
  });

  test('by a trusted one, each of its callers counts, whatever they say before it', async () => {
    const gateway = await start({ ...limits(null, 1), trustedProxies: ['127.0.0.0/8', '10.1.0.0/16'] });
    const of =
      (...addresses: string[]) =>
      async (): Promise<Answer> =>
        ask(gateway, null, forwarded(...addresses));
    expect(await statuses(2, of('192.0.2.1'))).toEqual([200, 429]);
    expect(await statuses(2, of('192.0.2.2'))).toEqual([200, 429]);
    // What a caller has written itself is to the left of what the proxies add.
    expect(await statuses(1, of('198.51.100.7', '192.0.2.1'))).toEqual([429]);
    expect(await statuses(1, of('127.0.0.1', '192.0.2.1'))).toEqual([429]);
    expect(await statuses(1, of('nonsense', '192.0.2.1', '10.1.2.3'))).toEqual([429]);
    expect(await statuses(2, of('192.0.2.1', '192.0.2.3'))).toEqual([200, 429]);
  });

  test.each([
    ['a port', ['192.0.2.1:1001', '192.0.2.1:1002', '192.0.2.1']],
    ['brackets and a port', ['[2001:db8::1]:443', '[2001:db8::1]:444', '[2001:db8::2]', '2001:db8::3']],
    ['no address, which is the proxy by itself', ['_a', '_b', 'unknown']],
  ])('what has %s is one caller, however it varies', async (_, addresses) => {
    const gateway = await start({ ...limits(null, 1), trustedProxies: ['127.0.0.1'] });
    for (const [index, address] of addresses.entries())
      expect((await ask(gateway, null, forwarded(address))).status).toBe(index === 0 ? 200 : 429);
    expect((await ask(gateway, null, forwarded('198.51.100.7:1'))).status).toBe(200);
  });

  test('the log names the network that is counted, once, however many of its addresses ask', async () => {
    const gateway = await start({ ...limits(null, 1), trustedProxies: ['127.0.0.1'] });
    for (let last = 1; last < 5; last += 1) await ask(gateway, null, forwarded(`2001:db8:1:2::${last}`));
    expect(gateway.logLines.filter(({ code }) => code === 'RATE_LIMITED')).toMatchObject([
      { reason: 'address_rate', address: '2001:db8:1:2::/64' },
    ]);
  });

  test('one network of IPv6 is one caller', async () => {
    const gateway = await start({ ...limits(null, 1), trustedProxies: ['127.0.0.1'] });
    const of = (address: string) => async (): Promise<Answer> => ask(gateway, null, forwarded(address));
    expect(await statuses(1, of('2001:db8:1:2::1'))).toEqual([200]);
    expect(await statuses(1, of('2001:db8:1:2:ffff::9'))).toEqual([429]);
    expect(await statuses(1, of('2001:db8:1:3::1'))).toEqual([200]);
  });
});

describe('two instances', () => {
  let redis: RedisServer;
  async function startPair(options: GatewayOptions): Promise<[Gateway, Gateway, TestStore, TestStore]> {
    redis = await startRedis();
    opened.push(() => redis.close());
    const stores = [openStore(redis.url, simulator.origin), openStore(redis.url, simulator.origin)] as const;
    for (const { store } of stores) {
      opened.push(store.close);
      await until(() => store.isUp());
    }
    const [one, other] = stores;
    return [await start({ ...options, store: one.store }), await start({ ...options, store: other.store }), one, other];
  }

  test('count together', async () => {
    const [one, other] = await startPair(limits(3, 4));
    expect((await ask(one, 'mine')).status).toBe(200);
    expect((await ask(other, 'mine')).status).toBe(200);
    expect(standing(await ask(one, 'mine'))).toEqual(['3', '0']);
    expect((await ask(other, 'mine')).status).toBe(429);
    expect((await ask(one, 'another')).status).toBe(429); // by its address
    const dump = await redis.dump();
    expect(dump).toHaveLength(2); // what is refused by address counts for no token
    for (const { leftMs } of dump) expect(leftMs).toBeLessThanOrEqual(60_000);
    expect(JSON.stringify(dump)).not.toMatch(/mine|another|127\.0\.0\.1/);
  });

  test('what an instance has counted beyond the limit by itself is not asked of Redis', async () => {
    const [one, , ofOne] = await startPair(limits(1));
    expect(await statuses(3, () => ask(one, 'mine'))).toEqual([200, 429, 429]);
    expect(ofOne.told.map(({ command }) => command)).toEqual(['count']);
  });

  test('while Redis is away, each counts by itself, with what it has counted before; then together again', async () => {
    const [one, other, ofOne, ofOther] = await startPair(limits(3));
    await ask(one, 'mine');
    await ask(one, 'mine');
    await redis.kill();
    await until(() => !ofOne.store.isUp() && !ofOther.store.isUp());
    expect(await statuses(2, () => ask(one, 'mine'))).toEqual([200, 429]);
    expect(await statuses(4, () => ask(other, 'mine'))).toEqual([200, 200, 200, 429]);
    await redis.start();
    await until(() => ofOne.store.isUp() && ofOther.store.isUp());
    expect((await ask(one, 'mine')).status).toBe(429); // what it has counted itself holds: the store may have lost the others'
    expect(standing(await ask(one, 'fresh'))).toEqual(['3', '2']);
    expect(standing(await ask(other, 'fresh'))).toEqual(['3', '1']);
  });

  test('a Redis that hangs holds nobody up for longer than is set', async () => {
    const [one] = await startPair(limits(2));
    redis.pause();
    try {
      expect(await statuses(3, () => ask(one, 'mine'))).toEqual([200, 200, 429]);
    } finally {
      redis.resume();
    }
  });
});
