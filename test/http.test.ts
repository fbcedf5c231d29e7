import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import CachePolicy from 'http-cache-semantics';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { isObjectType } from 'graphql';
import { maxAgeSeconds } from '../src/graph/cachePolicy.js';
import { buildSchema } from '../src/graph/schema.js';
import { startGateway, withGateway, type Gateway } from './helpers/gateway.js';

const FINISHED = 'be376069-2865-4156-a9bc-825cef7d687e';
const UNKNOWN = '11111111-2222-3333-4444-555555555555';
const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const DAILY_JOB = JOB;
const PORTAL = 'https://portal.example.com';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ corsOrigins: [PORTAL, 'http://localhost:3000'] });
});
afterAll(() => gateway.close());

const getUrl = (query: string): string => `${gateway.url}/graphql?query=${encodeURIComponent(query)}`;
const get = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(getUrl(query), { headers: { authorization: `Bearer ${gateway.token}`, ...headers } });

/** A session of the demo server that runs at this moment. */
const runningId = ({ history } = gateway.simulator): string =>
  history.insert('b20cedd4-66b2-49b1-86de-a575dc67e83b', 600).id;

describe('what a cache may keep', () => {
  test.each<[string, string, string]>([
    ['a finished session', `{ jobSession(id: "${FINISHED}") { id status } }`, 'private, max-age=3600'],
    ['its log', `{ jobSession(id: "${FINISHED}") { log { nodes { message } } } }`, 'private, max-age=3600'],
    ['its job', `{ jobSession(id: "${FINISHED}") { job { name } } }`, 'private, max-age=30'],
    ['jobs', '{ jobs(first: 1) { nodes { name } } }', 'private, max-age=30'],
    [
      'sessions that have ended',
      '{ jobSessions(filter: { statuses: [SUCCESS] }) { nodes { id } } }',
      'private, no-cache',
    ],
    ['a session that is not there', `{ jobSession(id: "${UNKNOWN}") { id } }`, 'private, max-age=30'],
    [
      'a job as an entity',
      `{ _entities(representations: [{ __typename: "Job", id: "${JOB}" }]) { ... on Job { name } } }`,
      'private, max-age=30',
    ],
    ["a job's latest session", `{ job(id: "${DAILY_JOB}") { latestSession { status } } }`, 'private, no-cache'],
    ['statistics', `{ jobSession(id: "${FINISHED}") { statistics { bottleneck } } }`, 'private, max-age=3600'],
    ['the schema', '{ __schema { queryType { name } } }', 'private, no-cache'],
    ['nothing', '{ __typename }', 'private, no-cache'],
  ])('%s', async (_, query, expected) => {
    const answer = await get(query);
    expect({ control: answer.headers.get('cache-control'), body: await answer.json() }).toEqual({
      control: expected,
      body: { data: expect.anything() },
    });
  });

  test('a fragment counts as what is written in its place', async () => {
    const query = `{ ...Start } fragment Start on Query { jobSession(id: "${FINISHED}") { ...Rest } } fragment Rest on JobSession { job { name } }`;
    expect((await get(query)).headers.get('cache-control')).toBe('private, max-age=30');
  });

  test('a session that has just ended is kept as briefly as a job', async () => {
    await withGateway({ simulator: { nowMs: Date.now } }, async ({ url, simulator, token }) => {
      const id = runningId(simulator);
      simulator.history.finish(id);
      const query = encodeURIComponent(`{ jobSession(id: "${id}") { endTime } }`);
      const answer = await fetch(`${url}/graphql?query=${query}`, { headers: { authorization: `Bearer ${token}` } });
      expect(await answer.json()).toEqual({ data: { jobSession: { endTime: expect.any(String) } } });
      expect(answer.headers.get('cache-control')).toBe('private, max-age=30');
    });
  });

  test('statistics by another name as long', async () => {
    await withGateway({ statisticsTypeName: 'BackupStatistics' }, async ({ ask }) => {
      const { headers } = await ask(`{ jobSession(id: "${FINISHED}") { statistics { bottleneck } } }`);
      expect(headers.get('cache-control')).toBe('private, max-age=3600');
    });
  });

  test.each([
    ['by its id', 'query ($running: ID!) { jobSession(id: $running) { id } }'],
    ['in a list', '{ jobSessions { nodes { id } } }'],
    ['in edges alone', '{ jobSessions { edges { node { id } } } }'],
    ['below its job', '{ jobs { nodes { latestSession { id } } } }'],
    ['as an entity', 'query ($references: [_Any!]!) { _entities(representations: $references) { __typename } }'],
    [
      'beside a finished one',
      `query ($running: ID!, $finished: ID!) { a: jobSession(id: $finished) { id } b: jobSession(id: $running) { id } }`,
    ],
  ])('nothing of a running session: %s', async (_, query) => {
    const running = runningId();
    const given = { running, finished: FINISHED, references: [{ __typename: 'JobSession', id: running }] };
    const variables = Object.fromEntries(Object.entries(given).filter(([name]) => query.includes(`$${name}`)));
    for (const round of ['interpreted', 'compiled', 'compiled again']) {
      const { status, headers, errors } = await gateway.ask(query, variables);
      expect({ round, status, errors, control: headers.get('cache-control') }).toEqual({
        round,
        status: 200,
        errors: undefined,
        control: 'no-store',
      });
    }
  });

  test('nothing with an error in it', async () => {
    const partial = `{ jobSession(id: "${FINISHED}") { id } job(id: "x") { id } }`;
    expect((await get(partial)).headers.get('cache-control')).toBe('no-store');
    expect((await get('{')).headers.get('cache-control')).toBe('no-store');
    expect(
      (await fetch(getUrl('{ jobs { nodes { id } } }'), { headers: { authorization: 'Bearer wrong' } })).headers.get(
        'cache-control',
      ),
    ).toBe('no-store');
  });

  test('no shared cache may keep anything, and no cache gives one caller what another was told', async () => {
    const asked: [string, RequestInit][] = [
      ['/', {}],
      ['/livez', {}],
      ['/readyz', {}],
      ['/nowhere', {}],
      ['/graphql', {}],
      ...[
        `{ jobSession(id: "${FINISHED}") { id log { nodes { message } } } }`,
        '{ jobs { nodes { name } } }',
        '{ jobSessions { nodes { id } } }',
        '{ nothing }',
      ].flatMap((query): [string, RequestInit][] => [
        [`/graphql?query=${encodeURIComponent(query)}`, {}],
        ['/graphql', { method: 'POST', body: JSON.stringify({ query }) }],
      ]),
    ];
    for (const [path, init] of asked) {
      const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' };
      const answer = await fetch(`${gateway.url}${path}`, { ...init, headers });
      const request = { url: path, method: init.method ?? 'GET', headers };
      const response = { status: answer.status, headers: Object.fromEntries(answer.headers) };
      expect({ path, isKept: new CachePolicy(request, response, { shared: true }).storable() }).toEqual({
        path,
        isKept: false,
      });
      const another = { ...request, headers: { ...headers, authorization: 'Bearer another' } };
      const own = new CachePolicy(request, response, { shared: false });
      expect({ path, isGiven: own.satisfiesWithoutRevalidation(another) }).toEqual({ path, isGiven: false });
    }
  });

  test('what says nothing of it may not be kept, and all of it varies by who asks', async () => {
    for (const path of ['/livez', '/readyz', '/nowhere', '/graphql', '/%']) {
      const { headers } = await fetch(`${gateway.url}${path}`);
      expect({ path, control: headers.get('cache-control'), vary: headers.get('vary') }).toEqual({
        path,
        control: 'no-store',
        vary: expect.stringMatching(/Authorization, Accept, accept-encoding$/),
      });
      expect(headers.get('x-request-id')).not.toBeNull();
    }
  });

  test("the caller's own cache gives it a finished session again without asking", async () => {
    const headers = { authorization: `Bearer ${gateway.token}` };
    const answer = await get(`{ jobSession(id: "${FINISHED}") { id } }`);
    const request = { url: '/graphql', method: 'GET', headers };
    const policy = new CachePolicy(
      request,
      { status: 200, headers: Object.fromEntries(answer.headers) },
      { shared: false },
    );
    expect(policy.satisfiesWithoutRevalidation(request)).toBe(true);
  });

  test('every type that has an age of its own is a type of the schema', () => {
    const schema = buildSchema();
    for (const name of Object.keys(maxAgeSeconds)) {
      const [typeName = '', field] = name.split('.');
      const type = schema.getType(typeName);
      const found = field === undefined ? type : isObjectType(type) ? type.getFields()[field] : undefined;
      expect({ name, isThere: found !== undefined }).toEqual({ name, isThere: true });
    }
  });
});

