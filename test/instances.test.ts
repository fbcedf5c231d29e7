import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { startSimulator, type Simulator } from '../src/simulator/index.js';
import { startGateway, TEST_NOW_MS, type Asked, type Gateway, type GatewayOptions } from './helpers/gateway.js';
import { startRedis, type RedisServer } from './helpers/redis.js';
import { openStore, type TestStore } from './helpers/store.js';
import { until } from './helpers/until.js';

/** Two instances in front of one backup server, with one Redis between them. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const TWENTY =
  'query Twenty { jobSessions(first: 20, filter: { type: BACKUP }) { nodes { id status job { name } log(first: 20) { nodes { id sequenceNumber type message creationTime endTime durationSeconds } pageInfo { endCursor hasNextPage } } } } }';
const ONE =
  'query One($id: ID!) { jobSession(id: $id) { status log(first: 20) { nodes { message } } processedObjects { nodes { objectId type status } } } }';

const paths = ({ upstream }: Asked): string[] => upstream.map(({ path }) => path.replace(/[0-9a-f-]{36}/, '{id}'));
const codesOf = ({ errors }: Asked): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

let redis: RedisServer;
let simulator: Simulator;
let one: Gateway;
let other: Gateway;
let ofOne: TestStore;
let ofOther: TestStore;

async function closePair(): Promise<void> {
  await one.close();
  await other.close();
}

async function startPair(options: GatewayOptions = {}): Promise<void> {
  one = await startGateway({ simulator, store: ofOne.store, ...options });
  other = await startGateway({ simulator, store: ofOther.store, ...options });
}

beforeEach(async () => {
  redis = await startRedis();
  simulator = await startSimulator({ days: 12, nowMs: () => TEST_NOW_MS });
  ofOne = openStore(redis.url, simulator.origin);
  ofOther = openStore(redis.url, simulator.origin);
  await until(() => ofOne.store.isUp() && ofOther.store.isUp());
  await startPair();
});
afterEach(async () => {
  await closePair();
  await ofOne.store.close();
  await ofOther.store.close();
  await simulator.close();
  await redis.close();
});

const newToken = (): string => simulator.tokens.issue().accessToken;

/** Asks one instance, and waits until what it wrote is there. */
async function askOne(query: string, variables: Record<string, unknown>, token: string): Promise<Asked> {
  ofOne.forget();
  const asked = await one.ask(query, variables, { token });
  const isOver = (): boolean => {
    const misses = ofOne.count('read', 'miss') + ofOne.count('read', 'unreadable');
    return ofOne.count('write', 'done') === misses;
  };
  await until(isOver);
  return asked;
}

