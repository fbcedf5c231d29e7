import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startChromium, type Chromium } from '../helpers/chromium.js';
import { startGateway, withGateway, type Gateway } from '../helpers/gateway.js';
import { startPrefixProxy, type PrefixProxy } from '../helpers/prefixProxy.js';
import { send } from '../helpers/send.js';

/** How people come to the explorer: below a path of a reverse proxy, and by the address of GraphQL. */

const PREFIX = '/portal/backup';
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

let gateway: Gateway;
let proxy: PrefixProxy;
beforeAll(async () => {
  gateway = await startGateway({ explorer: true });
  proxy = await startPrefixProxy(gateway.url, PREFIX);
});
afterAll(async () => {
  proxy.close();
  await gateway.close();
});

test('every address on the page is relative', async () => {
  const { body } = await send(`${gateway.url}/`);
  const addresses = [...body.matchAll(/(?:src|href|action)="([^"]+)"/g)].map(([, address = '']) => address);
  expect(addresses.length).toBeGreaterThan(6);
  for (const address of addresses) expect(address).toMatch(/^(data:|(?![a-z]+:)[^/])/);
});

describe('in Chromium, below a path of a reverse proxy', () => {
  let chromium: Chromium;
  beforeAll(async () => {
    chromium = await startChromium();
  });
  afterAll(() => chromium.close());

  test.each(['/', '/graphql', '/graphql/', '/graphql?query='])(
    'who opens %s gets the explorer, and an answer in it',
    async (path) => {
      proxy.outside.length = 0;
      const page = await chromium.browser.newPage();
      const problems: string[] = [];
      page.on('pageerror', ({ message }) => problems.push(message));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      await page.goto(proxy.url + PREFIX + path);
      await page.locator('.graphiql-execute-button').waitFor();
      expect(page.url()).toBe(`${proxy.url}${PREFIX}/`);
      const answered = page.waitForResponse(
        (response) => response.request().postData()?.includes('query LastNightsFailures') ?? false,
      );
      await page.locator('.graphiql-execute-button').click();
      const answer = await answered;
      expect({ url: answer.url(), body: await answer.json() }).toMatchObject({
        url: `${proxy.url}${PREFIX}/graphql`,
        body: { data: { jobSessions: { nodes: expect.any(Array) } } },
      });
      await page.getByRole('link', { name: 'livez' }).click();
      await page.waitForURL(`${proxy.url}${PREFIX}/livez`);
      expect(problems).toEqual([]);
      expect(proxy.outside.filter((url) => url !== '/favicon.ico')).toEqual([]);
      await page.close();
    },
  );
});

describe('a GET of /graphql', () => {
  const get = (url: string, path: string, accept: string) =>
    send(`${url}${path}`, { headers: { accept, authorization: `Bearer ${gateway.token}` } });

  test.each([
    ['/graphql', './'],
    ['/graphql/', '../'],
    ['/graphql?query=&operationName=', './'],
    ['/graphql?utm_source=mail', './'],
    ['/graphql/?variables=null', '../'],
  ])('from a browser, %s, is sent to %s', async (path, location) => {
    for (const accept of [BROWSER, 'text/html', 'text/*, application/json;q=0.5']) {
      const { status, headers, body } = await get(gateway.url, path, accept);
      expect({ status, location: headers.location, body }).toEqual({ status: 303, location, body: '' });
      expect(headers['cache-control']).toBe('no-store');
      expect(headers.vary).toContain('Accept');
    }
  });

  test.each([
    ['with a query', `/graphql?query=${encodeURIComponent('{ __typename }')}`, BROWSER, 200],
    ['with a document id', '/graphql?documentId=x', BROWSER, 400],
    [
      'with a persisted query',
      `/graphql?extensions=${encodeURIComponent(JSON.stringify({ persistedQuery: { version: 1, sha256Hash: '0' } }))}`,
      BROWSER,
      200,
    ],
    ['that takes anything', '/graphql', '*/*', 400],
    ['that says nothing of what it takes', '/graphql', '', 400],
    ['that would rather have JSON', '/graphql', 'application/json, text/html;q=0.9', 400],
    ['that takes pages alone, with a query', '/graphql?query=x', 'text/html', 406],
  ])('%s is answered by GraphQL', async (_, path, accept, status) => {
    const answer = await get(gateway.url, path, accept);
    expect({ status: answer.status, location: answer.headers.location }).toEqual({ status, location: undefined });
    expect(JSON.parse(answer.body)).toBeInstanceOf(Object);
  });

  test('from a browser is answered by GraphQL while the explorer is off', async () => {
    await withGateway({ explorer: false }, async ({ url }) => {
      for (const path of ['/graphql', '/graphql/']) {
        const { status, headers, body } = await send(url + path, { headers: { accept: BROWSER } });
        expect({ status, location: headers.location, body: JSON.parse(body) }).toMatchObject({
          status: 400,
          location: undefined,
          body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
        });
      }
    });
  });
});
