import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, withGateway, type Gateway } from '../helpers/gateway.js';
import { send } from '../helpers/send.js';

/** Pages of other origins: a front end's dev server in front of the demo server, and what the log has of the refused. */

const BODY = JSON.stringify({ query: '{ __typename }' });

const preflight = (url: string, origin: string, path = '/graphql') =>
  send(url + path, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
const post = (url: string, headers: Record<string, string>) =>
  send(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: BODY });

const loopback = [
  'http://localhost:5173',
  'http://localhost:3000',
  'https://localhost:8443',
  'http://localhost',
  'http://127.0.0.1:8080',
  'http://[::1]:4200',
  'http://app.localhost:5173',
  'https://a.b-c.localhost',
  'http://127.0.0.2:3000',
  'http://127.255.255.254',
];
const others = [
  'http://localhost.evil.example',
  'http://localhost:5173.evil.example',
  'http://evil.example:5173',
  'http://localhost@evil.example',
  'http://127.0.0.1.evil.example:80',
  'http://app.localhost.evil.example:5173',
  'http://evillocalhost',
  'http://.localhost',
  'http://localhost.',
  'http://127.0.0.2.evil.example',
  'http://127.0.0',
  'http://128.0.0.1:3000',
  'http://1127.0.0.1',
  'http://0.0.0.0:3000',
  'http://192.168.0.1:3000',
  'ftp://localhost',
  'null',
];

describe('with the demo server', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ allowsLoopbackOrigins: true });
  });
  afterAll(() => gateway.close());

  test.each(loopback)('a page of %s may ask', async (origin) => {
    gateway.logLines.length = 0;
    for (const path of ['/graphql', '/graphql/', '/sessions/x/log']) {
      const { status, headers } = await preflight(gateway.url, origin, path);
      expect({ path, status, origin: headers['access-control-allow-origin'] }).toEqual({ path, status: 204, origin });
    }
    const { headers } = await post(gateway.url, { origin });
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    expect(headers.vary).toMatch(/Origin/);
    expect(gateway.logLines).toEqual([]);
  });

  test.each(others)('a page of %s may not', async (origin) => {
    expect((await preflight(gateway.url, origin)).headers['access-control-allow-origin']).toBeUndefined();
    expect((await post(gateway.url, { origin })).headers['access-control-allow-origin']).toBeUndefined();
  });
});

test.each([[[]], [['https://portal.example.com']]])(
  'with a server of its own and %j allowed, no loopback origin is',
  async (corsOrigins) => {
    await withGateway({ corsOrigins }, async ({ url }) => {
      for (const origin of loopback) {
        expect((await preflight(url, origin)).headers['access-control-allow-origin']).toBeUndefined();
        expect((await post(url, { origin })).headers['access-control-allow-origin']).toBeUndefined();
      }
    });
  },
);

describe('the log', () => {
  const originsIn = ({ logLines }: Gateway): unknown[] =>
    logLines.filter(({ msg }) => msg === 'origin refused').map(({ origin }) => origin);

  test.each([[[]], [['https://portal.example.com']]])(
    'has one line for each refused origin, by its preflight alone, with %j allowed',
    async (corsOrigins) => {
      await withGateway({ corsOrigins }, async (gateway) => {
        for (const origin of ['http://localhost:5173', 'http://localhost:5173', 'https://a.example', 'null']) {
          await preflight(gateway.url, origin);
          await post(gateway.url, { origin });
        }
        expect(originsIn(gateway)).toEqual(['http://localhost:5173', 'https://a.example', 'null']);
        expect(gateway.logLines.find(({ msg }) => msg === 'origin refused')).toMatchObject({
          level: 30,
          setting: 'CORS_ALLOWED_ORIGINS',
          requestId: expect.any(String),
        });
      });
    },
  );

  test('has no line for allowed origins, for the own page, and for callers without an origin', async () => {
    await withGateway({ corsOrigins: ['https://portal.example.com'] }, async (gateway) => {
      await post(gateway.url, { origin: 'https://portal.example.com' });
      await post(gateway.url, { origin: gateway.url });
      await post(gateway.url, { origin: 'https://proxied.example.com', 'sec-fetch-site': 'same-origin' });
      await post(gateway.url, { origin: '' });
      await post(gateway.url, {});
      expect(originsIn(gateway)).toEqual([]);
    });
  });

  describe('behind a proxy', () => {
    const page = 'https://portal.example.com';
    const trusted = ['127.0.0.1'];

    test.each<[Record<string, string>, string[]]>([
      [{ origin: page, host: 'Portal.EXAMPLE.com' }, []],
      [{ origin: page, host: 'portal.example.com:443' }, []],
      [{ origin: 'http://portal.example.com', host: 'portal.example.com:80' }, []],
      [{ origin: `${page}:8443`, host: 'PORTAL.example.com:8443' }, []],
      [{ origin: page, host: 'gateway:4000', 'x-forwarded-host': 'portal.example.com' }, trusted],
      [{ origin: page, host: 'gateway:4000', 'x-forwarded-host': 'Portal.example.com:443' }, trusted],
    ])('has no line for the own page with %j when %j are trusted', async (headers, trustedProxies) => {
      await withGateway({ trustedProxies }, async (gateway) => {
        await post(gateway.url, headers);
        expect(originsIn(gateway)).toEqual([]);
      });
    });

    test.each<[Record<string, string>, string[]]>([
      [{ origin: page, host: 'portal.example.com:8443' }, []],
      [{ origin: page, host: 'portal.example.com.evil.example' }, []],
      [{ origin: page, host: 'gateway:4000', 'x-forwarded-host': 'portal.example.com' }, []],
      [{ origin: page, host: 'portal.example.com', 'x-forwarded-host': 'a.example' }, trusted],
      [{ origin: page, host: '%' }, []],
    ])('has a line for the page of another host with %j when %j are trusted', async (headers, trustedProxies) => {
      await withGateway({ trustedProxies }, async (gateway) => {
        await post(gateway.url, headers);
        expect(originsIn(gateway)).toEqual([page]);
      });
    });
  });

  test.each([
    ['https://evil.example/?token=secret', 'https://evil.example'],
    ['https://evil.example:8443/secret', 'https://evil.example:8443'],
    ['https://evil.example?secret', 'https://evil.example'],
    ['http://[::1]#secret', 'http://[::1]'],
    ['https://somebody:secret@evil.example/', 'https://evil.example'],
    ['evil.example/secret', 'evil.example'],
  ])('has of %s only the origin', async (origin, shown) => {
    await withGateway({}, async (gateway) => {
      await preflight(gateway.url, origin);
      expect(originsIn(gateway)).toEqual([shown]);
      expect(JSON.stringify(gateway.logLines)).not.toContain('secret');
    });
  });

  test('has no more than 100 origins, each cut off and without odd characters', async () => {
    await withGateway({}, async (gateway) => {
      await post(gateway.url, { origin: `https://${'long.'.repeat(2000)}example` });
      await post(gateway.url, { origin: 'https://a.example/"},{"msg":"forged \u00fc<script>' });
      for (let index = 0; index < 150; index += 1) await preflight(gateway.url, `https://made-up-${index}.example`);
      const origins = originsIn(gateway);
      expect(origins).toHaveLength(100);
      for (const origin of origins) expect(origin).toMatch(/^[\w.:/[\]+?-]{1,280}$/);
    });
  });
});
