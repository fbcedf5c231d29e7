import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { chooseEncoding, readExplorerFiles } from '../src/http/explorerFiles.js';
import { renderExplorerPage } from '../src/http/explorerPage.js';
import { startGateway, withGateway, type Gateway } from './helpers/gateway.js';

/** What `GET /` and its files say to a browser; `browser.test.ts` has what a browser makes of it. */

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ explorer: true, corsOrigins: ['https://allowed.example'] });
});
afterAll(() => gateway.close());

const urlsIn = (page: string): string[] =>
  [...page.matchAll(/(?:src|href)="(explorer\/[^"]+)"/g)].map(([, url = '']) => `/${url}`);
const settingsIn = (page: string): Record<string, string> =>
  JSON.parse(/id="settings">(.*?)<\/script>/.exec(page)?.[1] ?? '') as Record<string, string>;

/** One file, as it is sent to who takes an encoding. */
async function get(url: string, encoding: string): Promise<{ response: Response; bytes: Buffer }> {
  const response = await fetch(gateway.url + url, { headers: { 'accept-encoding': encoding } });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
}

test('the page may run scripts of its own alone, is not kept, and cannot be framed or read by other sites', async () => {
  const response = await fetch(`${gateway.url}/`, { headers: { origin: 'https://allowed.example' } });
  expect(response.status).toBe(200);
  const { nonce } = settingsIn(await response.text());
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${String(nonce)}'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test('no two pages have the same nonce', async () => {
  const pages = await Promise.all([1, 2].map(async () => (await fetch(`${gateway.url}/`)).text()));
  const [first, second] = pages.map((page) => settingsIn(page)['nonce']);
  expect(first).toMatch(/^[\w+/]{22}==$/);
  expect(second).not.toBe(first);
});

test('its files can be kept for ever, and come in the shortest way that is taken', async () => {
  const urls = urlsIn(await (await fetch(`${gateway.url}/`)).text());
  expect(urls.length).toBe(6);
  for (const url of urls) {
    const [plain, gzip, br] = await Promise.all([get(url, 'identity'), get(url, 'gzip'), get(url, 'br, gzip')]);
    expect(Object.fromEntries(br.response.headers)).toMatchObject({
      'content-type': url.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: expect.stringMatching(/accept-encoding/i),
      'x-content-type-options': 'nosniff',
      'content-encoding': 'br',
    });
    expect(plain.response.headers.get('content-encoding')).toBeNull();
    expect(plain.bytes.length).toBeGreaterThan(500);
    expect([gzip.bytes.equals(plain.bytes), br.bytes.equals(plain.bytes)]).toEqual([true, true]); // fetch has unpacked both
    const etag = br.response.headers.get('etag') ?? '';
    const again = await fetch(gateway.url + url, { headers: { 'accept-encoding': 'br', 'if-none-match': etag } });
    expect({ status: again.status, text: await again.text() }).toEqual({ status: 304, text: '' });
    expect(gzip.response.headers.get('etag')).not.toBe(etag);
  }
});

test.each(['*', 'gzip;q=0, *', 'deflate'])(
  'to who takes "%s" a file comes as its tag says: plain',
  async (accepted) => {
    for (const url of urlsIn(await (await fetch(`${gateway.url}/`)).text())) {
      const [plain, any] = await Promise.all([get(url, 'identity'), get(url, accepted)]);
      const names = ['etag', 'content-encoding', 'content-length', 'vary'];
      const [expected, came] = [plain, any].map(({ response }) => names.map((name) => response.headers.get(name)));
      expect(came).toEqual(expected);
      expect(came).toEqual([
        expect.stringMatching(/^".*-identity"$/),
        null,
        String(plain.bytes.length),
        expect.stringMatching(/accept-encoding/i),
      ]);
      expect(any.bytes.equals(plain.bytes)).toBe(true);
    }
  },
);