describe('an answer that the caller has already', () => {
  const query = `{ jobSession(id: "${FINISHED}") { id status } }`;

  test('is 304 for a GET, once the server was asked with the caller’s token', async () => {
    const first = await get(query);
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^W\/".+"$/);
    gateway.simulator.forgetRequests();
    const again = await get(query, { 'if-none-match': tag });
    expect({ status: again.status, text: await again.text() }).toEqual({ status: 304, text: '' });
    expect(again.headers.get('cache-control')).toBe('private, max-age=3600');
    expect(again.headers.get('vary')).toMatch(/Authorization/);
    expect(gateway.simulator.requests.map(({ headers }) => headers['authorization'])).toEqual([
      `Bearer ${gateway.token}`,
    ]);
  });

  test('is not 304 for a token that the server refuses, nor for another answer', async () => {
    const tag = (await get(query)).headers.get('etag') ?? '';
    const refused = await get(query, { 'if-none-match': tag, authorization: 'Bearer wrong' });
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect((await get(`{ jobSession(id: "${FINISHED}") { id } }`, { 'if-none-match': tag })).status).toBe(200);
  });

  test.each([
    ['no GraphQL', '{', {}, 400],
    ['a token that the server refuses', query, { authorization: 'Bearer wrong' }, 200],
    ['a partial answer', `{ jobSession(id: "${FINISHED}") { id } job(id: "x") { id } }`, {}, 200],
    ['a running session', '{ jobSessions { nodes { id } } }', {}, 200],
  ])('has no tag, and never becomes 304, where nothing may be kept: %s', async (_, asked, headers, status) => {
    const named = { ...headers, 'x-request-id': 'always-the-same' };
    const first = await get(asked, named);
    expect({ status: first.status, tag: first.headers.get('etag') }).toEqual({ status, tag: null });
    expect((await get(asked, { ...named, 'if-none-match': '*' })).status).toBe(status);
  });

  test('is 304 as well where the caller has several', async () => {
    const tag = (await get(query)).headers.get('etag') ?? '';
    expect((await get(query, { 'if-none-match': `"other", ${tag}` })).status).toBe(304);
    expect((await get(query, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  test('has no tag where it was a POST', async () => {
    expect((await gateway.ask(query)).headers.get('etag')).toBeNull();
  });
});

describe('compression', () => {
  const long = '{ jobSessions(first: 100) { nodes { id status creationTime } } }';
  /** The body as it came: `fetch` would decompress it. */
  async function raw(encoding: string, query: string): Promise<{ encoding: string | null; body: Buffer }> {
    const { request } = await import('node:http');
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${gateway.token}`, 'accept-encoding': encoding };
      request(getUrl(query), { headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({ encoding: response.headers['content-encoding'] ?? null, body: Buffer.concat(chunks) });
        });
      })
        .on('error', reject)
        .end();
    });
  }

  test.each<[string, string, (body: Buffer) => Buffer]>([
    ['br', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['gzip, deflate, br', 'br', brotliDecompressSync],
  ])('a caller that takes %s gets %s, of the same answer', async (accepted, given, decompress) => {
    const plain = await raw('identity', long);
    const packed = await raw(accepted, long);
    expect(packed.encoding).toBe(given);
    expect(packed.body.length).toBeLessThan(plain.body.length / 2);
    expect(decompress(packed.body).toString()).toBe(plain.body.toString());
  });

  test('an answer beyond what is compressed at once', async () => {
    const query = `{ jobSessions(first: 400) { nodes { ${Array.from({ length: 20 }, (_, n) => `a${n}: details b${n}: id`).join(' ')} } } }`;
    const plain = await raw('identity', query);
    expect(plain.body.length).toBeGreaterThan(200_000);
    expect(gunzipSync((await raw('gzip', query)).body).toString()).toBe(plain.body.toString());
  });

  test('a short answer, and one for a caller that takes none, is sent as it is', async () => {
    expect((await raw('br', '{ __typename }')).encoding).toBeNull();
    expect((await raw('identity', long)).encoding).toBeNull();
    expect((await raw('zstd', long)).encoding).toBeNull();
  });
});

describe('pages of other origins', () => {
  const preflight = (origin: string, path = '/graphql'): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });

  test('may ask where their origin is on the list', async () => {
    for (const origin of [PORTAL, 'http://localhost:3000']) {
      const { status, headers } = await preflight(origin);
      expect({ status, origin: headers.get('access-control-allow-origin') }).toEqual({ status: 204, origin });
      expect(headers.get('access-control-allow-headers')).toBe('authorization,content-type');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
      const answer = await get('{ __typename }', { origin });
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-expose-headers')).toMatch(/x-request-id/);
      expect(answer.headers.get('vary')).toMatch(/Origin/);
    }
  });

  test('can read an error of the door as well', async () => {
    const headers = { origin: PORTAL, 'content-type': 'text/plain' };
    const refused = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: '{}' });
    expect({ status: refused.status, origin: refused.headers.get('access-control-allow-origin') }).toEqual({
      status: 415,
      origin: PORTAL,
    });
  });

  test.each(['https://evil.example.com', `${PORTAL}.evil.example.com`, 'https://portal.example.com:444', 'null', ''])(
    'may not where it is not: %j',
    async (origin) => {
      expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
      expect((await get('{ __typename }', { origin })).headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  test('may not read the first page, nor anything but the graph', async () => {
    for (const path of ['/', '/livez', '/readyz']) {
      const answer = await fetch(`${gateway.url}${path}`, { headers: { origin: PORTAL } });
      expect({ path, origin: answer.headers.get('access-control-allow-origin') }).toEqual({ path, origin: null });
    }
  });

  test('may not at all where no origin is on the list', async () => {
    await withGateway({}, async ({ url }) => {
      const headers = { origin: PORTAL, 'access-control-request-method': 'POST' };
      const answer = await fetch(`${url}/graphql`, { method: 'OPTIONS', headers });
      expect({ status: answer.status, origin: answer.headers.get('access-control-allow-origin') }).toEqual({
        status: 204,
        origin: null,
      });
    });
  });
});