describe('logs of finished sessions', () => {
  test('that one instance has read for a token are not asked for by the other, and are the same to the byte', async () => {
    const token = newToken();
    const first = await askOne(TWENTY, {}, token);
    expect(first.upstream).toHaveLength(22);
    const second = await other.ask(TWENTY, {}, { token });
    const { nodes } = first.data.jobSessions as { nodes: { id: string; status: string }[] };
    const running = nodes.filter(({ status }) => status === 'RUNNING');
    // The sessions are asked for first; then their jobs, which may change, and the logs of those that run.
    expect(paths(second)[0]).toBe('JobSessions');
    expect(paths(second).toSorted()).toEqual([
      'JobSessions',
      ...running.map(() => 'JobSessions/{id}/LogItems'),
      'Jobs',
    ]);
    expect(second.text).toBe(first.text);
    expect(ofOther.count('read', 'hit')).toBe(19);
    // What it found is in its own memory now.
    ofOther.forget();
    expect((await other.ask(TWENTY, {}, { token })).text).toBe(first.text);
    expect(ofOther.told).toEqual([]);
  });

  test('and so are the objects that they processed', async () => {
    const token = newToken();
    const first = await askOne(ONE, { id: SESSION }, token);
    expect(paths(first)).toEqual([
      'JobSessions/{id}',
      'JobSessions/{id}/LogItems',
      'JobSessions/{id}/ProcessedObjects',
    ]);
    const second = await other.ask(ONE, { id: SESSION }, { token });
    expect(paths(second)).toEqual(['JobSessions/{id}']);
    expect(second.text).toBe(first.text);
  });

  test.each(['v2', 'v4', 'v7'])('under %s as well', async (apiVersion) => {
    await closePair();
    await startPair({ apiVersion });
    const token = newToken();
    const query =
      'query One($id: ID!) { jobSession(id: $id) { log(first: 2) { nodes { id sequenceNumber type message creationTime endTime } pageInfo { endCursor } } } }';
    const first = await askOne(query, { id: SESSION }, token);
    const second = await other.ask(query, { id: SESSION }, { token });
    expect(first.data.jobSession.log.nodes).toHaveLength(2);
    expect([first.upstream.length, second.upstream.length]).toEqual([2, 1]);
    expect(second.text).toBe(first.text);
  });

  test('another token reads none of them', async () => {
    const first = await askOne(TWENTY, {}, newToken());
    const second = await other.ask(TWENTY, {}, { token: newToken() });
    expect(second.upstream).toHaveLength(22);
    expect(ofOther.count('read', 'hit')).toBe(0);
    expect(ofOther.count('read', 'unreadable')).toBe(0);
    expect(second.text).toBe(first.text);
  });

  test('nothing of them is told to a token that the server refuses, and what was kept for it is gone everywhere', async () => {
    const token = newToken();
    await askOne(TWENTY, {}, token);
    expect((await redis.dump()).filter(({ field }) => field !== 'bytes')).toHaveLength(19);
    simulator.tokens.revoke(token);
    const refused = await other.ask(TWENTY, {}, { token });
    expect(refused.data).toEqual({ jobSessions: null });
    expect(codesOf(refused)).toEqual(['UNAUTHENTICATED']);
    expect(ofOther.count('read', 'hit') + ofOther.count('read', 'miss')).toBe(0);
    await until(async () => (await redis.dump()).length === 0);
    simulator.tokens.issue({ accessToken: token });
    expect((await other.ask(TWENTY, {}, { token })).upstream).toHaveLength(22);
  });

  test('what came with an error is never written', async () => {
    const token = newToken();
    const page = { offset: 0, limit: 20, results: [{ id: SESSION, usn: 'nine', title: 't', message: 'm' }] };
    simulator.misbehave(({ path }) => path.endsWith('/LogItems'), { body: page });
    const query = 'query One($id: ID!) { jobSession(id: $id) { log(first: 5) { nodes { sequenceNumber } } } }';
    const asked = await one.ask(query, { id: SESSION }, { token });
    expect(codesOf(asked)).toContain('UPSTREAM_BAD_RESPONSE');
    expect(ofOne.count('read', 'miss')).toBe(1);
    expect(await redis.dump()).toEqual([]);
    expect(ofOne.told.map(({ command }) => command)).toEqual(['read']);
  });

  test('SHARING=off puts none there, and looks for none', async () => {
    await closePair();
    await startPair({ sharing: { isOn: false } });
    const token = newToken();
    await one.ask(TWENTY, {}, { token });
    expect((await other.ask(TWENTY, {}, { token })).upstream).toHaveLength(22);
    expect([...ofOne.told, ...ofOther.told]).toEqual([]);
  });

  test('what was looked up is told: in memory, then in the store', async () => {
    const looked: string[] = [];
    await other.close();
    const observer = {
      asked: () => undefined,
      joined: () => undefined,
      lookedUp: (level: string, isHit: boolean) => looked.push(`${level} ${isHit ? 'hit' : 'miss'}`),
    };
    other = await startGateway({ simulator, store: ofOther.store, observer });
    const token = newToken();
    const query = 'query One($id: ID!) { jobSession(id: $id) { log(first: 5) { nodes { message } } } }';
    await other.ask(query, { id: SESSION }, { token });
    await other.ask(query, { id: SESSION }, { token });
    await askOne(query, { id: '00b96531-1a68-4c90-a398-91141ffedb3b' }, token);
    expect(looked).toEqual(['memory miss', 'store miss', 'memory hit']);
  });
});

