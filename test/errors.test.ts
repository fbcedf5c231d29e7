import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGateway, withGateway, type Gateway, type GraphError } from './helpers/gateway.js';
import type { Misbehaviour } from '../src/simulator/index.js';

/** Bad input and a server in trouble: each has one code, at its own field, and tells nothing of the server or the token. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { id } proxies { nodes { hostName } } }`;

let gateway: Gateway;
let undo: (() => void) | undefined;
beforeAll(async () => {
  gateway = await startGateway({ timeoutMs: 400, maxBodyBytes: 200_000 });
  await gateway.ask('{ backupServer { apiVersion } }');
});
afterEach(() => {
  undo?.();
  undo = undefined;
});
afterAll(() => gateway.close());

const sessionFails = (how: Misbehaviour): void => {
  undo = gateway.simulator.misbehave(({ path }) => path.startsWith('JobSessions'), how);
};
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

describe('a server in trouble', () => {
  test.each<[string, Misbehaviour, string]>([
    ['401', { status: 401 }, 'UNAUTHENTICATED'],
    ['403', { status: 403, body: { message: 'no' } }, 'FORBIDDEN'],
    ['400', { status: 400, body: { message: 'secret', errorCode: 'ParameterValidationFailure' } }, 'UPSTREAM_REJECTED'],
    [
      '409',
      { status: 409, body: { message: 'The job is already running.', errorCode: 'OperationConflict' } },
      'UPSTREAM_REJECTED',
    ],
    ['422', { status: 422 }, 'UPSTREAM_REJECTED'],
    ['429', { status: 429 }, 'UPSTREAM_RATE_LIMITED'],
    ['500', { status: 500, body: '<html>secret.host</html>' }, 'UPSTREAM_ERROR'],
    ['503', { status: 503 }, 'UPSTREAM_ERROR'],
    ['a reset connection', { reset: true }, 'UPSTREAM_UNAVAILABLE'],
    ['a cut body', { body: { id: SESSION, status: 'Success' }, truncateAfterBytes: 20 }, 'UPSTREAM_UNAVAILABLE'],
    ['silence', { hang: true }, 'UPSTREAM_TIMEOUT'],
    ['a body over the cap', { body: { id: SESSION, details: 'x'.repeat(300_000) } }, 'UPSTREAM_RESPONSE_TOO_LARGE'],
    [
      'HTML with 200',
      { body: '<html>sign in</html>', headers: { 'content-type': 'text/html' } },
      'UPSTREAM_BAD_RESPONSE',
    ],
    ['broken JSON', { body: '{"id": "be37' }, 'UPSTREAM_BAD_RESPONSE'],
    ['an empty body', { body: '' }, 'UPSTREAM_BAD_RESPONSE'],
    ['null', { body: 'null' }, 'UPSTREAM_BAD_RESPONSE'],
    ['an array for one', { body: [] }, 'UPSTREAM_BAD_RESPONSE'],
    ['another id than asked', { body: { id: 'a8cf9a63-64c3-4748-9c95-b1fbac0cce1d' } }, 'UPSTREAM_BAD_RESPONSE'],
    ['no id', { body: { status: 'Success' } }, 'UPSTREAM_BAD_RESPONSE'],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/stolen' } }, 'UPSTREAM_BAD_RESPONSE'],
    ['a compressed body', { body: 'x', headers: { 'content-encoding': 'gzip' } }, 'UPSTREAM_BAD_RESPONSE'],
  ])('%s', async (_, how, code) => {
    sessionFails(how);
    const { status, data, errors, text } = await gateway.ask(QUERY);
    expect(status).toBe(200);
    expect(data.jobSession).toBeNull();
    expect(data.proxies.nodes).toHaveLength(2); // the rest is answered
    expect(codes(errors)).toEqual([code]);
    expect(errors?.[0]).toMatchObject({ path: ['jobSession'], extensions: { requestId: expect.any(String) } });
    expect(Object.keys(errors?.[0]?.extensions ?? {}).sort()).toEqual(['code', 'requestId']);
    for (const secret of ['127.0.0.1', 'secret', 'Veeam', gateway.token, 'stack']) expect(text).not.toContain(secret);
  });

  test('the log has the fault, what it was about and the server’s error code, and neither token nor body', async () => {
    sessionFails({ status: 409, body: { message: 'secret', errorCode: 'OperationConflict' } });
    gateway.logLines.length = 0;
    const { errors } = await gateway.ask(QUERY);
    expect(gateway.logLines).toMatchObject([
      {
        requestId: errors?.[0]?.extensions.requestId,
        code: 'UPSTREAM_REJECTED',
        fault: 'rejected',
        status: 409,
        resource: 'jobSession',
        id: SESSION,
        errorCode: 'OperationConflict',
      },
    ]);
    expect(JSON.stringify(gateway.logLines)).not.toContain('secret');
    expect(JSON.stringify(gateway.logLines)).not.toContain(gateway.token);
  });

  test('a row whose field would tell whether it is asked for, and is bad, is an error in its place', async () => {
    const [{ id } = { id: '' }] = gateway.simulator.history.sessions();
    undo = gateway.simulator.misbehave(({ path }) => path === 'JobSessions', {
      body: { offset: 0, limit: 500, results: [{ id, status: 7 }] },
    });
    const sessions = await gateway.ask('{ jobSessions(filter: { statuses: [QUEUED] }) { nodes { id } } }');
    expect(sessions.data.jobSessions.nodes).toEqual([null]);
    expect(codes(sessions.errors)).toEqual(['UPSTREAM_BAD_RESPONSE']);
    undo();
    undo = gateway.simulator.misbehave(({ path }) => path === 'Jobs', {
      body: { offset: 0, limit: 1000, results: [{ id, name: 'x', isEnabled: 'yes' }] },
    });
    const jobs = await gateway.ask('{ jobs(filter: { isEnabled: true, type: BACKUP }) { nodes { name } } }');
    expect(jobs.data.jobs.nodes).toEqual([null]);
    expect(codes(jobs.errors)).toEqual(['UPSTREAM_BAD_RESPONSE']);
  });

  test('more rows than are asked for are not taken for what was', async () => {
    undo = gateway.simulator.misbehave(({ path }) => path === 'Jobs', { body: `[${'0,'.repeat(20_000)}0]` });
    const array = await gateway.ask('{ jobs(filter: { type: BACKUP }) { nodes { id } } }');
    expect(codes(array.errors)).toEqual(['UPSTREAM_RESPONSE_TOO_LARGE']);
    undo();
    undo = gateway.simulator.misbehave(({ path, query }) => path === 'JobSessions' && query['offset'] === '0', {
      body: `{"offset":0,"limit":30,"results":[${'0,'.repeat(20_000)}0]}`,
    });
    const { data } = await gateway.ask('{ jobSessions(first: 2) { nodes { id } pageInfo { hasNextPage } } }');
    expect(data.jobSessions).toEqual({ nodes: [null, null], pageInfo: { hasNextPage: true } });
  });

  test('a bad scalar spoils its field, not the record, and the log names the field', async () => {
    gateway.logLines.length = 0;
    sessionFails({
      body: {
        id: SESSION,
        creationTime: 'yesterday',
        endTime: '2022-01-31T16:39:33Z',
        progress: 2 ** 40,
        status: 7,
        retryCount: '3',
        statistics: { readRateBytesPS: 1.5, processedObjects: '12' },
      },
    });
    const { data, errors } = await gateway.ask(
      `{ jobSession(id: "${SESSION}") { creationTime endTime durationSeconds progress status retryCount statistics { readRateBytesPerSecond processedObjects } } }`,
    );
    expect(data.jobSession).toEqual({
      creationTime: null,
      endTime: '2022-01-31T16:39:33Z',
      durationSeconds: null,
      progress: null,
      status: null,
      retryCount: 3,
      statistics: { readRateBytesPerSecond: null, processedObjects: 12 },
    });
    expect(new Set(codes(errors))).toEqual(new Set(['UPSTREAM_BAD_RESPONSE']));
    expect(errors?.map(({ path }) => path?.at(-1)).sort()).toEqual([
      'creationTime',
      'durationSeconds',
      'progress',
      'readRateBytesPerSecond',
      'status',
    ]);
    expect(gateway.logLines.map(({ field }) => field)).toContain('progress');
  });

  test('a row without an id spoils its own place in a list', async () => {
    const { id } = gateway.simulator.history.sessions()[0] ?? {};
    undo = gateway.simulator.misbehave(({ path }) => path === 'JobSessions', {
      body: { offset: 0, limit: 31, results: [{ id, status: 'Success' }, { status: 'Failed' }, 'row'] },
    });
    const { data, errors } = await gateway.ask('{ jobSessions { nodes { id status } edges { cursor } } }');
    expect(data.jobSessions.nodes).toEqual([{ id, status: 'SUCCESS' }, null, null]);
    expect(data.jobSessions.edges).toHaveLength(3);
    expect(errors?.map(({ path }) => path)).toEqual([
      ['jobSessions', 'nodes', 1],
      ['jobSessions', 'nodes', 2],
    ]);
  });

  test('the log names the row of a list that has a bad field', async () => {
    const { id } = gateway.simulator.history.sessions()[0] ?? {};
    undo = gateway.simulator.misbehave(({ path }) => path === 'JobSessions', {
      body: { offset: 0, limit: 31, results: [{ id, status: 7 }] },
    });
    gateway.logLines.length = 0;
    await gateway.ask('{ jobSessions { nodes { status } } }');
    expect(gateway.logLines).toMatchObject([
      { code: 'UPSTREAM_BAD_RESPONSE', resource: 'jobSession', id, field: 'status' },
    ]);
  });

  test('behind a session that cannot be read, the latest one is looked for anew', async () => {
    const [newest, next] = gateway.simulator.history.sessions().filter(({ job: { name } }) => name === 'test_job');
    const { id } = newest?.job ?? {};
    const rows = [
      { id: 'broken', jobId: id },
      { id: next?.id, jobId: id, creationTime: '2026-01-01T00:00:00Z' },
    ];
    undo = gateway.simulator.misbehave(({ path, query }) => path === 'JobSessions' && query['limit'] === '200', {
      body: { offset: 0, limit: 200, results: rows },
    });
    const { data } = await gateway.ask('query ($id: ID!) { job(id: $id) { latestSession { id } } }', { id });
    expect(data.job.latestSession).toEqual({ id: newest?.id });
  });

  test('one job that fails leaves its siblings, and the sessions', async () => {
    undo = gateway.simulator.misbehave(({ path }) => path === 'Jobs', { status: 403 });
    const failing = '00b96531-1a68-4c90-a398-91141ffedb3b';
    const undoOne = gateway.simulator.misbehave(({ path }) => path === `Jobs/${failing}`, { status: 500 });
    const { data, errors } = await gateway.ask(
      '{ jobSessions(first: 40, filter: { type: BACKUP }) { nodes { id job { name id } } } }',
    );
    undoOne();
    const lost = data.jobSessions.nodes.filter(({ job }: { job: unknown }) => job === null);
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(40);
    expect(codes(errors)).toEqual(lost.map(() => 'UPSTREAM_ERROR'));
    expect(gateway.logLines).toContainEqual(
      expect.objectContaining({ level: 40, resource: 'job', field: 'list', value: 'forbidden' }),
    );
  });

  test('Retry-After is passed on, in seconds or as a date', async () => {
    sessionFails({ status: 429, headers: { 'retry-after': '120' } });
    expect((await gateway.ask(QUERY)).errors?.[0]?.extensions).toMatchObject({
      code: 'UPSTREAM_RATE_LIMITED',
      retryAfterSeconds: 120,
    });
    undo?.();
    sessionFails({ status: 429, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } });
    const seconds = (await gateway.ask(QUERY)).errors?.[0]?.extensions.retryAfterSeconds ?? 0;
    expect(seconds > 50 && seconds <= 60).toBe(true);
  });

  test('404 on one item is null without an error, 404 elsewhere is NOT_FOUND', async () => {
    const unknown = '11111111-1111-4111-8111-111111111111';
    const item = await gateway.ask(
      `{ jobSession(id: "${unknown}") { id } job(id: "${unknown}") { id } organization(id: "${unknown}") { id } backupRepository(id: "${unknown}") { id } proxy(id: "${unknown}") { id } }`,
    );
    expect(item.errors).toBeUndefined();
    expect(item.data).toEqual({ jobSession: null, job: null, organization: null, backupRepository: null, proxy: null });
    undo = gateway.simulator.misbehave(({ path }) => path.endsWith('/LogItems'), {
      status: 404,
      body: { message: 'gone', stackTrace: 'at Veeam' },
    });
    const { data, errors, text } = await gateway.ask(`{ jobSession(id: "${SESSION}") { id log { nodes { id } } } }`);
    expect(data.jobSession).toEqual({ id: SESSION, log: null });
    expect(codes(errors)).toEqual(['NOT_FOUND']);
    expect(text).not.toContain('Veeam');
  });

  test('a server that is not there is UPSTREAM_UNAVAILABLE, and is found when it is back', async () => {
    await withGateway({ origin: 'https://127.0.0.1:1' }, async (lost) => {
      const { errors, data } = await lost.ask('{ backupServer { apiVersion } jobs { nodes { id } } }');
      expect(data).toEqual({ backupServer: null, jobs: null });
      expect(codes(errors)).toEqual(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_UNAVAILABLE']);
      const ready = await fetch(`${lost.url}/readyz`);
      expect(ready.status).toBe(200);
      expect(await ready.json()).toEqual({
        status: 'ready',
        backupServer: { state: 'unreachable', apiVersion: null, lastFault: 'unavailable' },
      });
    });
    sessionFails({ reset: true });
    await gateway.ask(QUERY);
    undo?.();
    undo = undefined;
    expect((await gateway.ask(QUERY)).errors).toBeUndefined();
  });
});

describe('the API version', () => {
  /** What the log says of the versions; it says it when it knows, which is after the answer. */
  async function reportIn(logLines: Record<string, unknown>[]): Promise<unknown> {
    for (;;) {
      const report = logLines.find(({ served }) => served !== undefined);
      if (report) return report; // or the test's own limit ends it
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  test.each([
    [[5, 6, 7] as const, 'v7'],
    [[2, 3] as const, 'v3'],
    [[2] as const, 'v2'],
  ])('auto finds the newest of %j', async (versions, apiVersion) => {
    await withGateway({ simulator: { versions } }, async ({ ask, simulator }) => {
      const { data } = await ask('{ backupServer { apiVersion } }');
      expect(data.backupServer).toEqual({ apiVersion });
      expect(simulator.requests).not.toEqual([]);
      expect(simulator.requests.every(({ headers }) => headers['authorization'] === undefined)).toBe(true);
    });
  });

  test('one set by hand that is not served is UPSTREAM_UNAVAILABLE, and the log says which are', async () => {
    await withGateway({ apiVersion: 'v8', simulator: { versions: [6, 7] } }, async ({ ask, logLines }) => {
      const { errors, data } = await ask('{ jobs { nodes { id } } }');
      expect(data).toEqual({ jobs: null });
      expect(codes(errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
      expect(await reportIn(logLines)).toMatchObject({
        level: 50,
        configured: 'v8',
        served: ['v7', 'v6'],
        unknown: [],
      });
    });
  });

  test('trouble with another version does not hide it', async () => {
    await withGateway({ apiVersion: 'v5', simulator: { versions: [6, 7] } }, async ({ ask, logLines, simulator }) => {
      simulator.misbehave(({ version }) => version === 'v6', { status: 500 });
      expect(codes((await ask('{ jobs { nodes { id } } }')).errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
      expect(await reportIn(logLines)).toMatchObject({ level: 50, configured: 'v5', served: ['v7'], unknown: ['v6'] });
    });
  });

  test('none that we know is UPSTREAM_UNAVAILABLE', async () => {
    await withGateway({ simulator: { versions: [] } }, async ({ ask }) => {
      expect(codes((await ask('{ jobs { nodes { id } } }')).errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
    });
  });

  test('items that are not there make it look, now and then, whether the version still is', async () => {
    await withGateway({}, async ({ ask, simulator }) => {
      expect((await ask(QUERY)).data.jobSession).toEqual({ id: SESSION });
      simulator.misbehave(({ version }) => version === 'v8', { status: 404, body: { message: 'gone' } });
      const session = `{ jobSession(id: "${SESSION}") { id } }`;
      expect((await ask(session)).data.jobSession).toBeNull();
      expect((await ask(session)).data.jobSession).toBeNull();
      const later = performance.now() + 31_000;
      const clock = jest.spyOn(performance, 'now').mockImplementation(() => later);
      try {
        expect((await ask(session)).data.jobSession).toBeNull(); // this one raises the doubt
        expect((await ask(session)).data.jobSession).toEqual({ id: SESSION }); // v7 answers
      } finally {
        clock.mockRestore();
      }
    });
  });

  test('a server that comes back with other versions is asked anew', async () => {
    await withGateway({}, async ({ ask, simulator }) => {
      expect((await ask('{ backupServer { apiVersion } }')).data.backupServer.apiVersion).toBe('v8');
      const gone = simulator.misbehave(({ version }) => version === 'v8', { status: 404, body: { message: 'gone' } });
      expect(codes((await ask('{ jobs { nodes { id } } }')).errors)).toContain('NOT_FOUND');
      const { data } = await ask('{ backupServer { apiVersion } jobs { nodes { id } } }');
      expect(data.backupServer.apiVersion).toBe('v7');
      expect(data.jobs.nodes).toHaveLength(12);
      gone();
    });
  });
});

describe('no token, no request', () => {
  const authorize = async (headers: Record<string, string>) =>
    gateway.ask('{ __typename jobs { nodes { id } } backupServer { apiVersion } }', {}, { token: null, headers });

  test.each<[string, Record<string, string>]>([
    ['no header', {}],
    ['Basic', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['a raw token', { authorization: 'AQAAA123' }],
    ['no token', { authorization: 'Bearer ' }],
    ['two tokens', { authorization: 'Bearer a b' }],
    ['a comma', { authorization: 'Bearer a, Bearer b' }],
    ['quotes', { authorization: 'Bearer "a"' }],
    ['more than 16 kB', { authorization: `Bearer ${'a'.repeat(17_000)}` }],
  ])('%s', async (_, headers) => {
    const { data, errors } = await authorize(headers);
    expect(data).toEqual({ __typename: 'Query', jobs: null, backupServer: null });
    expect(codes(errors)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    expect(errors?.[0]?.message).toContain('Authorization');
    expect(gateway.simulator.requests).toEqual([]);
  });

  test('two headers', async () => {
    gateway.simulator.forgetRequests();
    const text = await new Promise<string>((resolve, reject) => {
      const call = request(`${gateway.url}/graphql`, { method: 'POST' }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => {
          resolve(body);
        });
      });
      call.on('error', reject);
      call.setHeader('content-type', 'application/json');
      call.setHeader('authorization', [`Bearer ${gateway.token}`, 'Bearer other']);
      call.end(JSON.stringify({ query: '{ jobs { nodes { id } } }' }));
    });
    expect(text).toContain('UNAUTHENTICATED');
    expect(gateway.simulator.requests).toEqual([]);
  });

  test('the schema can be read without one', async () => {
    const { data, errors } = await gateway.ask(
      '{ __schema { queryType { name } } _service { sdl } }',
      {},
      { token: null },
    );
    expect(errors).toBeUndefined();
    expect(data._service.sdl).toContain('type JobSession');
  });

  test("the caller's own token goes to the server as it came, and an unknown one is UNAUTHENTICATED", async () => {
    const { upstream } = await gateway.ask(QUERY, {}, { token: gateway.token });
    expect(new Set(upstream.map(({ headers }) => headers['authorization']))).toEqual(
      new Set([`Bearer ${gateway.token}`]),
    );
    const { errors } = await gateway.ask(QUERY, {}, { token: 'unknown' });
    expect(codes(errors)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    gateway.simulator.tokens.issue({ accessToken: 'short', expiresInSeconds: 0 });
    expect(codes((await gateway.ask(QUERY, {}, { token: 'short' })).errors)).toEqual([
      'UNAUTHENTICATED',
      'UNAUTHENTICATED',
    ]);
  });
});

describe('bad input', () => {
  const bad = async (query: string, variables = {}): Promise<GraphError | undefined> => {
    const { errors, upstream } = await gateway.ask(query, variables);
    expect(codes(errors)).toEqual(['BAD_USER_INPUT']);
    expect(upstream).toEqual([]);
    return errors?.[0];
  };

  test.each(['jobSession', 'job', 'organization', 'backupRepository', 'proxy'])('%s wants a UUID', async (field) => {
    for (const id of [
      '',
      'x',
      '../Organizations',
      '%2e%2e',
      `${SESSION}/LogItems`,
      `${SESSION}\r\nX: y`,
      `${SESSION}\u0000`,
      'ｂe376069-2865-4156-a9bc-825cef7d687e',
      'a'.repeat(10_000),
    ]) {
      const error = await bad(`query ($id: ID!) { ${field}(id: $id) { id } }`, { id });
      expect(error).toMatchObject({ path: [field], extensions: { argument: 'id' } });
      expect(error?.message).toMatch(/^Argument "id" must be a UUID, such as .*; got "/);
      expect(error?.message.length).toBeLessThan(250);
    }
  });

  test.each([0, -1, 1001, 2 ** 31 - 1])('first: %i', async (first) => {
    for (const field of ['jobSessions', 'jobs', 'organizations', 'backupRepositories', 'proxies']) {
      const { errors } = await gateway.ask(`query ($first: Int) { ${field}(first: $first) { nodes { id } } }`, {
        first,
      });
      expect(errors).toMatchObject([
        {
          message: `Argument "first" must be a whole number from 1 to 1000; got ${first}.`,
          extensions: { code: 'BAD_USER_INPUT', argument: 'first' },
        },
      ]);
    }
  });

  test('is told before anything is asked of the server', async () => {
    for (const args of ['first: 0', 'after: "x"']) {
      for (const field of ['jobSessions', 'jobs', 'organizations', 'backupRepositories', 'proxies'])
        await bad(`{ ${field}(${args}) { nodes { id } } }`);
    }
  });

  test('a choice of nothing is answered without looking', async () => {
    const { data, errors, upstream } = await gateway.ask(
      '{ jobSessions(filter: { statuses: [] }) { nodes { id } } jobs(filter: { type: UNKNOWN }) { nodes { id } } }',
    );
    expect({ data, errors, upstream }).toEqual({
      data: { jobSessions: { nodes: [] }, jobs: { nodes: [] } },
      errors: undefined,
      upstream: [],
    });
    const stranger = await gateway.ask(
      '{ jobSessions(filter: { statuses: [] }) { nodes { id } } jobs(filter: { type: UNKNOWN }) { nodes { id } } }',
      {},
      { token: null },
    );
    expect(codes(stranger.errors)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
  });

  test('ids in filters', async () => {
    expect(await bad('{ jobSessions(filter: { jobId: "x" }) { nodes { id } } }')).toMatchObject({
      extensions: { argument: 'filter.jobId' },
    });
    expect(await bad('{ jobs(filter: { organizationId: "x" }) { nodes { id } } }')).toMatchObject({
      extensions: { argument: 'filter.organizationId' },
    });
    expect(await bad('{ jobs(filter: { repositoryId: "x" }) { nodes { id } } }')).toMatchObject({
      extensions: { argument: 'filter.repositoryId' },
    });
  });

  test('a cursor that is damaged, or of another list, filter or order', async () => {
    const cursors = await gateway.ask(`{
      sessions: jobSessions(first: 1) { pageInfo { endCursor } }
      backups: jobSessions(first: 1, filter: { type: BACKUP }) { pageInfo { endCursor } }
      jobs(first: 1) { pageInfo { endCursor } }
      session: jobSession(id: "${SESSION}") { log(first: 1) { pageInfo { endCursor } } }
    }`);
    const { sessions, backups, jobs, session } = cursors.data;
    const own = sessions.pageInfo.endCursor as string;
    const damaged = `${own.slice(0, 20)}${own[20] === 'A' ? 'B' : 'A'}${own.slice(21)}`;
    for (const after of [
      'x',
      damaged,
      own.slice(0, -3),
      `${own}AAAA`,
      backups.pageInfo.endCursor,
      jobs.pageInfo.endCursor,
      session.log.pageInfo.endCursor,
      'A'.repeat(5000),
    ]) {
      const { errors } = await gateway.ask('query ($after: String) { jobSessions(after: $after) { nodes { id } } }', {
        after,
      });
      expect(errors).toMatchObject([
        { path: ['jobSessions'], extensions: { code: 'BAD_USER_INPUT', argument: 'after' } },
      ]);
    }
    const { errors } = await gateway.ask(
      `query ($after: String) { jobSession(id: "${SESSION}") { log(after: $after, order: DESC) { nodes { id } } } }`,
      { after: session.log.pageInfo.endCursor },
    );
    expect(codes(errors)).toEqual(['BAD_USER_INPUT']);
  });

  test('a moment that is none, in a variable or in the document', async () => {
    const query = 'query ($at: DateTime) { jobSessions(filter: { endedAfter: $at }) { nodes { id } } }';
    for (const at of ['yesterday', '2026-02-30T00:00:00Z', '2026-01-01', '2026-01-01T00:00:00', 5]) {
      const { errors, status } = await gateway.ask(query, { at });
      expect({ codes: codes(errors), status }).toEqual({ codes: ['BAD_USER_INPUT'], status: 400 });
    }
    const { errors } = await gateway.ask('{ jobSessions(filter: { endedAfter: "yesterday" }) { nodes { id } } }');
    expect(codes(errors)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
  });
});

describe('documents and HTTP', () => {
  const jsonOf = (accept: string) => ({
    'content-type': 'application/json',
    accept,
    authorization: `Bearer ${gateway.token}`,
  });
  const post = async (
    body: string,
    headers: Record<string, string> = jsonOf('application/graphql-response+json'),
    path = '/graphql',
  ): Promise<{ status: number; code: unknown; requestId: unknown }> => {
    const response = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body });
    const { errors } = (await response.json()) as { errors: GraphError[] };
    return { status: response.status, code: errors[0]?.extensions.code, requestId: errors[0]?.extensions.requestId };
  };

  test.each<[string, string, number, string]>([
    ['no GraphQL', '{"query": "{"}', 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{"query": "{ nothing }"}', 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'an operation that is not there',
      '{"query": "query A { __typename }", "operationName": "B"}',
      400,
      'BAD_USER_INPUT',
    ],
    ['a mutation', '{"query": "mutation { x }"}', 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a subscription', '{"query": "subscription { x }"}', 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'a hash of another query',
      `{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "${'0'.repeat(64)}"}}}`,
      400,
      'BAD_REQUEST',
    ],
    [
      'a hash of an unknown query',
      `{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "${'0'.repeat(64)}"}}}`,
      200,
      'PERSISTED_QUERY_NOT_FOUND',
    ],
    [
      'thousands of nested fragments',
      JSON.stringify({
        query: `{ ...F0 } ${Array.from({ length: 6000 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} }`).join(' ')} fragment F6000 on Query { __typename }`,
      }),
      400,
      'QUERY_TOO_COMPLEX',
    ],
    ['no query', '{}', 400, 'BAD_REQUEST'],
    ['an array of operations', '[{"query": "{ __typename }"}]', 400, 'BAD_REQUEST'],
    ['no JSON', '{"query":', 400, 'BAD_REQUEST'],
    ['a body over a megabyte', JSON.stringify({ query: `# ${'x'.repeat(1_100_000)}` }), 413, 'BAD_REQUEST'],
  ])('%s', async (_, body, status, code) => {
    expect(await post(body)).toEqual({ status, code, requestId: expect.any(String) });
    // As plain JSON, what GraphQL itself says is 200; what the request itself lacks is not.
    const isGraphs = /^(GRAPHQL_|QUERY_|BAD_USER_INPUT)/.test(code);
    expect(await post(body, jsonOf('application/json'))).toMatchObject({ status: isGraphs ? 200 : status, code });
  });

  test('another content type, and another path', async () => {
    expect(await post('query=x', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({
      status: 415,
      code: 'BAD_REQUEST',
    });
    expect(await post('{}', undefined, '/elsewhere')).toMatchObject({ status: 404, code: 'BAD_REQUEST' });
  });

  test('a path that cannot be decoded, and what is no HTTP at all, the token in it unlogged', async () => {
    expect(await post('{}', undefined, '/%')).toMatchObject({
      status: 400,
      code: 'BAD_REQUEST',
      requestId: expect.any(String),
    });
    gateway.logLines.length = 0;
    const { port } = new URL(gateway.url);
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.token}\r\nbad header\r\n\r\n`,
        );
      });
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
      socket.on('close', () => {
        resolve(text);
      });
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"BAD_REQUEST"');
    expect(gateway.logLines).toEqual([]); // the level is trace, and the packet would be there as bytes
  });

  test("a caller's request id is kept if it is a plain word", async () => {
    const own = await gateway.ask(
      '{ jobSession(id: "x") { id } }',
      {},
      { headers: { 'x-request-id': 'dashboard-17' } },
    );
    expect(own.errors?.[0]?.extensions.requestId).toBe('dashboard-17');
    expect(own.headers.get('x-request-id')).toBe('dashboard-17');
    const forged = await gateway.ask('{ jobSession(id: "x") { id } }', {}, { headers: { 'x-request-id': 'a"b {}' } });
    expect(forged.errors?.[0]?.extensions.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('introspection that is off hides the schema, its SDL and its suggestions', async () => {
    await withGateway({ introspection: false }, async ({ ask }) => {
      for (const query of [
        '{ __schema { queryType { name } } }',
        '{ _service { sdl } }',
        '{ a: _service { __typename } }',
        '{ jobSesion(id: "x") { id } }',
      ]) {
        const { errors, text } = await ask(query);
        expect(codes(errors)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
        expect(text).not.toMatch(/Did you mean|type JobSession/);
      }
      expect((await ask('{ __typename jobs { nodes { __typename } } }')).errors).toBeUndefined();
    });
  });

  test('a GET with a query is answered, and one that a browser could send by itself is not', async () => {
    const ask = (headers: Record<string, string>) =>
      fetch(`${gateway.url}/graphql?query=${encodeURIComponent('{ jobs { nodes { id } } }')}`, {
        headers,
      });
    for (const name of ['apollo-require-preflight', 'x-apollo-operation-name', 'authorization']) {
      expect((await ask({ [name]: 'Bearer x' })).status).toBe(200);
    }
    const refused = await ask({});
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      errors: [{ extensions: { code: 'BAD_REQUEST', requestId: expect.any(String) } }],
    });
  });
});

test('liveness and readiness', async () => {
  await withGateway({}, async ({ url, app: { drain } }) => {
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({
      status: 'ready',
      backupServer: { state: 'unknown', apiVersion: null, lastFault: null },
    });
    drain();
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });
});
