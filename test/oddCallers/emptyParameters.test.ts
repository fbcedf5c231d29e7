import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { startGateway, withGateway, type Gateway } from '../helpers/gateway.js';
import { send } from '../helpers/send.js';

/** Parameters that clients send empty where they have nothing to say. */

const TEXT = 'query Names($first: Int = 2) { jobs(first: $first) { nodes { name } } }';
const SHA256 = createHash('sha256').update(TEXT).digest('hex');
const EXTENSIONS = { persistedQuery: { version: 1, sha256Hash: SHA256 } };
const HASH = `extensions=${encodeURIComponent(JSON.stringify(EXTENSIONS))}`;
const QUERY = `query=${encodeURIComponent(TEXT)}`;
const TWO = { data: { jobs: { nodes: [{ name: expect.any(String) }, { name: expect.any(String) }] } } };

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function get({ url, token }: Gateway, search: string): Promise<unknown> {
  const { body } = await send(`${url}/graphql?${search}`, { headers: { authorization: `Bearer ${token}` } });
  return JSON.parse(body);
}

async function post({ url, token }: Gateway, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return JSON.parse((await send(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })).body);
}

const emptyInUrl = [
  'operationName=',
  'operationName',
  'variables=',
  'variables=null',
  'variables=%20null%20',
  'extensions=',
  'extensions=null',
  'documentId=',
  'operationName=&variables=&extensions=',
  'operationName=&operationName=',
];
const emptyInBody: object[] = [
  { operationName: '' },
  { operationName: null },
  { variables: '' },
  { variables: null },
  { extensions: '' },
  { extensions: null },
  { documentId: '' },
  { operationName: '', variables: null, extensions: '' },
];

test.each(emptyInUrl)('a GET with %s is answered as without it', async (parameters) => {
  for (const round of ['interpreted', 'compiled', 'compiled again']) {
    expect({ round, answer: await get(gateway, `${parameters}&${QUERY}`) }).toEqual({ round, answer: TWO });
  }
});

test.each(emptyInBody)('a POST with %j is answered as without it', async (members) => {
  for (const round of ['interpreted', 'compiled', 'compiled again']) {
    expect({ round, answer: await post(gateway, { ...members, query: TEXT }) }).toEqual({ round, answer: TWO });
  }
});

test('an empty operation name is not in the log line', async () => {
  gateway.summaryLines.length = 0;
  await post(gateway, { query: TEXT, operationName: '' });
  await get(gateway, `operationName=&query=${encodeURIComponent('{ __typename }')}`);
  expect(gateway.summaryLines.map(({ operation }) => operation)).toEqual(['Names', null]);
});

describe('a persisted query', () => {
  test.each([
    ['query=', { query: '' }],
    ['operationName=&variables=null', { operationName: '', variables: '' }],
  ])('is found by its hash beside %s', async (parameters, members) => {
    expect(await post(gateway, { ...members, query: TEXT, extensions: EXTENSIONS })).toEqual(TWO);
    expect(await post(gateway, { ...members, extensions: EXTENSIONS })).toEqual(TWO);
    expect(await get(gateway, `${parameters}&${HASH}`)).toEqual(TWO);
  });
});

test('a trusted document is found beside empty parameters', async () => {
  const trustedDocuments = [{ id: SHA256, name: 'Names', type: 'query', body: TEXT }];
  await withGateway({ trustedDocuments }, async (strict) => {
    for (const parameters of emptyInUrl.filter((text) => !text.includes('extensions'))) {
      expect(await get(strict, `${parameters}&${HASH}&query=`)).toEqual(TWO);
    }
    for (const parameters of emptyInUrl.filter((text) => !text.includes('documentId'))) {
      expect(await get(strict, `${parameters}&documentId=${SHA256}`)).toEqual(TWO);
    }
    for (const members of emptyInBody) {
      expect(await post(strict, { query: '', extensions: EXTENSIONS, ...members, documentId: SHA256 })).toEqual(TWO);
    }
    expect(await get(strict, 'query=&documentId=&operationName=')).toMatchObject({
      errors: [{ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }],
    });
  });
});

describe('what is not empty', () => {
  const refused = (code: string) => ({ errors: [{ extensions: { code, requestId: expect.any(String) } }] });

  test.each([
    ['operationName=&operationName=Names', 'BAD_REQUEST'],
    ['operationName=null', 'BAD_USER_INPUT'],
    ['operationName=%20', 'BAD_USER_INPUT'],
    ['variables=7', 'BAD_REQUEST'],
    ['variables=[]', 'BAD_REQUEST'],
    ['extensions=false', 'BAD_REQUEST'],
  ])('is refused in a GET: %s', async (parameters, code) => {
    expect(await get(gateway, `${parameters}&${QUERY}`)).toMatchObject(refused(code));
  });

  test.each<[object, string]>([
    [{ operationName: ' ' }, 'BAD_USER_INPUT'],
    [{ operationName: 0 }, 'BAD_REQUEST'],
    [{ variables: '{}' }, 'BAD_REQUEST'],
    [{ extensions: false }, 'BAD_REQUEST'],
  ])('is refused in a POST: %j', async (members, code) => {
    expect(await post(gateway, { ...members, query: TEXT })).toMatchObject(refused(code));
  });

  test('an empty name does not choose among several operations', async () => {
    expect(await post(gateway, { query: 'query A { __typename } query B { __typename }', operationName: '' })).toEqual({
      errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) })],
    });
  });
});

test('a request with nothing but empty parameters is told that it has no query', async () => {
  const told = { errors: [{ message: expect.stringContaining('non-empty `query`') }] };
  expect(await post(gateway, { query: '', operationName: '' })).toMatchObject(told);
  expect(await get(gateway, 'query=&operationName=')).toMatchObject(told);
});

describe('the format of a download', () => {
  const download = (search: string, accept: string) =>
    send(`${gateway.url}/sessions/be376069-2865-4156-a9bc-825cef7d687e/log${search}`, {
      headers: { authorization: `Bearer ${gateway.token}`, accept },
    });

  test.each(['?format=', '?format', '?format=&format=', '?other=x&format='])(
    'is as Accept says with %s',
    async (search) => {
      const types = ['', 'text/plain', 'application/x-ndjson'].map(async (accept) => {
        const { status, headers } = await download(search, accept);
        return [status, headers['content-type']];
      });
      expect(await Promise.all(types)).toEqual([
        [200, 'application/x-ndjson'],
        [200, 'text/plain; charset=utf-8'],
        [200, 'application/x-ndjson'],
      ]);
      expect((await download(search, 'image/png')).status).toBe(406);
    },
  );

  test.each(['?format=%20', '?format=null', '?format=&format=text'])('is refused with %s', async (search) => {
    const { status, body } = await download(search, 'text/plain');
    expect({ status, body: JSON.parse(body) }).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
    });
  });
});