describe('persisted queries', () => {
  const query = 'query Registered($id: ID!) { jobSession(id: $id) { status } }';
  const sha256Hash = hash('sha256', query);
  const extensions = { persistedQuery: { version: 1, sha256Hash } };

  async function send(
    { url }: Gateway,
    token: string | null,
    body: Record<string, unknown>,
  ): Promise<{ status: number; data: unknown; code: string | undefined }> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ variables: { id: SESSION }, ...body }),
    });
    const { data, errors } = (await response.json()) as { data?: unknown; errors?: { extensions: { code: string } }[] };
    return { status: response.status, data, code: errors?.[0]?.extensions.code };
  }

  test('that a token has registered with one instance are known to the other, for that token', async () => {
    const token = newToken();
    expect((await send(one, token, { extensions })).code).toBe('PERSISTED_QUERY_NOT_FOUND');
    const registered = await send(one, token, { query, extensions });
    expect(registered.data).toEqual({ jobSession: { status: 'SUCCESS' } });
    await until(() => ofOne.count('write', 'done') === 1);
    expect((await send(other, newToken(), { extensions })).code).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect((await send(other, null, { extensions })).code).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(await send(other, token, { extensions })).toEqual(registered);
    expect([ofOther.count('read', 'miss'), ofOther.count('read', 'hit')]).toEqual([1, 1]);
    expect(await send(other, token, { extensions })).toEqual(registered);
    expect(ofOther.count('read', 'hit')).toBe(1); // now it is known here
  });

  test('SHARING=off does not concern them, and the first refusal takes them away all the same', async () => {
    await closePair();
    await startPair({ sharing: { isOn: false } });
    const token = newToken();
    const registered = await send(one, token, { query, extensions });
    await until(() => ofOne.count('write', 'done') === 1);
    expect(await send(other, token, { extensions })).toEqual(registered);
    expect(ofOther.count('read', 'hit')).toBe(1);
    simulator.tokens.revoke(token);
    expect((await send(other, token, { extensions })).code).toBe('UNAUTHENTICATED');
    await until(async () => (await redis.dump()).length === 0);
  });

  test('one that is registered with each request takes no more room than once', async () => {
    const token = newToken();
    await send(one, token, { query, extensions });
    await until(() => ofOne.count('write', 'done') === 1);
    const shelf = async (): Promise<[string | null, string][]> =>
      (await redis.dump()).map(({ field, value }) => [field, value.toString('base64')]);
    const before = await shelf();
    for (let time = 2; time <= 10; time += 1) await send(one, token, { query, extensions });
    await until(() => ofOne.count('write', 'done') === 10);
    expect(await shelf()).toEqual(before);
  });

  test('by GET as well', async () => {
    const token = newToken();
    await send(one, token, { query, extensions });
    await until(() => ofOne.count('write', 'done') === 1);
    const search = new URLSearchParams({
      variables: JSON.stringify({ id: SESSION }),
      extensions: JSON.stringify(extensions),
    });
    const response = await fetch(`${other.url}/graphql?${search.toString()}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/graphql-response+json' },
    });
    expect(await response.json()).toEqual({ data: { jobSession: { status: 'SUCCESS' } } });
  });

  test.each<[string, Record<string, unknown>]>([
    ['a text of another hash', { query: '{ jobs { nodes { id } } }', extensions }],
    [
      'what is no document of the schema',
      {
        query: '{ nothing }',
        extensions: { persistedQuery: { version: 1, sha256Hash: hash('sha256', '{ nothing }') } },
      },
    ],
    ['a query without a hash', { query }],
  ])('%s is not written', async (_, body) => {
    await send(one, newToken(), body);
    expect(ofOne.told).toEqual([]);
  });

  test('nothing is written for a token that the server does not take, nor without one', async () => {
    expect((await send(one, 'of-nobody', { query, extensions })).code).toBe('UNAUTHENTICATED');
    expect((await send(one, null, { query, extensions })).code).toBe('UNAUTHENTICATED');
    await until(() => ofOne.count('drop', 'done') === 1);
    expect(ofOne.told.map(({ command }) => command)).toEqual(['drop']);
    expect(await redis.dump()).toEqual([]);
  });

  test('where documents are trusted, the store is not asked', async () => {
    await one.close();
    one = await startGateway({
      simulator,
      store: ofOne.store,
      trustedDocuments: [{ id: sha256Hash, name: 'Registered', type: 'query', body: query }],
    });
    expect((await send(one, newToken(), { extensions })).data).toEqual({ jobSession: { status: 'SUCCESS' } });
    expect(ofOne.told).toEqual([]);
  });
});

describe('what who can read Redis learns', () => {
  test('is no token, no session, no line of a log and no query: in no key, field or value', async () => {
    await closePair();
    await startPair({ rateLimits: { perToken: 1000, perAddress: 1000 } });
    const ids = simulator.history
      .sessions()
      .slice(0, 30)
      .map(({ id }) => id);
    const tokens = Array.from({ length: 20 }, newToken);
    const secrets = new Set<string>([...tokens, ...ids, '127.0.0.1', 'jobSession', 'sequenceNumber']);
    for (const token of tokens) {
      const text = `query { ${ids
        .slice(0, 12)
        .map(
          (id, index) =>
            `s${index}: jobSession(id: "${id}") { id log(first: 60) { nodes { id message } } processedObjects { nodes { objectId } } }`,
        )
        .join(' ')} }`;
      const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', text) } };
      for (const { url } of [one, other]) {
        const response = await fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify({ query: text, extensions }),
        });
        const { data } = (await response.json()) as {
          data: Record<string, { log: { nodes: { id: string; message: string }[] } }>;
        };
        for (const { log } of Object.values(data)) for (const line of log.nodes) secrets.add(line.message).add(line.id);
      }
    }
    await until(() => ofOne.count('write', 'done') > 20 * 20 && ofOther.count('read', 'hit') > 20 * 20);
    const dump = await redis.dump();
    expect(dump.filter(({ key }) => key.startsWith('backup365:{')).length).toBeGreaterThan(20 * 20);
    expect(new Set(dump.map(({ key }) => key)).size).toBe(20 + 20 + 1); // shelves, counts by token, the count by address
    expect(secrets.size).toBeGreaterThan(300);
    const inflated = (bytes: Buffer): Buffer[] => {
      const texts: Buffer[] = [];
      for (const start of [0, 1, 12, 13, 28, 29]) {
        try {
          texts.push(inflateRawSync(bytes.subarray(start)));
        } catch {
          // it is no such thing
        }
      }
      return texts;
    };
    const everything = dump.flatMap(({ key, field, value }) => [
      Buffer.from(`${key} ${field ?? ''}`),
      Buffer.from(Buffer.from(field ?? '', 'base64url').toString('latin1')),
      value,
      ...inflated(value),
    ]);
    const haystack = Buffer.concat(everything.flatMap((bytes) => [bytes, Buffer.from('\n')]));
    // Short texts (a number, say) can be found in anything.
    const found = [...secrets].filter((secret) => secret.length >= 6 && haystack.includes(secret));
    expect(found).toEqual([]);
  });

  test('is gone after an hour at the latest, whatever is put to it meanwhile', async () => {
    const token = newToken();
    await askOne(ONE, { id: SESSION }, token);
    const [before] = await redis.dump();
    expect(before?.leftMs).toBeLessThanOrEqual(3_600_000);
    expect(before?.leftMs).toBeGreaterThan(3_500_000);
    await redis.send('PEXPIRE', before?.key ?? '', '60000');
    await askOne(TWENTY, {}, token);
    const after = await redis.dump();
    expect(after.length).toBeGreaterThan(10);
    for (const { leftMs } of after) expect(leftMs).toBeLessThanOrEqual(60_000);
  });
});
