import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, withGateway, type Gateway, type GraphError } from '../helpers/gateway.js';
import type { Misbehaviour } from '../../src/simulator/index.js';

/** The server's own error code says what is wrong. The status that comes with it is documented nowhere. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

/** Each code that v7 and v8 document, and what callers get for it. `HttpError` says nothing beside the status. */
const documented: [string, string][] = [
  ['ResourceAccessDenied', 'FORBIDDEN'],
  ['ProxyOffline', 'UPSTREAM_ERROR'],
  ['Timeout', 'UPSTREAM_TIMEOUT'],
  ['ParameterValidationFailure', 'UPSTREAM_REJECTED'],
  ['OperationConflict', 'UPSTREAM_REJECTED'],
  ['OutdatedChangeToken', 'UPSTREAM_REJECTED'],
  ['OrganizationTransfer', 'UPSTREAM_REJECTED'],
  ['RepositoryOwnerChangeTooManyLinks', 'UPSTREAM_REJECTED'],
];
const statuses = [400, 401, 403, 404, 409, 500, 503];

let gateway: Gateway;
let undo: (() => void) | undefined;
beforeAll(async () => {
  gateway = await startGateway({ apiVersion: 'v8' });
});
afterEach(() => {
  undo?.();
});
afterAll(() => gateway.close());

/** Lets all that a path begins with be answered so to callers. */
function answer(path: string, how: Misbehaviour): void {
  undo = gateway.simulator.misbehave(
    (request) => request.path.startsWith(path) && request.headers['authorization'] !== undefined,
    how,
  );
}

describe.each(documented)('%s', (errorCode, code) => {
  test.each(statuses)(`is ${code} when it comes with status %i`, async (status) => {
    answer('JobSessions/', { status, body: { message: 'x', errorCode } });
    const { data, errors, upstream } = await gateway.ask(`{ jobSession(id: "${SESSION}") { id } }`);
    expect({ data, codes: codes(errors) }).toEqual({ data: { jobSession: null }, codes: [code] });
    expect(upstream).toHaveLength(1); // whoever names an error would name it again
  });

  test(`is ${code} in a list, a relation and a log`, async () => {
    answer('', { status: 404, body: { message: 'x', errorCode } });
    const list = await gateway.ask('{ organizations { nodes { id } } jobSessions { nodes { id } } }');
    expect(codes(list.errors)).toEqual([code, code]);
    undo?.();
    answer('Jobs', { status: 404, body: { message: 'x', errorCode } });
    const relation = await gateway.ask(`{ jobSession(id: "${SESSION}") { job { name } } }`);
    expect({ data: relation.data, codes: codes(relation.errors) }).toEqual({
      data: { jobSession: { job: null } },
      codes: [code],
    });
    undo?.();
    answer(`JobSessions/${SESSION}/LogItems`, { status: 404, body: { message: 'x', errorCode } });
    const log = await gateway.ask(`{ jobSession(id: "${SESSION}") { log { nodes { id } } } }`);
    expect(codes(log.errors)).toEqual([code]);
  });
});

describe('ResourceNotFound', () => {
  test.each([200, 400, 404, 409, 410, 500, 503])(
    'is null without an error when it comes with status %i',
    async (status) => {
      answer('Job', { status, body: { message: 'x', errorCode: 'ResourceNotFound' } });
      const { data, errors } = await gateway.ask(`{ jobSession(id: "${SESSION}") { id } job(id: "${JOB}") { id } }`);
      expect({ data, errors }).toEqual({ data: { jobSession: null, job: null }, errors: undefined });
    },
  );

  test('is NOT_FOUND for the log of a session that is gone', async () => {
    answer(`JobSessions/${SESSION}/LogItems`, { status: 500, body: { errorCode: 'ResourceNotFound' } });
    const { errors } = await gateway.ask(`{ jobSession(id: "${SESSION}") { log { nodes { id } } } }`);
    expect(codes(errors)).toEqual(['NOT_FOUND']);
  });
});

test.each<[string, unknown]>([
  ['another case', { message: 'x', errorCode: 'PROXYOFFLINE' }],
  ['blanks around it', { message: 'x', errorCode: ' ProxyOffline\n' }],
  ['another case of its name', { Message: 'x', ErrorCode: 'proxyOffline' }],
  ['a byte order mark in front', '\uFEFF{"errorCode":"ProxyOffline"}'],
  ['a stack trace that is cut', `{"errorCode":"ProxyOffline","stackTrace":"${'at x\\"\\n'.repeat(20_000)}"}`],
  [
    'another code inside, and a cut',
    `{"message":"\\"errorCode\\":\\"ResourceNotFound\\"","inner":{"errorCode":"ResourceNotFound"},"errorCode":"ProxyOffline","stackTrace":"${'x'.repeat(80_000)}"}`,
  ],
])('a code is read when it has %s', async (_, body) => {
  answer('JobSessions/', { status: 404, body });
  const { errors } = await gateway.ask(`{ jobSession(id: "${SESSION}") { id } }`);
  expect(codes(errors)).toEqual(['UPSTREAM_ERROR']);
});

