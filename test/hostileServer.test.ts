import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Misbehaviour } from '../src/simulator/index.js';
import { startGateway, withGateway, type Gateway, type GraphError } from './helpers/gateway.js';

/** A server that does what it likes: each operation is answered, with a typed error where it has to be, and the rest stands. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { id } proxies { nodes { hostName } } }`;
const LIMITS = { timeoutMs: 400, operationTimeoutMs: 1200, maxBodyBytes: 400_000 };

let gateway: Gateway;
let undo: (() => void) | undefined;
beforeAll(async () => {
  gateway = await startGateway(LIMITS);
  await gateway.ask('{ backupServer { apiVersion } }');
});
afterEach(() => {
  undo?.();
  undo = undefined;
});
afterAll(() => gateway.close());

const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);
const sessionDoes = (how: Misbehaviour, times?: number): void => {
  undo = gateway.simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), how, times);
};
const attempts = (): number => gateway.simulator.requests.filter(({ path }) => path.startsWith('JobSessions/')).length;
const good = JSON.stringify({ id: SESSION, status: 'Success' });

describe('each fault is a typed error at its field, the rest is answered, and so is the next query', () => {
  test.each<[string, Misbehaviour, string, number]>([
    ['no answer', { hang: true }, 'UPSTREAM_TIMEOUT', 1],
    ['a body that stops in the middle', { body: good, stallAfterBytes: 20 }, 'UPSTREAM_TIMEOUT', 1],
    ['a body a byte at a time', { body: good, trickleMs: 40 }, 'UPSTREAM_TIMEOUT', 1],
    ['a reset connection', { reset: true }, 'UPSTREAM_UNAVAILABLE', 3],
    ['a cut body', { body: good, truncateAfterBytes: 20 }, 'UPSTREAM_UNAVAILABLE', 3],
    ['500', { status: 500, body: '<html>oops</html>' }, 'UPSTREAM_ERROR', 3],
    [
      '500 with a code, so that it knows what it does',
      { status: 500, body: { errorCode: 'ProxyOffline' } },
      'UPSTREAM_ERROR',
      1,
    ],
    ['501', { status: 501 }, 'UPSTREAM_ERROR', 1],
    ['503', { status: 503 }, 'UPSTREAM_ERROR', 3],
    ['503 for an hour', { status: 503, headers: { 'retry-after': '3600' } }, 'UPSTREAM_ERROR', 1],
    ['429', { status: 429 }, 'UPSTREAM_RATE_LIMITED', 1],
    ['429 for an hour', { status: 429, headers: { 'retry-after': '3600' } }, 'UPSTREAM_RATE_LIMITED', 1],
    ['429 for no time, again and again', { status: 429, headers: { 'retry-after': '0' } }, 'UPSTREAM_RATE_LIMITED', 3],
    ['400', { status: 400 }, 'UPSTREAM_REJECTED', 1],
    ['401', { status: 401 }, 'UNAUTHENTICATED', 1],
    ['a redirect', { status: 301, headers: { location: 'http://127.0.0.1:1/' } }, 'UPSTREAM_BAD_RESPONSE', 1],
    [
      'a redirect to itself',
      { status: 302, headers: { location: `/v8/JobSessions/${SESSION}` } },
      'UPSTREAM_BAD_RESPONSE',
      1,
    ],
    ['no HTTP', { raw: 'SSH-2.0-OpenSSH_9.2\r\n\r\n' }, 'UPSTREAM_BAD_RESPONSE', 1],
    [
      'two lengths',
      { raw: 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nnull' },
      'UPSTREAM_BAD_RESPONSE',
      1,
    ],
    ['a header of 100 kB', { raw: `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n` }, 'UPSTREAM_BAD_RESPONSE', 1],
    [
      'another protocol',
      { raw: 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n' },
      'UPSTREAM_BAD_RESPONSE',
      1,
    ],
    ['nothing', { raw: '' }, 'UPSTREAM_UNAVAILABLE', 3],
    ['no content', { status: 204 }, 'UPSTREAM_BAD_RESPONSE', 1],
    ['not modified', { status: 304 }, 'UPSTREAM_BAD_RESPONSE', 1],
    [
      'a length beyond the cap',
      { body: good, headers: { 'content-length': '90000000' } },
      'UPSTREAM_RESPONSE_TOO_LARGE',
      1,
    ],
    [
      'more than the cap, without a length',
      { body: 'x'.repeat(10_000), repeat: 1000 },
      'UPSTREAM_RESPONSE_TOO_LARGE',
      1,
    ],
    [
      'an error page without an end',
      { status: 404, body: 'x'.repeat(10_000), repeat: 10_000 },
      'UPSTREAM_UNAVAILABLE',
      1,
    ],
    ['gzip', { body: gzipSync(good), headers: { 'content-encoding': 'gzip' } }, 'UPSTREAM_BAD_RESPONSE', 1],
    [
      'a gzip bomb',
      { body: gzipSync(Buffer.alloc(50_000_000)), headers: { 'content-encoding': 'gzip' } },
      'UPSTREAM_BAD_RESPONSE',
      1,
    ],
    ['brackets 190,000 deep', { body: '['.repeat(190_000) + ']'.repeat(190_000) }, 'UPSTREAM_BAD_RESPONSE', 1],
    ['objects 60,000 deep', { body: `${'{"a":'.repeat(60_000)}1${'}'.repeat(60_000)}` }, 'UPSTREAM_BAD_RESPONSE', 1],
    [
      'objects 10,000 deep, in few bytes',
      { body: `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}` },
      'UPSTREAM_BAD_RESPONSE',
      1,
    ],
    ['100,000 empty objects', { body: `[${'{},'.repeat(100_000)}{}]` }, 'UPSTREAM_BAD_RESPONSE', 1],
    [
      'more keys than sessions have',
      { body: `{${'"k":1,'.repeat(100)}${Array.from({ length: 20_000 }, (_, n) => `"k${n}":1`).join(',')}}` },
      'UPSTREAM_BAD_RESPONSE',
      1,
    ],
    [
      'bytes that are no UTF-8',
      { body: Buffer.concat([Buffer.from('{"id":"'), Buffer.alloc(1000, 0xff), Buffer.from('"}')]) },
      'UPSTREAM_BAD_RESPONSE',
      1,
    ],
    [
      'one hint after the other',
      { raw: 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'.repeat(500) },
      'UPSTREAM_BAD_RESPONSE',
      1,
    ],
    ['HTML', { body: '<html>sign in</html>' }, 'UPSTREAM_BAD_RESPONSE', 1],
    ['null', { body: 'null' }, 'UPSTREAM_BAD_RESPONSE', 1],
    ['an answer for another id', { body: { id: 'a8cf9a63-64c3-4748-9c95-b1fbac0cce1d' } }, 'UPSTREAM_BAD_RESPONSE', 1],
  ])('%s', async (_, how, code, tries) => {
    sessionDoes(how);
    const { data, errors, text } = await gateway.ask(QUERY);
    expect(codes(errors)).toEqual(code === '' ? [] : [code]);
    expect(data.jobSession).toBeNull();
    expect(data.proxies.nodes).toHaveLength(2);
    expect(attempts()).toBe(tries);
    for (const secret of ['127.0.0.1', gateway.token, 'oops']) expect(text).not.toContain(secret);
    undo?.();
    expect((await gateway.ask(QUERY)).data).toEqual({ jobSession: { id: SESSION }, proxies: data.proxies });
    expect(JSON.stringify([gateway.logLines, gateway.callLines])).not.toContain(gateway.token);
  });

  test('what passes is not noticed', async () => {
    for (const how of [
      { reset: true },
      { status: 503 },
      { status: 500 },
      { status: 429, headers: { 'retry-after': '1' } },
    ]) {
      sessionDoes(how, 1);
      const { errors, data } = await gateway.ask(QUERY);
      expect(errors).toBeUndefined();
      expect(data.jobSession).toEqual({ id: SESSION });
      expect(attempts()).toBe(2);
      undo?.();
    }
  });

  test('a wait that would outlast the operation is not begun', async () => {
    sessionDoes({ status: 429, headers: { 'retry-after': '2' } });
    const { errors } = await gateway.ask(QUERY);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 2 });
    expect(attempts()).toBe(1);
    undo?.();
    sessionDoes({ status: 429, headers: { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' } });
    expect((await gateway.ask(QUERY)).errors?.[0]?.extensions.retryAfterSeconds).toBe(86_400);
  });

  test('nothing is asked again of a server that cannot be asked at all', async () => {
    await withGateway({ ...LIMITS, origin: 'https://no-such-host.invalid:4443' }, async ({ ask, logLines }) => {
      expect(codes((await ask(QUERY)).errors)).toEqual(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_UNAVAILABLE']);
      expect(JSON.stringify(logLines)).not.toContain('no-such-host');
    });
  });
});

describe('the time of an operation', () => {
  test('ends however much is still to be asked, and what is known by then is answered', async () => {
    undo = gateway.simulator.misbehave(({ path }) => path.endsWith('/LogItems'), { delayMs: 300 });
    const query = '{ jobSessions(first: 30) { nodes { id log(first: 1) { nodes { message } } } } }';
    await withGateway({ ...LIMITS, maxConcurrency: 2 }, async ({ ask, simulator }) => {
      simulator.misbehave(({ path }) => path.endsWith('/LogItems'), { delayMs: 300 });
      const { data, errors, upstream } = await ask(query);
      const logs = data.jobSessions.nodes.map(({ log }: { log: unknown }) => log);
      const answered = logs.filter((log: unknown) => log !== null).length;
      expect(data.jobSessions.nodes).toHaveLength(30);
      expect(answered).toBeGreaterThan(0);
      expect(answered).toBeLessThan(30);
      expect(new Set(codes(errors))).toEqual(new Set(['UPSTREAM_TIMEOUT', 'OVERLOADED']));
      expect(upstream.length).toBeLessThan(30); // what was not begun never is
    });
  });

  test('counts the search for the version', async () => {
    await withGateway({ ...LIMITS, timeoutMs: 2000 }, async ({ ask, simulator }) => {
      const found = simulator.misbehave(({ version }) => version === 'v8', { hang: true });
      expect(codes((await ask('{ jobs { nodes { id } } }')).errors)).toEqual(['UPSTREAM_TIMEOUT']);
      found();
    });
  });

  test('that is over ends its requests at the server', async () => {
    undo = gateway.simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
    await withGateway({ ...LIMITS, timeoutMs: 30_000 }, async ({ ask, simulator }) => {
      simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
      const { errors } = await ask('{ jobs { nodes { id } } }');
      expect(codes(errors)).toEqual(['UPSTREAM_TIMEOUT']);
      await ask('{ backupServer { productVersion } }');
      expect(simulator.requests.at(-1)?.inFlight).toBe(1);
    });
  });
});

describe('what is in memory', () => {
  test('is bounded for all operations together', async () => {
    await withGateway({ ...LIMITS, timeoutMs: 3000, operationTimeoutMs: 3000 }, async ({ ask, simulator }) => {
      await ask('{ backupServer { apiVersion } }');
      simulator.misbehave(({ path }) => path.endsWith('/LogItems'), {
        body: `[${'{"id":"x"},'.repeat(100)}`.padEnd(380_000),
        stallAfterBytes: 380_000 - 1,
      });
      const ids = simulator.history.sessions().slice(0, 12);
      const query = `{ ${ids.map(({ id }, index) => `s${index}: jobSession(id: "${id}") { log { nodes { id } } }`).join(' ')} }`;
      const { errors } = await ask(query);
      // Three of the longest bodies would fit; what more comes of any is refused.
      expect(errors).toHaveLength(12);
      expect(new Set(codes(errors))).toEqual(new Set(['OVERLOADED', 'UPSTREAM_TIMEOUT']));
      expect(codes(errors).filter((code) => code === 'OVERLOADED').length).toBeGreaterThanOrEqual(5);
      simulator.misbehave(({ path }) => path.endsWith('/LogItems'), { body: [] });
      expect((await ask(query)).errors).toBeUndefined(); // and it is free again
    });
  });
});

describe('ids that come from the server', () => {
  const hostile = [
    '../Organizations',
    '..%2fOrganizations',
    '%2e%2e',
    '..\\..\\secret',
    `${SESSION}/../../Organizations`,
    `${SESSION}?x=1`,
    `${SESSION}#`,
    `${SESSION}\r\nX-Injected: 1`,
    `${SESSION}\u0000`,
    ` ${SESSION}`,
    'ｂe376069-2865-4156-a9bc-825cef7d687e',
    '{be376069-2865-4156-a9bc-825cef7d687e}',
    'a'.repeat(10_000),
    { toString: 1 },
    [SESSION],
    7,
  ];

  test.each(hostile.map((id) => [id]))('%j reaches no path', async (id) => {
    sessionDoes({
      body: {
        id: SESSION,
        jobId: id,
        repositoryId: id,
        _links: {
          job: { href: typeof id === 'string' ? `https://evil.example/v8/Jobs/${id}` : id },
          log: { href: 'https://evil.example/log' },
        },
      },
    });
    const { data, errors, upstream } = await gateway.ask(
      `{ jobSession(id: "${SESSION}") { id job { name } repository { name } } }`,
    );
    expect(data.jobSession).toEqual({ id: SESSION, job: null, repository: null });
    expect(codes(errors)).toEqual(['UPSTREAM_BAD_RESPONSE', 'UPSTREAM_BAD_RESPONSE']);
    expect(upstream.map(({ path }) => path)).toEqual([`JobSessions/${SESSION}`]);
  });

  test.each(hostile.map((id) => [id]))('%j in a row of a list spoils that row', async (id) => {
    undo = gateway.simulator.misbehave(({ path }) => path === 'JobSessions', {
      body: { offset: 0, limit: 31, results: [{ id }, { id: SESSION }] },
    });
    const { data, errors } = await gateway.ask('{ jobSessions { nodes { id log { nodes { id } } } } }');
    expect(data.jobSessions.nodes[0]).toBeNull();
    expect(data.jobSessions.nodes[1].id).toBe(SESSION);
    expect(codes(errors)).toEqual(['UPSTREAM_BAD_RESPONSE']);
    const lines = JSON.stringify(gateway.logLines);
    expect(lines).not.toContain('X-Injected');
  });
});

describe('a server elsewhere', () => {
  let other: Server;
  const seen: string[] = [];
  beforeAll(async () => {
    const { generate } = await import('selfsigned');
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'x' }], {
      keyType: 'ec',
      algorithm: 'sha256',
    });
    other = createServer({ key, cert }, ({ url = '', headers }, response) => {
      seen.push(`${url} ${headers.authorization ?? ''}`);
      response.end('{}');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => other.close(resolve)));

  test('is never asked, whatever redirects and links say', async () => {
    const elsewhere = `https://127.0.0.1:${(other.address() as AddressInfo).port}`;
    for (const how of [
      ...[300, 301, 302, 303, 307, 308].map((status) => ({ status, headers: { location: `${elsewhere}/v8/Jobs` } })),
      {
        body: good,
        headers: {
          link: `<${elsewhere}>; rel=preload`,
          refresh: `0; url=${elsewhere}`,
          'alt-svc': `h2="${elsewhere}"`,
        },
      },
      {
        body: {
          id: SESSION,
          _links: {
            self: { href: elsewhere },
            log: { href: `${elsewhere}/log` },
            job: { href: `${elsewhere}/v8/Jobs/${SESSION}` },
          },
        },
      },
    ]) {
      sessionDoes(how);
      await gateway.ask(`{ jobSession(id: "${SESSION}") { id job { name } log { nodes { id } } } }`);
      undo?.();
    }
    undo = gateway.simulator.misbehave(({ path }) => path === 'JobSessions', {
      body: {
        offset: 0,
        limit: 2,
        results: [{ id: SESSION }],
        _links: { self: { href: elsewhere }, next: { href: `${elsewhere}/v8/JobSessions?offset=1` } },
      },
    });
    await gateway.ask('{ jobSessions(first: 1) { nodes { id } pageInfo { hasNextPage } } }');
    expect(seen).toEqual([]);
  });
});