test('files that were not built are told of, with what builds them', () => {
  expect(() => readExplorerFiles(new URL('none/', import.meta.url))).toThrow(/"npm run build" \(ENOENT/);
});

test('what is filled in ends no element, and is read as it was', () => {
  const hostile = `</code></script><script>alert('"&')</script><!--`;
  const page = renderExplorerPage({
    bundles: ['/a.js'],
    module: '/b.js',
    styles: ['/c.css'],
    nonce: hostile,
    curl: hostile,
    demo: { token: hostile, sessionId: hostile, jobId: hostile },
    introspection: true,
    trustedOnly: false,
  });
  expect(page.match(/<script/g)).toHaveLength(3);
  expect(page.match(/<\/script>/g)).toHaveLength(3);
  expect(page).not.toContain('<!--');
  const { nonce, authorization, sessionId, jobId } = settingsIn(page);
  expect([nonce, authorization, sessionId, jobId]).toEqual([hostile, `Bearer ${hostile}`, hostile, hostile]);
  const [, line = ''] = /terminal<\/summary><pre><code>(.*?)<\/code>/.exec(page) ?? [];
  const shown = line.replace(/&#(\d+);/g, (_, point: string) => String.fromCodePoint(Number(point)));
  expect(shown).toBe(hostile);
});

test('what was built holds the same three times over, no source map, no font, and the licences', async () => {
  for (const url of urlsIn(await (await fetch(`${gateway.url}/`)).text())) {
    const path = url.replace(/^\//, 'dist/');
    const text = readFileSync(path, 'utf8');
    expect(brotliDecompressSync(readFileSync(`${path}.br`)).toString()).toBe(text);
    expect(gunzipSync(readFileSync(`${path}.gz`)).toString()).toBe(text);
    expect(text).not.toMatch(/sourceMappingURL|@font-face/);
  }
  const licences = readFileSync('dist/explorer/LICENSES.txt', 'utf8');
  for (const name of ['graphiql', 'react', 'react-dom', 'codemirror', 'graphql'])
    expect(licences).toMatch(new RegExp(`^${name}\\n\\n`, 'm'));
});

test.each(['/explorer/', '/explorer/none.js', '/explorer/..%2fmain.js', '/explorer/LICENSES.txt'])(
  '%s is not there',
  async (path) => {
    const response = await fetch(gateway.url + path);
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 404,
      body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    });
  },
);

test.each([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip, deflate, br', 'br'],
  ['br;q=0, gzip;q=0.5', 'gzip'],
  ['BR ; q=0.1', 'br'],
  ['zstd, deflate', 'identity'],
])('who takes "%s" gets %s', (accepted, encoding) => {
  expect(chooseEncoding(accepted)).toBe(encoding);
});

test('with the embedded server a token is filled in that is good for an answer', async () => {
  const { authorization = '', sessionId } = settingsIn(await (await fetch(`${gateway.url}/`)).text());
  const { data } = await gateway.ask(
    'query ($id: ID!) { jobSession(id: $id) { job { name } } }',
    { id: sessionId },
    {
      token: authorization.replace('Bearer ', ''),
    },
  );
  expect(data).toEqual({ jobSession: { job: { name: 'test_job' } } });
});

test('with a server of its own the page has no token, and says how to get one', async () => {
  await withGateway({ explorer: true, isEmbedded: false }, async ({ url, token }) => {
    const page = await (await fetch(`${url}/`)).text();
    expect(settingsIn(page)['authorization']).toBe('Bearer <token of your backup server>');
    expect(page).toContain('/v8/token');
    expect(page).not.toContain(token);
    expect(page.match(/<\/script>/g)).toHaveLength(5); // what is filled in ends no element
  });
});

test('without introspection, or with trusted documents alone, the page says so', async () => {
  expect(await (await fetch(`${gateway.url}/`)).text()).not.toContain('Introspection is off');
  await withGateway({ explorer: true, introspection: false }, async ({ url }) => {
    expect(await (await fetch(`${url}/`)).text()).toContain('Introspection is off');
  });
  await withGateway({ explorer: true, trustedDocuments: [] }, async ({ url }) => {
    expect(await (await fetch(`${url}/`)).text()).toContain('Trusted documents alone are run');
  });
});

test('switched off, there is neither the page nor its files', async () => {
  const [file = ''] = urlsIn(await (await fetch(`${gateway.url}/`)).text());
  await withGateway({ explorer: false }, async ({ url }) => {
    for (const path of ['/', file]) {
      const response = await fetch(url + path);
      expect({ status: response.status, body: await response.json() }).toMatchObject({
        status: 404,
        body: {
          errors: [{ message: 'Nothing is here: GraphQL is at /graphql.', extensions: { code: 'BAD_REQUEST' } }],
        },
      });
    }
  });
});
