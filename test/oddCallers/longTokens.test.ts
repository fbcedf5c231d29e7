import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startGateway, withGateway, type Gateway } from '../helpers/gateway.js';
import { send } from '../helpers/send.js';

/** Bearer tokens as long as those with hundreds of group claims. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { id } }`;
const LIMIT = 16_384;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { perToken: 1000, perAddress: null } });
});
afterAll(() => gateway.close());

/** Issues a token of a length at the backup server. */
function issue(length: number): string {
  const accessToken = `${length}.`.padEnd(length, 'aB3-._~+/');
  gateway.simulator.tokens.issue({ accessToken });
  return accessToken;
}

const download = (token: string) =>
  send(`${gateway.url}/sessions/${SESSION}/log`, { headers: { authorization: `Bearer ${token}` } });

test.each([8186, 12_000, LIMIT])('a token of %i bytes reaches the backup server', async (length) => {
  const token = issue(length);
  const { data, headers, upstream } = await gateway.ask(QUERY, {}, { token });
  expect(data).toEqual({ jobSession: { id: SESSION } });
  expect(new Set(upstream.map((request) => request.headers['authorization']))).toEqual(new Set([`Bearer ${token}`]));
  expect(headers.get('ratelimit-remaining')).toBe('999');
  const { status, body } = await download(token);
  expect({ status, lines: body.split('\n').length > 2 }).toEqual({ status: 200, lines: true });
});

test('the longest token leaves room for a proxy to add 15 kB of headers', async () => {
  const headers = { cookie: 'c'.repeat(15_000) };
  const { data } = await gateway.ask(QUERY, {}, { token: issue(LIMIT), headers });
  expect(data).toEqual({ jobSession: { id: SESSION } });
});

test.each([LIMIT + 1, 20_000, 30_000])('a token of %i bytes is refused, and told the limit', async (length) => {
  const token = 'a'.repeat(length);
  const told = /bearer token .* too long: the limit is 16384 bytes/;
  const { errors, headers, upstream } = await gateway.ask(QUERY, {}, { token });
  expect(errors).toMatchObject([
    { message: expect.stringMatching(told), extensions: { code: 'UNAUTHENTICATED', requestId: expect.any(String) } },
  ]);
  expect(headers.get('ratelimit-limit')).toBeNull(); // it counts by its address alone, which has no limit here
  expect(upstream).toEqual([]);

  const { status, body } = await download(token);
  expect({ status, body: JSON.parse(body) }).toMatchObject({
    status: 401,
    body: { errors: [{ message: expect.stringMatching(told), extensions: { code: 'UNAUTHENTICATED' } }] },
  });
  expect(JSON.stringify([gateway.logLines, gateway.summaryLines])).not.toContain('aaaa');
});

test.each([33_000, 60_000])('a token of %i bytes is 431, and told both limits', async (length) => {
  for (const answer of [
    await download('a'.repeat(length)),
    await send(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${'a'.repeat(length)}` },
    }),
  ]) {
    expect({ status: answer.status, body: JSON.parse(answer.body) }).toMatchObject({
      status: 431,
      body: {
        errors: [{ message: expect.stringMatching(/32 kB.* 16 kB .*token/), extensions: { code: 'BAD_REQUEST' } }],
      },
    });
  }
});

test('a backup server that takes shorter tokens alone is UPSTREAM_REJECTED', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    const token = 'b'.repeat(16_000);
    simulator.tokens.issue({ accessToken: token });
    simulator.misbehave(({ path }) => path.startsWith('JobSessions'), { status: 431, body: '' });
    const { errors } = await ask(QUERY, {}, { token });
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_REJECTED' } }]);
  });
});
