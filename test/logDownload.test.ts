import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Misbehaviour, SeenRequest } from '../src/simulator/index.js';
import { startGateway, withGateway, type Gateway } from './helpers/gateway.js';

/** A session's whole log in one answer, however long it is. */

const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const UNKNOWN = '11111111-1111-4111-8111-111111111111';
const isOfLog = ({ path }: SeenRequest): boolean => path.endsWith('/LogItems');

type Download = { status: number; headers: Headers; text: string; lines: any[] };

async function download(
  gateway: Gateway,
  id: string,
  { query = '', accept, token = gateway.token }: { query?: string; accept?: string; token?: string | null } = {},
): Promise<Download> {
  const response = await fetch(`${gateway.url}/sessions/${id}/log${query}`, {
    headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...(accept !== undefined && { accept }) },
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/x-ndjson';
  const lines: unknown[] = isJson
    ? text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  return { status: response.status, headers: response.headers, text, lines };
}

/** The same lines as the graph has them, read page after page. */
async function readThroughGraph(gateway: Gateway, id: string): Promise<unknown[]> {
  const query = `query ($id: ID!, $after: String) { jobSession(id: $id) { log(first: 1000, after: $after) {
    nodes { id sequenceNumber type message creationTime endTime durationSeconds } pageInfo { hasNextPage endCursor } } } }`;
  const all: unknown[] = [];
  for (let after: string | null = null; ;) {
    const { data } = await gateway.ask(query, { id, after });
    const { nodes, pageInfo } = data.jobSession.log;
    all.push(...nodes);
    if (!pageInfo.hasNextPage) return all;
    after = pageInfo.endCursor;
  }
}

const insertLog = ({ simulator }: Gateway, lines: number, seconds = 0): string =>
  simulator.history.insert(JOB, seconds, lines).id;

/** What the server would answer for one page of a v8 log. */
const pageOf = (results: unknown[]): Misbehaviour => ({ body: { offset: 0, limit: 1000, results } });
const rawLine = (usn: number, message: string): object => ({
  id: `00000000-0000-4000-8000-${String(usn).padStart(12, '0')}`,
  usn,
  type: 'Success',
  message,
  creationTime: '2026-11-20T10:00:00Z',
  endTime: '2026-11-20T10:00:01.5Z',
});

describe.each(['v2', 'v3', 'v5', 'v6', 'v7', 'v8'])('%s', (apiVersion) => {
  test('gives every line once, in order, as paging through the graph does', async () => {
    await withGateway({ apiVersion }, async (gateway) => {
      const id = insertLog(gateway, 3456);
      const { status, lines, headers } = await download(gateway, id);
      expect(status).toBe(200);
      expect(lines).toHaveLength(3456);
      expect(lines).toEqual(await readThroughGraph(gateway, id));
      const numbers = lines.map(({ sequenceNumber }) => sequenceNumber as number);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(headers.get('cache-control')).toBe('private, no-store');
      expect(headers.get('vary')).toMatch(/^Authorization, Accept\b/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-disposition')).toBe(`attachment; filename="session-${id}.ndjson"`);
    });
  });
});

describe('with one gateway', () => {
  let gateway: Gateway;
  let undo: (() => void) | undefined;
  beforeAll(async () => {
    gateway = await startGateway({ maxRequests: 1 });
  });
  afterEach(() => {
    undo?.();
    undo = undefined;
  });
  afterAll(() => gateway.close());

  test('logUrl is its path, and costs no request of its own', async () => {
    const id = insertLog(gateway, 10);
    const { data, upstream } = await gateway.ask(`{ jobSession(id: "${id}") { id logUrl } }`);
    expect(data.jobSession.logUrl).toBe(`/sessions/${id}/log`);
    expect(upstream).toHaveLength(1);
    const response = await fetch(new URL(data.jobSession.logUrl as string, gateway.url), {
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    expect((await response.text()).trim().split('\n')).toHaveLength(10);
    const related = await gateway.ask(
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on JobSession { id logUrl } } }',
      { r: [{ __typename: 'JobSession', id }] },
    );
    expect(related.data).toEqual({ _entities: [{ id, logUrl: `/sessions/${id}/log` }] });
    expect(related.upstream).toHaveLength(1);
  });

  test('the request budget of operations does not count: a page is one request, a thousand lines long', async () => {
    const id = insertLog(gateway, 9000);
    gateway.simulator.forgetRequests();
    expect((await download(gateway, id)).lines).toHaveLength(9000);
    expect(gateway.simulator.requests.filter(isOfLog)).toHaveLength(10);
    expect(new Set(gateway.simulator.requests.map(({ inFlight }) => inFlight))).toEqual(new Set([1]));
  });

  test('as text: a line each, with its time and type', async () => {
    undo = gateway.simulator.misbehave(
      isOfLog,
      pageOf([rawLine(1, 'Job started'), { ...rawLine(2, 'x'), message: 7 }]),
    );
    const { text, headers } = await download(gateway, insertLog(gateway, 1), { accept: 'text/plain' });
    expect(text).toBe('2026-11-20T10:00:00Z [SUCCESS] Job started\n2026-11-20T10:00:00Z [SUCCESS] ?\n');
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('content-disposition')).toMatch(/\.txt"$/);
  });

  test.each<[string | undefined, string, string]>([
    [undefined, '', 'application/x-ndjson'],
    ['*/*', '', 'application/x-ndjson'],
    ['application/json, text/plain, */*', '', 'application/x-ndjson'],
    ['text/*;q=0.9, */*;q=0.1', '', 'text/plain; charset=utf-8'],
    ['application/x-ndjson;q=0.2, text/plain;q=0.7', '', 'text/plain; charset=utf-8'],
    ['application/x-ndjson;q=0, */*', '', 'text/plain; charset=utf-8'],
    ['application/x-ndjson', '?format=text', 'text/plain; charset=utf-8'],
    ['image/png', '?format=ndjson', 'application/x-ndjson'],
  ])('Accept %s%s: %s', async (accept, query, expected) => {
    const { headers } = await download(gateway, insertLog(gateway, 1), {
      query,
      ...(accept !== undefined && { accept }),
    });
    expect(headers.get('content-type')).toBe(expected);
  });

  test('a message cannot forge a line, nor steer a terminal', async () => {
    const hostile = 'a\r\n{"error":{}}\n!! CANCELLED: x\u001b[2J\u0085\u009b1m\u2028\u202eevil\u0000\t"\\';
    undo = gateway.simulator.misbehave(isOfLog, pageOf([rawLine(1, hostile), rawLine(2, 'b')]));
    const id = insertLog(gateway, 1);
    const json = await download(gateway, id);
    expect(json.lines.map(({ message }) => message as string)).toEqual([hostile, 'b']);
    const { text } = await download(gateway, id, { query: '?format=text' });
    expect(text.split('\n')).toEqual([
      '2026-11-20T10:00:00Z [SUCCESS] a\\r\\n{"error":{}}\\n!! CANCELLED: x\\u001b[2J\\u0085\\u009b1m\\u2028\\u202eevil\\u0000\\t"\\',
      '2026-11-20T10:00:00Z [SUCCESS] b',
      '',
    ]);
    const active = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/;
    expect({ json: active.test(json.text), text: active.test(text) }).toEqual({ json: false, text: false });
  });

  test('what cannot be read is null, and told in its line', async () => {
    undo = gateway.simulator.misbehave(
      isOfLog,
      pageOf([{ ...rawLine(1, 'a'), creationTime: 'noon' }, 'no line at all']),
    );
    const { lines } = await download(gateway, insertLog(gateway, 1));
    const message = 'The backup server answered something that this gateway cannot read.';
    const error = (field: string | null): object => ({ field, message, code: 'UPSTREAM_BAD_RESPONSE' });
    expect(lines).toMatchObject([
      {
        message: 'a',
        creationTime: null,
        durationSeconds: null,
        errors: [error('creationTime'), error('durationSeconds')],
      },
      { id: null, message: null, errors: [error(null)] },
    ]);
  });

  test('an empty log is an empty answer, and a session that is not there 404', async () => {
    undo = gateway.simulator.misbehave(isOfLog, pageOf([]));
    expect(await download(gateway, insertLog(gateway, 1))).toMatchObject({ status: 200, text: '' });
    const { status, text } = await download(gateway, UNKNOWN);
    expect({ status, code: JSON.parse(text).errors[0].extensions.code }).toEqual({
      status: 404,
      code: 'NOT_FOUND',
    });
  });

  test.each<[string, Misbehaviour | null, object, number, string]>([
    ['no token', null, { token: null }, 401, 'UNAUTHENTICATED'],
    ['a malformed token', null, { token: 'a b' }, 401, 'UNAUTHENTICATED'],
    ['a token that the server does not know', null, { token: 'unknown' }, 401, 'UNAUTHENTICATED'],
    ['403', { status: 403 }, {}, 403, 'FORBIDDEN'],
    ['404', { status: 404, body: { message: 'gone' } }, {}, 404, 'NOT_FOUND'],
    ['404 of a proxy', { status: 404, body: '<html>' }, {}, 502, 'UPSTREAM_UNAVAILABLE'],
    ['400', { status: 400 }, {}, 502, 'UPSTREAM_REJECTED'],
    ['429', { status: 429, headers: { 'retry-after': '77' } }, {}, 503, 'UPSTREAM_RATE_LIMITED'],
    ['500', { status: 500 }, {}, 502, 'UPSTREAM_ERROR'],
    ['HTML', { body: '<html>' }, {}, 502, 'UPSTREAM_BAD_RESPONSE'],
    ['a connection that is reset', { reset: true }, {}, 502, 'UPSTREAM_UNAVAILABLE'],
    ['a format that there is not', null, { query: '?format=csv' }, 400, 'BAD_USER_INPUT'],
    ['two formats', null, { query: '?format=text&format=text' }, 400, 'BAD_USER_INPUT'],
    ['a type that there is not', null, { accept: 'image/png' }, 406, 'BAD_REQUEST'],
  ])('before the first byte, %s', async (_, how, options, status, code) => {
    if (how) undo = gateway.simulator.misbehave(isOfLog, how);
    gateway.simulator.forgetRequests();
    const answer = await download(gateway, insertLog(gateway, 5), options);
    const { errors } = JSON.parse(answer.text) as { errors: { message: string; extensions: any }[] };
    expect({ status: answer.status, code: errors[0]?.extensions.code as string }).toEqual({ status, code });
    expect(errors[0]?.extensions.requestId).toBe(answer.headers.get('x-request-id'));
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(answer.headers.get('retry-after')).toBe(code === 'UPSTREAM_RATE_LIMITED' ? '77' : null);
    if (how === null && !Object.hasOwn(options, 'token')) expect(gateway.simulator.requests).toEqual([]);
  });

  test('an id that is none is refused before anything is asked', async () => {
    gateway.simulator.forgetRequests();
    const { status, text } = await download(gateway, 'Jobs%2F..');
    expect({ status, code: JSON.parse(text).errors[0].extensions.code }).toEqual({
      status: 400,
      code: 'BAD_USER_INPUT',
    });
    expect(gateway.simulator.requests).toEqual([]);
  });

  test('HEAD does not read a log', async () => {
    gateway.simulator.forgetRequests();
    const { status } = await fetch(`${gateway.url}/sessions/${UNKNOWN}/log`, { method: 'HEAD' });
    expect({ status, requests: gateway.simulator.requests.length }).toEqual({ status: 405, requests: 0 });
  });

  test('a token is told nothing of what another was told', async () => {
    const id = insertLog(gateway, 2500);
    expect((await download(gateway, id)).lines).toHaveLength(2500);
    const { accessToken } = gateway.simulator.tokens.issue();
    undo = gateway.simulator.misbehave(
      (request) => isOfLog(request) && request.headers['authorization'] === `Bearer ${accessToken}`,
      { status: 403 },
    );
    const [own, other] = await Promise.all([download(gateway, id), download(gateway, id, { token: accessToken })]);
    expect({ own: own.lines.length, other: other.status }).toEqual({ own: 2500, other: 403 });
    expect(gateway.server.figures().sharing.entries).toBe(0);
  });
});

describe('a failure midway ends the log with a line that says what it was', () => {
  test.each<[string, Misbehaviour, string]>([
    ['500', { status: 500, body: { message: 'secret' } }, 'UPSTREAM_ERROR'],
    ['401', { status: 401 }, 'UNAUTHENTICATED'],
    ['garbage', { body: '{"results": [' }, 'UPSTREAM_BAD_RESPONSE'],
    ['a server that hangs', { hang: true }, 'UPSTREAM_TIMEOUT'],
    ['another page than asked', pageOf([rawLine(1, 'again')]), 'UPSTREAM_BAD_RESPONSE'],
    [
      'the first page for ever',
      { body: { results: Array.from({ length: 1000 }, (_, index) => rawLine(index, 'again')) } },
      'UPSTREAM_BAD_RESPONSE',
    ],
  ])('%s', async (_, how, code) => {
    await withGateway({ timeoutMs: 400 }, async (gateway) => {
      const id = insertLog(gateway, 4000);
      gateway.simulator.misbehave((seen) => isOfLog(seen) && Number(seen.query['offset']) > 1500, how);
      const { status, lines, headers, text } = await download(gateway, id);
      const requestId = headers.get('x-request-id');
      expect({ status, count: lines.length }).toEqual({ status: 200, count: 2 * 998 + 1 });
      expect(lines.at(-1)).toEqual({ error: { message: expect.any(String), code, requestId } });
      expect(lines.slice(0, -1).every((line) => line.error === undefined)).toBe(true);
      expect(text).not.toContain('secret');
      const plain = (await download(gateway, id, { query: '?format=text' })).text.trimEnd().split('\n');
      expect(plain).toHaveLength(2 * 998 + 1);
      expect(plain.at(-1)).toMatch(new RegExp(`^!! ${code}: .+ \\(request id [\\w-]{36}\\)$`));
      expect(gateway.logLines).toContainEqual(
        expect.objectContaining({ msg: 'the download of a log met an error', requestId }),
      );
    });
  });
});

test('the time that an operation has is for each page: all of them may take longer', async () => {
  await withGateway({ operationTimeoutMs: 700, timeoutMs: 700 }, async (gateway) => {
    const id = insertLog(gateway, 5000);
    gateway.simulator.misbehave(isOfLog, { delayMs: 200 });
    const startMs = performance.now();
    expect((await download(gateway, id)).lines).toHaveLength(5000);
    expect(performance.now() - startMs).toBeGreaterThan(1000);
  });
});

test('lines that a running session adds meanwhile come once', async () => {
  let nowMs = Date.UTC(2026, 10, 20, 12, 30);
  await withGateway({ simulator: { nowMs: () => nowMs } }, async (gateway) => {
    const id = insertLog(gateway, 8000, 800);
    nowMs += 250_000;
    // With each page that is asked for, the session goes on by 500 lines.
    gateway.simulator.misbehave((seen) => {
      if (isOfLog(seen)) nowMs += 50_000;
      return false;
    }, {});
    const { lines } = await download(gateway, id);
    const numbers = lines.map(({ sequenceNumber }) => sequenceNumber as number);
    expect(numbers.length).toBeGreaterThan(3000);
    expect(numbers).toEqual([1, 2, ...Array.from({ length: numbers.length - 2 }, (_, index) => 1000 + index)]);
  });
});

describe('the caller', () => {
  type Reader = {
    pause: () => void;
    resume: () => void;
    destroy: () => void;
    text: () => string;
    closed: Promise<void>;
  };

  /** Reads as slowly as it likes. */
  function read(gateway: Gateway, id: string): Reader {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => undefined);
    socket.write(
      `GET /sessions/${id}/log HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${gateway.token}\r\n\r\n`,
    );
    const closed = new Promise<void>((resolve) => {
      socket.on('close', () => {
        resolve();
      });
    });
    return {
      pause: () => {
        socket.pause();
      },
      resume: () => {
        socket.resume();
      },
      destroy: () => {
        socket.destroy();
      },
      text: () => text,
      closed,
    };
  }

  const logRequests = ({ simulator }: Gateway): number => simulator.requests.filter(isOfLog).length;

  async function untilStill(count: () => number): Promise<number> {
    let before = -1;
    for (;;) {
      const now = count();
      if (now > 0 && now === before) return now;
      before = now;
      await wait(400);
    }
  }

  test('that reads slowly makes the gateway read slowly, and gets all', async () => {
    await withGateway({}, async (gateway) => {
      const reader = read(gateway, insertLog(gateway, 100_000));
      reader.pause();
      expect(await untilStill(() => logRequests(gateway))).toBeLessThan(60);
      reader.resume();
      await reader.closed;
      expect(reader.text().endsWith('\r\n0\r\n\r\n')).toBe(true);
      expect(reader.text().match(/"sequenceNumber"/g)).toHaveLength(100_000);
    });
  }, 60_000);

  test('may take its time for a log that came whole', async () => {
    await withGateway({ apiVersion: 'v2', operationTimeoutMs: 3000 }, async (gateway) => {
      const lines = Array.from({ length: 40_000 }, (_, index) => rawLine(index, 'x'.repeat(300)));
      gateway.simulator.misbehave(isOfLog, { body: Buffer.from(JSON.stringify(lines)) });
      const reader = read(gateway, insertLog(gateway, 1));
      reader.pause();
      while (!gateway.app.unread.isAny()) await wait(50);
      await wait(3500);
      reader.resume();
      await reader.closed;
      expect(reader.text().match(/"sequenceNumber"/g)).toHaveLength(40_000);
      expect(logRequests(gateway)).toBe(1);
    });
  }, 30_000);

  test('that reads nothing is cut off, and the log is not read on', async () => {
    await withGateway({}, async (gateway) => {
      const reader = read(gateway, insertLog(gateway, 100_000));
      reader.pause();
      const asked = await untilStill(() => logRequests(gateway));
      while (gateway.app.unread.isAny()) await wait(50);
      expect(logRequests(gateway)).toBe(asked);
      reader.resume();
      await reader.closed;
      expect(reader.text().endsWith('\r\n0\r\n\r\n')).toBe(false);
    });
  }, 30_000);

  test('that goes away ends the reading of the server within a second', async () => {
    await withGateway({}, async (gateway) => {
      const id = insertLog(gateway, 100_000);
      gateway.simulator.misbehave(isOfLog, { delayMs: 30 });
      const reader = read(gateway, id);
      while (logRequests(gateway) < 5) await wait(5);
      reader.destroy();
      await wait(1000);
      const asked = logRequests(gateway);
      expect(asked).toBeLessThan(90);
      await wait(500);
      expect(logRequests(gateway)).toBe(asked);
    });
  });

  test('that goes away while the server hangs frees the place at it', async () => {
    await withGateway({}, async (gateway) => {
      const id = insertLog(gateway, 5000);
      gateway.simulator.misbehave((seen) => isOfLog(seen) && Number(seen.query['offset']) > 1500, { hang: true });
      const reader = read(gateway, id);
      const hanging = (): SeenRequest | undefined =>
        gateway.simulator.requests.find((seen) => isOfLog(seen) && Number(seen.query['offset']) > 1500);
      while (hanging() === undefined) await wait(5);
      const before = gateway.callLines.length;
      reader.destroy();
      const startMs = performance.now();
      while (!gateway.callLines.slice(before).some(({ fault }) => fault === 'cancelled')) await wait(5);
      expect(performance.now() - startMs).toBeLessThan(1000);
    });
  });
});

test('being stopped midway ends the log with a line that says so', async () => {
  await withGateway({}, async (gateway) => {
    const id = insertLog(gateway, 100_000);
    gateway.simulator.misbehave(isOfLog, { delayMs: 30 });
    const open = download(gateway, id);
    while (gateway.simulator.requests.filter(isOfLog).length < 4) await wait(5);
    gateway.app.cancelAll();
    const { lines } = await open;
    expect(lines.at(-1)).toMatchObject({ error: { code: 'CANCELLED' } });
    expect(lines.length).toBeLessThan(99_000);
    expect((await download(gateway, id)).status).toBe(503);
  });
});
