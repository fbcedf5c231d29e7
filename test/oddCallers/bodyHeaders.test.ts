import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { startGateway, type Gateway } from '../helpers/gateway.js';
import { send } from '../helpers/send.js';

/** What callers write about their bodies: the character set, and the coding. */

const BODY = '{"query":"{ __typename }"}';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const post = (headers: Record<string, string | string[]>, body = BODY) =>
  send(`${gateway.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

test.each([
  'application/json; charset=us-ascii',
  'application/json;charset=US-ASCII',
  'application/json; charset="us-ascii"',
  'application/json; charset=ascii',
  'application/json; charset=utf8',
  'application/json; charset="UTF8"',
  'APPLICATION/JSON ; Charset = Utf-8',
  'application/json; charset=utf_8',
  'application/json; charset=ANSI_X3.4-1968',
  'application/json; charset=ISO646-US',
  'application/json; charset="cp367"',
  'application/json; charset=IBM367',
  'application/json; charset=',
  'application/json; charset=""',
  "application/json; charset='utf-8'",
  'application/json;',
])('the gateway reads a body that is %s as UTF-8', async (type) => {
  const { status, body } = await post({ 'content-type': type });
  expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: { data: { __typename: 'Query' } } });
});

test('the gateway reads UTF-8 in a body that says US-ASCII', async () => {
  const { body } = await post(
    { 'content-type': 'application/json; charset=us-ascii' },
    JSON.stringify({ query: '{ __typename }', operationName: 'ü' }),
  );
  expect(JSON.parse(body)).toMatchObject({ errors: [{ message: 'Unknown operation named "ü".' }] });
});

test.each(['iso-8859-1', '"windows-1252"', 'utf-16', 'utf-7', 'us-ascii-x', 'utf', 'cp437', 'iso646-de'])(
  'the gateway refuses the character set %s',
  async (charset) => {
    const { status, body } = await post({ 'content-type': `application/json; charset=${charset}` });
    expect({ status, body: JSON.parse(body) }).toMatchObject({
      status: 415,
      body: { errors: [{ message: 'The body must be in UTF-8.', extensions: { code: 'BAD_REQUEST' } }] },
    });
  },
);

const codings = (...values: (string | string[])[]): [string | string[]][] => values.map((value) => [value]);

test.each(codings('', ' ', 'identity', 'Identity', 'IDENTITY', 'identity, identity', ',', ['', 'identity']))(
  'the gateway takes Content-Encoding %j as no coding',
  async (coding) => {
    const { status, body } = await post({ 'content-encoding': coding });
    expect({ status, body: JSON.parse(body) }).toEqual({ status: 200, body: { data: { __typename: 'Query' } } });
  },
);

test.each(codings('gzip', 'br', 'identity, gzip', 'x-identity', ['identity', 'deflate'], 'identity;q=1'))(
  'the gateway refuses Content-Encoding %j',
  async (coding) => {
    const { status, body } = await post({ 'content-encoding': coding }, gzipSync(BODY).toString('latin1'));
    expect({ status, body: JSON.parse(body) }).toMatchObject({
      status: 415,
      body: { errors: [{ message: 'The body must not be compressed.', extensions: { code: 'BAD_REQUEST' } }] },
    });
  },
);

describe('without a body', () => {
  const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
  const paths = [`/graphql?query=${encodeURIComponent('{ __typename }')}`, `/sessions/${SESSION}/log`, '/livez'];

  test.each<Record<string, string>>([
    { 'content-type': 'application/json; charset=iso-8859-1' },
    { 'content-type': 'application/json;charset="utf-16"' },
    { 'content-encoding': 'gzip' },
    { 'content-type': 'application/json; charset=cp1252', 'content-encoding': 'br' },
  ])('the gateway answers a GET with %j as one without', async (headers) => {
    for (const path of paths) {
      const get = (more: Record<string, string>) =>
        send(gateway.url + path, { headers: { authorization: `Bearer ${gateway.token}`, ...more } });
      const [plain, odd] = [await get({}), await get(headers)];
      expect(plain.status).toBe(200);
      expect({ path, status: odd.status, body: odd.body }).toEqual({ path, status: 200, body: plain.body });
    }
  });
});
