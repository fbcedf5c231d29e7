import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { watchUnread, type Unread } from '../src/http/unread.js';
import { withGateway, type GraphError } from './helpers/gateway.js';
import { until } from './helpers/until.js';

/** A short document must not become a long answer, nor keep the process busy, whatever the server has. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

describe('an answer', () => {
  test('has 8 MB of text at the most, the fields beyond it have an error', async () => {
    await withGateway({}, async ({ ask, simulator }) => {
      simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), {
        body: { id: SESSION, details: 'x'.repeat(1024 * 1024) },
      });
      const { data, errors, text } = await ask(
        `{ jobSession(id: "${SESSION}") { id ${many(20, (n) => `d${n}: details`)} } }`,
      );
      const given = Object.values(data.jobSession as object).filter(
        (value) => typeof value === 'string' && value.length > 100,
      );
      expect(given).toHaveLength(8);
      expect(data.jobSession.id).toBe(SESSION);
      expect(codes(errors)).toEqual(Array(12).fill('UPSTREAM_RESPONSE_TOO_LARGE'));
      expect(text.length).toBeLessThan(9 * 1024 * 1024);
    });
  });

  test('tells a thousand bad fields, and how many more there are', async () => {
    await withGateway({}, async ({ ask, simulator }) => {
      const results = Array.from({ length: 100 }, (_, n) => ({
        id: `11111111-1111-4111-8111-${String(n).padStart(12, '0')}`,
        details: 7,
      }));
      simulator.misbehave(({ path }) => path === 'JobSessions', { body: { offset: 0, limit: 101, results } });
      const { data, errors } = await ask(
        `{ jobSessions(first: 100) { nodes { id ${many(20, (n) => `d${n}: details`)} } } }`,
      );
      expect(data.jobSessions.nodes).toHaveLength(100);
      expect(errors).toHaveLength(1001);
      expect(errors?.at(-1)?.message).toMatch(/^1000 more fields or rows are null/);
      expect(new Set(codes(errors))).toEqual(new Set(['UPSTREAM_BAD_RESPONSE']));
    });
  });
});

test('an answer tells a thousand bad rows, and how many more there are', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    const results = Array.from({ length: 100 }, () => ({ id: 'none' }));
    simulator.misbehave(({ path }) => path === 'JobSessions', { body: { offset: 0, limit: 101, results } });
    const { data, errors } = await ask(`{ jobSessions(first: 100) { ${many(20, (n) => `n${n}: nodes { id }`)} } }`);
    expect(Object.keys(data.jobSessions as object)).toHaveLength(20);
    expect(errors).toHaveLength(1001);
    expect(errors?.at(-1)?.message).toMatch(/^1000 more fields or rows/);
  });
});

test('an answer tells a thousand failed relations, and how many more there are', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    simulator.misbehave(({ path }) => path.startsWith('Jobs') || path.startsWith('CopyJobs'), { status: 401 });
    const { errors, text } = await ask(
      `{ jobSessions(first: 100) { nodes { ${many(20, (n) => `j${n}: job { name }`)} } } }`,
    );
    expect(errors).toHaveLength(1001);
    expect(errors?.at(-1)?.message).toMatch(/^1000 more fields are null/);
    expect(new Set(codes(errors))).toEqual(new Set(['UNAUTHENTICATED']));
    expect(text.length).toBeLessThan(1024 * 1024);
  });
});

test('a caller who reads slowly gets all of its answer', async () => {
  await withGateway({}, async ({ simulator, token, url }) => {
    const length = 7 * 1024 * 1024;
    simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), {
      body: { id: SESSION, details: 'x'.repeat(length) },
    });
    const body = JSON.stringify({ query: `{ jobSession(id: "${SESSION}") { details } }` });
    const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 60); // 64 kB each: more than six seconds in all
    });
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(bytes).toBeGreaterThan(length);
  });
});

test('looking through a long list under a hundred filters leaves time for others, and ends in time', async () => {
  await withGateway(
    { apiVersion: 'v4', operationTimeoutMs: 3000, simulator: { days: 5 } },
    async ({ ask, simulator, url }) => {
      await ask('{ backupServer { apiVersion } }');
      const rows = Array.from({ length: 20_000 }, (_, n) => ({
        id: `11111111-1111-4111-8111-${String(n).padStart(12, '0')}`,
        creationTime: '2026-01-01T00:00:00Z',
        endTime: '2026-01-01T00:01:00Z',
        status: 'Success',
      }));
      simulator.misbehave(({ path }) => path === 'JobSessions', { body: rows });
      const query = `{ ${many(110, (n) => `a${n}: jobSessions(first: 1, filter: { endedAfter: "2026-02-01T00:${String(n % 60).padStart(2, '0')}:0${Math.floor(n / 60)}Z" }) { nodes { id } }`)} }`;
      const isOpen = { value: true };
      let others = 0;
      const asked = ask(query).finally(() => {
        isOpen.value = false;
      });
      while (isOpen.value) others += (await fetch(`${url}/livez`)).ok ? 1 : 0;
      const { errors, data } = await asked;
      expect(others).toBeGreaterThan(20);
      expect(new Set(codes(errors).filter((code) => code !== 'UPSTREAM_TIMEOUT'))).toEqual(new Set());
      expect(Object.keys(data as object)).toHaveLength(110);
    },
  );
});

test('a list that comes whole though it was asked for by the page is read once', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    const rows = simulator.history.sessions().map(({ id }) => ({
      id,
      status: 'Success',
      creationTime: '2026-01-01T00:00:00Z',
      endTime: '2026-01-01T00:00:00Z',
    }));
    const long = Array.from({ length: 20 }, () => rows).flat();
    simulator.misbehave(({ path }) => path === 'JobSessions', { body: long });
    const { upstream, data } = await ask(
      '{ jobSessions(first: 1, filter: { endedAfter: "2026-02-01T00:00:00Z" }) { nodes { id } } }',
    );
    expect(long.length).toBeGreaterThan(1000);
    expect(data.jobSessions.nodes).toEqual([]);
    expect(upstream).toHaveLength(1);
  });
});

describe('what is counted of an answer', () => {
  const MANY_BYTES = 100 * 1024 * 1024;
  let http: Server;
  let unread: Unread;
  let answerTo: (request: IncomingMessage, response: ServerResponse) => void;
  beforeAll(async () => {
    http = createServer((request, response) => {
      answerTo(request, response);
    });
    unread = watchUnread(http);
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    http.close();
    http.closeAllConnections();
  });
  const open = (): Socket => connect((http.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';

  test('is not any more when it was sent', async () => {
    const socket = open();
    const counted = new Promise<ServerResponse>((resolve) => {
      answerTo = (request, response) => {
        unread.count(request.socket, response, MANY_BYTES);
        resolve(response);
      };
      socket.write(GET);
    });
    await until(() => unread.isTooMuch());
    (await counted).end('answer');
    await until(() => !unread.isTooMuch());
    socket.destroy();
  });

  test('is not when its caller had gone before', async () => {
    const socket = open();
    const gone = new Promise<void>((resolve) => {
      answerTo = (request, response) => {
        response.once('close', () => {
          unread.count(request.socket, response, MANY_BYTES);
          resolve();
        });
        socket.destroy();
      };
    });
    socket.write(GET);
    await gone;
    await wait(600); // longer than from one look to the next
    expect(unread.isTooMuch()).toBe(false);
  });

  test('is not any more when its caller goes, though it waited behind another answer', async () => {
    const socket = open();
    let asked = 0;
    answerTo = (request, response) => {
      asked += 1;
      if (asked === 2) unread.count(request.socket, response, MANY_BYTES); // the first is never answered
    };
    socket.write(GET + GET);
    await until(() => unread.isTooMuch());
    socket.destroy();
    await until(() => !unread.isTooMuch());
  });
});