test.each<[string, Misbehaviour]>([
  ['an unknown code', { status: 404, body: { message: 'x', errorCode: 'TapeLibraryOnFire' } }],
  ['a code of two words', { status: 404, body: { message: 'x', errorCode: 'Proxy Offline' } }],
  ['a code with a dash', { status: 404, body: { message: 'x', errorCode: 'Proxy-Offline' } }],
  ['a code that is a number', { status: 404, body: { message: 'x', errorCode: 7 } }],
  ['a code of 100 letters', { status: 404, body: { message: 'x', errorCode: 'x'.repeat(100) } }],
  ['HttpError', { status: 404, body: { message: 'x', errorCode: 'HttpError' } }],
  ['a code that may be behind the cut', { status: 404, body: { message: 'x', stackTrace: 'y'.repeat(80_000) } }],
])('a 404 with %s is not taken for "there is none"', async (_, how) => {
  answer('JobSessions/', how);
  const { errors } = await gateway.ask(`{ jobSession(id: "${SESSION}") { id } }`);
  expect(codes(errors)).toEqual(['UPSTREAM_REJECTED']);
});

test.each([[''], ['  '], [null]])('a 404 with the blank code %j is taken for "there is none"', async (errorCode) => {
  answer('JobSessions/', { status: 404, body: { message: 'x', errorCode } });
  const { data, errors } = await gateway.ask(`{ jobSession(id: "${SESSION}") { id } }`);
  expect({ data, errors }).toEqual({ data: { jobSession: null }, errors: undefined });
});

test('a code that is not one word is not in the log', async () => {
  answer('JobSessions/', { status: 404, body: { message: 'x', errorCode: 'hunter2 is offline' } });
  await gateway.ask(`{ jobSession(id: "${SESSION}") { id } }`);
  expect(JSON.stringify(gateway.logLines)).not.toContain('hunter2');
});

test.each<[number, string]>([
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [409, 'UPSTREAM_REJECTED'],
  [429, 'UPSTREAM_RATE_LIMITED'],
  [500, 'UPSTREAM_ERROR'],
])('HttpError with status %i is %s', async (status, code) => {
  answer('JobSessions/', { status, body: { message: 'x', errorCode: 'HttpError' } });
  expect(codes((await gateway.ask(`{ jobSession(id: "${SESSION}") { id } }`)).errors)).toEqual([code]);
});

test('a download is refused by the code', async () => {
  answer(`JobSessions/${SESSION}/LogItems`, { status: 404, body: { message: 'x', errorCode: 'ProxyOffline' } });
  const response = await fetch(`${gateway.url}/sessions/${SESSION}/log`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_ERROR' } }] });
});

describe('the state of the server', () => {
  const stateAfter = async (body: unknown): Promise<unknown> =>
    withGateway({}, async ({ ask, simulator, server }) => {
      simulator.misbehave(({ headers }) => headers['authorization'] !== undefined, { status: 500, body });
      for (let count = 0; count < 6; count += 1) await ask(`{ jobSession(id: "${SESSION}") { id } }`);
      return server.state().state;
    });

  test('is ready after answers that a proxy is offline', async () => {
    expect(await stateAfter({ errorCode: 'ProxyOffline' })).toBe('ready');
  });

  test('is failing, not unreachable, after answers that it timed out itself', async () => {
    expect(await stateAfter({ errorCode: 'Timeout' })).toBe('failing');
  });
});

test('a refusal by code empties what is kept for its token', async () => {
  const { token } = gateway;
  const query = `{ jobSession(id: "${SESSION}") { job { name } } }`;
  await gateway.ask(query, {}, { token });
  answer('Organizations', { status: 400, body: { errorCode: 'ResourceAccessDenied' } });
  expect(codes((await gateway.ask('{ organizations { nodes { id } } }', {}, { token })).errors)).toEqual(['FORBIDDEN']);
  undo?.();
  const { upstream } = await gateway.ask(query, {}, { token });
  expect(upstream.map(({ path }) => path)).toEqual([`JobSessions/${SESSION}`, `Jobs/${JOB}`]);
});
