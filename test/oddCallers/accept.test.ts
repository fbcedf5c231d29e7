import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createNegotiation } from '../../src/http/negotiation.js';
import { startGateway, type Gateway } from '../helpers/gateway.js';
import { send, type Received } from '../helpers/send.js';

/** `Accept` as clients write it: what they are answered with, and that a refusal costs the backup server nothing. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const BODY = JSON.stringify({ query: `{ jobSession(id: "${SESSION}") { id } }` });
const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL = 'application/graphql-response+json; charset=utf-8';
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ explorer: true });
});
afterAll(() => gateway.close());

type Accept = string | string[];
const headersWith = (accept: Accept | undefined) => ({
  authorization: `Bearer ${gateway.token}`,
  'content-type': 'application/json',
  ...(accept !== undefined && { accept }),
});
const ask = (accept?: Accept): Promise<Received> =>
  send(`${gateway.url}/graphql`, { method: 'POST', headers: headersWith(accept), body: BODY });
const download = (accept?: Accept): Promise<Received> =>
  send(`${gateway.url}/sessions/${SESSION}/log`, { headers: headersWith(accept) });
const openExplorer = (accept?: Accept): Promise<Received> => send(`${gateway.url}/`, { headers: headersWith(accept) });

const outcomeOf = ({ status, headers }: Received) => ({ status, type: headers['content-type'] });

test.each<[Accept | undefined, string]>([
  [undefined, JSON_TYPE],
  ['', JSON_TYPE],
  ['  ', JSON_TYPE],
  ['*', JSON_TYPE],
  ['text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2', JSON_TYPE], // Java's own client
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  ['Application/JSON', JSON_TYPE],
  ['application/json; charset=utf-8', JSON_TYPE],
  ['application/json;charset="UTF8";q=0.5', JSON_TYPE],
  [BROWSER, JSON_TYPE],
  ['application/graphql-response+json', GRAPHQL],
  ['application/graphql-response+json,application/json;q=0.9', GRAPHQL],
  ['application/json;q=0.2, application/graphql-response+json;q=0.3', GRAPHQL],
  ['application/json;q=0, */*', GRAPHQL],
  ['application/graphql-response+json;q=0, application/*', JSON_TYPE],
  ['multipart/mixed, application/graphql-response+json, application/json', GRAPHQL],
  [['text/plain', 'application/json'], JSON_TYPE],
  [['application/json;q=0.1', 'application/graphql-response+json'], GRAPHQL],
  [',, application/json ,', JSON_TYPE],
  [',', JSON_TYPE],
  [' , ', JSON_TYPE],
  [['', ','], JSON_TYPE],
  ['application/json;charset=us-ascii', JSON_TYPE],
  ['application/json; charset=iso-8859-1', JSON_TYPE],
  ['application/json;q=0.1, application/graphql-response+json; charset="utf-16" ;q=0.2', GRAPHQL],
])('GraphQL with Accept %j is answered with %s', async (accept, type) => {
  expect(outcomeOf(await ask(accept))).toEqual({ status: 200, type });
});

test.each<[Accept | undefined, string]>([
  ['', 'application/x-ndjson'],
  ['*', 'application/x-ndjson'],
  ['application/*', 'application/x-ndjson'],
  ['application/json, text/plain, */*', 'application/x-ndjson'],
  ['application/json, text/plain', 'text/plain; charset=utf-8'],
  ['text/plain;charset=UTF-8', 'text/plain; charset=utf-8'],
  ['text/plain;charset=iso-8859-1', 'text/plain; charset=utf-8'],
  ['application/x-ndjson;charset=utf-16;q=0.1, text/plain; charset = us-ascii', 'text/plain; charset=utf-8'],
  [',', 'application/x-ndjson'],
  [' , ', 'application/x-ndjson'],
  ['text/plain, application/json;q=0.9, */*;q=0.1', 'text/plain; charset=utf-8'],
  [['image/png', 'text/*;q=0.1'], 'text/plain; charset=utf-8'],
  [BROWSER, 'application/x-ndjson'],
])('a download with Accept %j is %s', async (accept, type) => {
  expect(outcomeOf(await download(accept))).toEqual({ status: 200, type });
});

test.each<[Accept | undefined]>([
  [undefined],
  [''],
  ['*'],
  [BROWSER],
  ['application/json'],
  ['text/html;q=0, */*'],
  [['image/png', 'text/css']],
  ['a/b,'.repeat(1000)],
])('the explorer, which has one type, is shown with Accept %j', async (accept) => {
  expect(outcomeOf(await openExplorer(accept))).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
});

describe('406, in the shape of GraphQL and before the backup server is asked, for', () => {
  const check = async (answered: Promise<Received>): Promise<void> => {
    gateway.simulator.forgetRequests();
    const { status, headers, body } = await answered;
    expect({ status, type: headers['content-type'], body: JSON.parse(body) }).toMatchObject({
      status: 406,
      type: JSON_TYPE,
      body: { errors: [{ extensions: { code: 'BAD_REQUEST', requestId: expect.any(String) } }] },
    });
    expect(gateway.simulator.requests).toEqual([]);
  };

  test.each([
    'application/json;q=0, text/html',
    'application/json;q=0.000',
    '*/*;q=0',
    '*;q=0',
    'application/*;q=0, */*;q=0',
    'application/json;q=none',
    'multipart/mixed;deferSpec=20220824',
    'application/json;q=0;charset=us-ascii',
    'application/jsonp',
    'json',
    'text/html',
  ])('GraphQL with Accept %j', (accept) => check(ask(accept)));

  test.each(['application/json', 'text/plain;q=0', 'application/x-ndjson;q=0, image/*', 'text/html'])(
    'a download with Accept %j',
    (accept) => check(download(accept)),
  );

  test('a header of 30 kB, whatever it ends with', () => check(ask(`${'a/b,'.repeat(7500)}application/json`)));
});

describe('a header of 1,001 characters', () => {
  const accept = (ending: string): string => `${'a/b,'.repeat(250)}${ending}`.slice(-1001);
  const TOO_LONG = { errors: [{ message: 'The Accept header is longer than 1,000 characters.' }] };

  test.each<[string, () => Promise<Received>, () => Promise<Received>]>([
    ['GraphQL', () => ask(accept(',application/json')), () => ask(accept(',application/json').slice(1))],
    ['a download', () => download(accept(',text/plain')), () => download(accept(',text/plain').slice(1))],
  ])('is refused as too long for %s, while one of 1,000 is read', async (_, askTooLong, askLongest) => {
    const { status, body } = await askTooLong();
    expect({ status, body: JSON.parse(body) }).toMatchObject({ status: 406, body: TOO_LONG });
    expect((await askLongest()).status).toBe(200);
  });
});

test.each<[string, (accept: string) => Promise<Received>, string]>([
  ['GraphQL', ask, 'The answer is application/graphql-response+json or application/json.'],
  ['a download', download, 'A log is application/x-ndjson or text/plain.'],
])('%s names its types when a header of usual length takes none of them', async (_, get, message) => {
  expect(JSON.parse((await get('image/png')).body)).toMatchObject({ errors: [{ message }] });
});

test('a choice stays right when more headers come than are remembered', () => {
  const negotiate = createNegotiation(['a/json', 'a/text']);
  for (let index = 0; index < 250; index += 1) {
    expect(negotiate(`a/text, x/${index}`)).toBe('a/text');
    expect(negotiate('a/json;q=0.5, a/text;q=0.1')).toBe('a/json');
    expect(negotiate(`x/${index}`)).toBeNull();
  }
});
