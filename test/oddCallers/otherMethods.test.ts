import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent, request } from 'node:http';
import { startGateway, withGateway, type Gateway } from '../helpers/gateway.js';
import { send, type Sent } from '../helpers/send.js';

/** Methods that a path does not have, and the address of GraphQL with a slash at its end. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const PORTAL = 'https://portal.example.com';
const QUERY = '{ __typename }';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ explorer: true, corsOrigins: [PORTAL] });
});
afterAll(() => gateway.close());

const file = async (): Promise<string> => {
  const { body } = await send(`${gateway.url}/`);
  return `/${/src="(explorer\/[^"]+)"/.exec(body)?.[1] ?? ''}`;
};

const paths: [path: string, allowed: string][] = [
  ['/graphql', 'GET, OPTIONS, POST'],
  ['/graphql/', 'GET, OPTIONS, POST'],
  ['/graphql?query=x', 'GET, OPTIONS, POST'],
  [`/sessions/${SESSION}/log`, 'GET, OPTIONS'],
  ['/sessions/x/log?format=text', 'GET, OPTIONS'],
  ['/', 'GET, HEAD, OPTIONS'],
  ['/livez', 'GET, HEAD, OPTIONS'],
  ['/readyz', 'GET, HEAD, OPTIONS'],
];
const methods = ['PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'LOCK', 'QUERY'];

describe.each(paths)('%s', (path, allowed) => {
  const isGraphql = path.startsWith('/graphql');

  test.each([
    ...methods.filter((method) => method !== 'QUERY' || process.version >= 'v22'),
    ...(isGraphql ? [] : ['POST']),
  ])('answers %s with 405, the methods that it has, and an error in the shape of GraphQL', async (method) => {
    gateway.simulator.forgetRequests();
    const headers = {
      authorization: `Bearer ${gateway.token}`,
      'content-type': 'text/xml',
      'content-encoding': 'gzip',
    };
    const answer = await send(gateway.url + path, { method, headers, ...(method !== 'TRACE' && { body: '<x/>' }) });
    expect({ ...answer, body: JSON.parse(answer.body) }).toMatchObject({
      status: 405,
      headers: { allow: allowed, 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' },
      body: {
        errors: [
          {
            message: `${method} is not allowed here. Allowed are ${allowed}.`,
            extensions: { code: 'BAD_REQUEST', requestId: answer.headers['x-request-id'] },
          },
        ],
      },
    });
    expect(gateway.simulator.requests).toEqual([]);
  });

  test('answers OPTIONS with 204 and the methods that it has', async () => {
    const { status, headers } = await send(gateway.url + path, { method: 'OPTIONS' });
    expect({ status, allow: headers.allow }).toEqual({ status: 204, allow: allowed });
  });

  test('answers HEAD without a body, or with 405 where it would cost as much as GET', async () => {
    gateway.simulator.forgetRequests();
    const { status, headers, body } = await send(gateway.url + path, { method: 'HEAD' });
    const hasHead = allowed.includes('HEAD');
    expect({ status, body, allow: headers.allow }).toEqual({
      status: hasHead ? 200 : 405,
      body: '',
      allow: hasHead ? undefined : allowed,
    });
    expect(gateway.simulator.requests).toEqual([]);
  });
});

test("answers PUT of an explorer's file with 405", async () => {
  const { status, headers } = await send(gateway.url + (await file()), { method: 'PUT' });
  expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, HEAD, OPTIONS' });
});

test.each(['/graphqlx', '/graphql//', '/graphql/x', '/explorer/', '/sessions//log', '/sessions/a/b/log', '/nowhere'])(
  'answers PUT %s with 404, as nothing is there',
  async (path) => {
    const { status, headers } = await send(gateway.url + path, { method: 'PUT' });
    expect({ status, allow: headers.allow }).toEqual({ status: 404, allow: undefined });
  },
);

test('answers OPTIONS without the explorer and without allowed origins', async () => {
  await withGateway({}, async ({ url }) => {
    const answers = await Promise.all(
      ['/graphql', '/graphql/', '/livez', '/'].map(
        async (path) => (await send(url + path, { method: 'OPTIONS' })).status,
      ),
    );
    expect(answers).toEqual([204, 204, 204, 404]);
  });
});

const bodies: Sent[] = [
  { headers: { 'content-type': 'application/json' } },
  { headers: { 'content-type': 'application/json' }, body: '{' },
  { headers: { 'content-type': 'application/json; charset=utf-16' }, body: '{}' },
  { headers: { 'content-type': 'text/plain' }, body: 'x' },
  { headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x--' },
  { headers: { 'content-encoding': 'gzip' } },
  { headers: { 'content-encoding': 'gzip' }, body: 'x' },
];

describe.each([[[PORTAL]], [[]]])('with %j allowed', (corsOrigins) => {
  test.each(bodies)('answers OPTIONS with %j as one without a body', async (sent) => {
    await withGateway({ corsOrigins }, async ({ url, simulator }) => {
      for (const [path, allow] of paths.slice(0, 5)) {
        const { status, headers, body } = await send(url + path, { method: 'OPTIONS', ...sent });
        expect({ path, status, allow: headers.allow, body }).toEqual({ path, status: 204, allow, body: '' });
      }
      expect(simulator.requests.filter(({ path }) => path.includes('Session'))).toEqual([]);
    });
  });
});

test.each(bodies)('answers the preflight of an allowed page with %j', async ({ headers = {}, body }) => {
  for (const [path, allow] of paths.slice(0, 5)) {
    const answer = await send(gateway.url + path, {
      method: 'OPTIONS',
      headers: { ...headers, origin: PORTAL, 'access-control-request-method': 'POST' },
      ...(body !== undefined && { body }),
    });
    expect({ path, ...answer }).toMatchObject({
      ...{ path, status: 204, body: '' },
      headers: { allow, 'access-control-allow-origin': PORTAL, 'access-control-allow-methods': 'GET, POST' },
    });
  }
});

describe('a path', () => {
  const sendTo = (method: string, path: string): Promise<{ status: number | undefined; allow: string | undefined }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(gateway.url);
      request({ hostname, port, method, path, agent: false }, (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode, allow: answer.headers.allow });
      })
        .once('error', reject)
        .end();
    });

  test.each([
    ['http://x/graphql', 'GET, OPTIONS, POST'],
    ['HTTPS://Portal.example.com:443/graphql/?query=x', 'GET, OPTIONS, POST'],
    ['http://x/sessions/a%20b/log', 'GET, OPTIONS'],
    ['/%67raphql', 'GET, OPTIONS, POST'],
    ['/graph%71l/', 'GET, OPTIONS, POST'],
    ['/%6Civez?x', 'GET, HEAD, OPTIONS'],
    ['/graphql#x', 'GET, OPTIONS, POST'],
    ['/graphql#x?y', 'GET, OPTIONS, POST'],
  ])('that is written %s has its methods', async (path, allow) => {
    expect(await sendTo('PUT', path)).toEqual({ status: 405, allow });
    expect(await sendTo('OPTIONS', path)).toEqual({ status: 204, allow });
  });

  test.each([
    'http://x/nowhere',
    'http://graphql/x',
    'http://x//graphql',
    '/%2567raphql',
    '/x#/graphql',
    '/x?/graphql',
  ])('that is written %s is not there', async (path) => {
    expect(await sendTo('PUT', path)).toEqual({ status: 404, allow: undefined });
  });
});

test('keeps a connection usable after a method that it refuses with a body', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request(
        `${gateway.url}/graphql`,
        { method, agent, headers: { 'content-type': 'application/json' } },
        (answer) => {
          answer.resume().once('end', () => {
            resolve(answer.statusCode ?? 0);
          });
        },
      )
        .once('error', reject)
        .end(JSON.stringify({ query: QUERY, padding: 'x'.repeat(100_000) }));
    });
  expect([await ask('PUT'), await ask('POST'), await ask('DELETE'), await ask('POST')]).toEqual([405, 200, 405, 200]);
  agent.destroy();
});

describe('the address with a slash at its end', () => {
  const headers = (): Record<string, string> => ({
    authorization: `Bearer ${gateway.token}`,
    'content-type': 'application/json',
    origin: PORTAL,
  });

  test('answers POST and GET as the one without, for pages of other origins too', async () => {
    for (const path of ['/graphql', '/graphql/']) {
      const posted = await send(gateway.url + path, {
        method: 'POST',
        headers: headers(),
        body: JSON.stringify({ query: QUERY }),
      });
      const got = await send(`${gateway.url}${path}?query=${encodeURIComponent(QUERY)}`, { headers: headers() });
      for (const { status, body, headers: answered } of [posted, got]) {
        expect({ path, status, body: JSON.parse(body), origin: answered['access-control-allow-origin'] }).toEqual({
          path,
          status: 200,
          body: { data: { __typename: 'Query' } },
          origin: PORTAL,
        });
      }
      expect(got.headers.etag).toMatch(/^W\//);
    }
  });

  test('refuses a GET that any page could send', async () => {
    const { status } = await send(`${gateway.url}/graphql/?query=${encodeURIComponent(QUERY)}`);
    expect(status).toBe(400);
  });

  test('counts for rate limits with the one without', async () => {
    await withGateway({ rateLimits: { perToken: 2, perAddress: null } }, async ({ url, token }) => {
      const ask = (path: string): Promise<number> =>
        send(url + path, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify({ query: QUERY }),
        }).then(({ status }) => status);
      expect([await ask('/graphql/'), await ask('/graphql'), await ask('/graphql/')]).toEqual([200, 200, 429]);
    });
  });
});
