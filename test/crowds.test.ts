import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { reserveBeforeRows } from '../src/graph/answerMemory.js';
import { createContext } from '../src/graph/context.js';
import { createSummary } from '../src/graph/summary.js';
import { createAnswerMemory } from '../src/http/answerBudget.js';
import { intake } from '../src/http/intake.js';
import type { DoorObserver } from '../src/http/report.js';
import { createMemoryBudget, type MemoryBudget } from '../src/http/memoryBudget.js';
import { createOpenOperations } from '../src/http/openOperations.js';
import { boundPipelining, pipeliningLimits, type Pipelining } from '../src/http/pipelining.js';
import { estimateParsedBytes } from '../src/http/requestBody.js';
import { UpstreamError } from '../src/upstream/errors.js';
import { proxies } from '../src/upstream/resources/proxy.js';
import { withGateway, type Gateway, type GraphError } from './helpers/gateway.js';
import { until } from './helpers/until.js';

/** Many callers at once, each within its own limits, must not take all of the memory. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

function boundOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof UpstreamError && error.details.fault === 'overloaded') return error.details.bound;
    throw error;
  }
  return undefined;
}

describe('a memory budget', () => {
  const create = (): MemoryBudget =>
    createMemoryBudget({
      maxBytes: 1000,
      maxOwnerBytes: 600,
      freeBytes: 10,
      bound: 'answer_memory',
      about: { resource: 'answer' },
    });

  test('refuses what all reservations together have no room for, until one is released', () => {
    const budget = create();
    const [one, other, last] = [budget.open('a'), budget.open('b'), budget.open('c')];
    one.add(500);
    other.add(400);
    expect(
      boundOf(() => {
        last.add(101);
      }),
    ).toBe('answer_memory');
    expect(budget.reservedBytes()).toBe(900);
    one.release();
    last.add(101);
    expect(budget.reservedBytes()).toBe(501);
  });

  test('refuses an owner more than its part while others have room', () => {
    const budget = create();
    budget.open('a').add(500);
    expect(
      boundOf(() => {
        budget.open('a').add(101);
      }),
    ).toBe('answer_memory');
    budget.open('b').add(101);
  });

  test('never refuses small reservations, and counts them', () => {
    const budget = create();
    budget.open('a').add(600);
    budget.open('b').add(400);
    range(5).forEach(() => {
      budget.open('a').add(10);
    });
    expect(budget.reservedBytes()).toBe(1050);
    const small = budget.open('a');
    small.add(10);
    expect(
      boundOf(() => {
        small.add(1);
      }),
    ).toBe('answer_memory');
  });

  test('gives back once what a reservation has, whatever is called later', () => {
    const budget = create();
    const one = budget.open('a');
    one.add(500);
    one.resize(700);
    expect(budget.reservedBytes()).toBe(700);
    one.release();
    one.release();
    one.resize(300);
    expect({ all: budget.reservedBytes(), own: one.bytes }).toEqual({ all: 0, own: 0 });
  });
});

describe('memory of an answer', () => {
  type GetJson = Parameters<typeof reserveBeforeRows>[0];

  async function load(
    budget: MemoryBudget,
    estimatedBytes: number,
    get: GetJson,
    then: () => void = () => undefined,
  ): Promise<void> {
    await withGateway({}, async ({ server }) => {
      const memory = createAnswerMemory(budget.open('token'));
      memory.estimate(estimatedBytes);
      then();
      const operation = server.begin({ requestId: 'r', token: 'token' });
      try {
        await reserveBeforeRows(get, memory)(operation, {
          ...{ path: 'Jobs', query: {}, headers: {}, about: { resource: 'job' }, token: 'token' },
        });
      } finally {
        operation.end();
      }
    });
  }
  const create = (): MemoryBudget =>
    createMemoryBudget({
      ...{ maxBytes: 1000, maxOwnerBytes: 1000, freeBytes: 10 },
      ...{ bound: 'answer_memory', about: { resource: 'answer' } },
    });

  test('is reserved when the server has answered', async () => {
    const budget = create();
    await load(budget, 700, () => {
      expect(budget.reservedBytes()).toBe(0);
      return Promise.resolve({});
    });
    expect(budget.reservedBytes()).toBe(700);
  });

  test('is reserved with the first rows that an operation loads', async () => {
    await withGateway({}, async ({ server, token }) => {
      const budget = create();
      const operation = server.begin({ requestId: 'r', token });
      const memory = createAnswerMemory(budget.open('token'));
      const context = createContext(server, operation, createSummary(), null, memory);
      context.answerMemory.estimate(700);
      expect(budget.reservedBytes()).toBe(0);
      await context.loaders.collect(proxies);
      expect(budget.reservedBytes()).toBe(700);
      operation.end();
    });
  });

  test('is not reserved for a token that the server refuses', async () => {
    const budget = create();
    const refused = new UpstreamError({ fault: 'unauthenticated', resource: 'job' });
    await expect(load(budget, 700, () => Promise.reject(refused))).rejects.toBe(refused);
    expect(budget.reservedBytes()).toBe(0);
  });

  test('is refused at once when there is no room for the estimate', () => {
    const budget = create();
    budget.open('other').add(500);
    const memory = createAnswerMemory(budget.open('token'));
    expect(
      boundOf(() => {
        memory.estimate(700);
      }),
    ).toBe('answer_memory');
    expect(budget.reservedBytes()).toBe(500);
  });

  test('is refused before the server is asked when there is no room any more', async () => {
    const budget = create();
    let asked = 0;
    const ask = (): Promise<unknown> => {
      asked += 1;
      return Promise.resolve({});
    };
    const loaded = load(budget, 700, ask, () => {
      budget.open('other').add(500);
    });
    await expect(loaded).rejects.toMatchObject({ details: { bound: 'answer_memory' } });
    expect({ asked, reserved: budget.reservedBytes() }).toEqual({ asked: 0, reserved: 500 });
  });
});

describe('open operations', () => {
  test('are bounded for one token, and in all', () => {
    const operations = createOpenOperations(8);
    const leave = range(6).map(() => operations.enter('a'));
    expect(boundOf(() => operations.enter('a'))).toBe('operations');
    operations.enter('b');
    operations.enter({ missing: 'absent' });
    expect(boundOf(() => operations.enter('c'))).toBe('operations');
    leave[0]?.();
    leave[0]?.();
    expect(operations.count()).toBe(7);
    operations.enter('a');
    expect(boundOf(() => operations.enter('c'))).toBe('operations');
  });
});

describe('requests of one connection', () => {
  let http: Server;
  let pipelining: Pipelining;
  let closed = 0;
  let mostActive = 0;
  const held: ServerResponse[] = [];
  const over: string[] = [];
  const bodies: string[] = [];

  async function listen(limits: { maxActive: number; maxWaiting: number }, isHeld: boolean): Promise<void> {
    let active = 0;
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      active += 1;
      mostActive = Math.max(mostActive, active);
      pipelining.whenOver(request, () => {
        active -= 1;
        over.push(request.url ?? '');
      });
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        if (isHeld) held.push(response);
        else response.end(request.url);
      });
    };
    http = createServer(handle);
    pipelining = boundPipelining(http, {
      ...limits,
      requestTimeoutMs: 300,
      onClosed: () => {
        closed += 1;
      },
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  }
  const open = (): Socket => connect((http.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  const post = (index: number, body: string): string =>
    `POST /${index} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

  afterEach(() => {
    http.close();
    http.closeAllConnections();
    for (const list of [held, over, bodies]) list.length = 0;
    closed = 0;
    mostActive = 0;
  });

  test('are answered in order, some at a time, however many come', async () => {
    await listen({ maxActive: 3, maxWaiting: 100_000 }, false);
    const socket = open();
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write(
      range(3000)
        .map((index) => post(index, 'x'.repeat(index % 300)))
        .join(''),
    );
    await until(() => text.endsWith('/2999'));
    expect([...text.matchAll(/\r\n\r\n\/(\d+)/g)].map(([, index]) => Number(index))).toEqual(range(3000));
    expect(bodies.map((body) => body.length)).toEqual(range(3000).map((index) => index % 300));
    await until(() => over.length === 3000);
    expect({ mostActive, waiting: pipelining.waitingCount() }).toEqual({ mostActive: 3, waiting: 0 });
    socket.destroy();
  });

  test('are not read on while earlier ones wait for their turn', async () => {
    await listen({ maxActive: 3, maxWaiting: 100_000 }, true);
    const socket = open();
    socket.resume();
    socket.write(
      range(5000)
        .map((index) => post(index, 'x'.repeat(1000)))
        .join(''),
    );
    await until(() => held.length === 3);
    await wait(300);
    // Node reads 64 kB at once, and may have begun with another.
    expect(pipelining.waitingCount()).toBeLessThan(200);
    const timer = setInterval(() => {
      for (const response of held.splice(0)) response.end();
    }, 1);
    await until(() => over.length === 5000);
    clearInterval(timer);
    socket.destroy();
  });

  test('are not read on when Node resumes the connection, as it does once an answer has left', async () => {
    await listen({ maxActive: 3, maxWaiting: 100_000 }, true);
    const accepted = new Promise<Socket>((resolve) => http.once('connection', resolve));
    const socket = open();
    socket.write(
      range(5000)
        .map((index) => post(index, 'x'.repeat(1000)))
        .join(''),
    );
    const connection = await accepted;
    await until(() => held.length === 3 && connection.isPaused());
    for (let times = 0; times < 20; times += 1) {
      connection.resume();
      await wait(10);
    }
    expect(pipelining.waitingCount()).toBeLessThan(200);
    socket.destroy();
  });

  test('a body that comes in pieces is read to its end while others wait', async () => {
    await listen({ maxActive: 1, maxWaiting: 100 }, false);
    const socket = open();
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const long = post(2, 'x'.repeat(200_000));
    socket.write(post(0, '') + post(1, '') + long.slice(0, 1000));
    await wait(50);
    socket.write(long.slice(1000) + post(3, ''));
    await until(() => text.endsWith('/3'));
    expect(bodies.map((body) => body.length)).toEqual([0, 0, 200_000, 0]);
    socket.destroy();
  });

  test('that are late because their connection was paused have their time anew, and no longer', async () => {
    await listen({ maxActive: 1, maxWaiting: 100 }, true);
    const accepted = new Promise<Socket>((resolve) => http.once('connection', resolve));
    const socket = open().resume();
    const connection = await accepted;
    expect(pipelining.excusesLateRequest(connection)).toBe(false); // nothing waits
    socket.write(post(0, '') + post(1, '') + post(2, 'x'.repeat(100)).slice(0, -1));
    await until(() => held.length === 1 && pipelining.waitingCount() === 2);
    expect(pipelining.excusesLateRequest(connection)).toBe(true);
    const timer = setInterval(() => {
      for (const response of held.splice(0)) response.end();
    }, 1);
    await once(socket, 'close'); // the last byte never came
    clearInterval(timer);
    expect(over.slice(0, 2)).toEqual(['/0', '/1']);
    expect(pipelining.waitingCount()).toBe(0);
  });

  test('are cut off when too many wait on all connections', async () => {
    await listen({ maxActive: 2, maxWaiting: 10 }, true);
    const [one, other] = [open(), open()];
    one.write(
      range(10)
        .map((index) => post(index, ''))
        .join(''),
    ); // eight wait
    await until(() => pipelining.waitingCount() === 8);
    other.resume().write(
      range(10)
        .map((index) => post(index, ''))
        .join(''),
    );
    await new Promise((resolve) => other.once('close', resolve));
    expect(closed).toBe(1);
    await until(() => pipelining.waitingCount() === 8);
    // A paused connection is seen closed when something is written to it.
    one.destroy();
    await until(() => one.closed);
    for (const response of held) response.end('x'.repeat(1000));
    await until(() => pipelining.waitingCount() === 0);
  });

  test('are over when their connection is closed, those too whose responses wait behind another', async () => {
    await listen({ maxActive: 4, maxWaiting: 100 }, true);
    const socket = open();
    socket.write(
      range(4)
        .map((index) => post(index, ''))
        .join(''),
    );
    await until(() => held.length === 4);
    socket.destroy();
    await until(() => over.length === 4);
    expect(over).toEqual(['/0', '/1', '/2', '/3']);
  });
});

/** Sends text to a gateway, and gives what came back until the connection was closed. */
function converse({ url }: Gateway, text: string): { answer: Promise<string>; socket: Socket } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const answer = new Promise<string>((resolve) => {
    let received = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.on('close', () => {
      resolve(received);
    });
  });
  socket.write(text);
  return { answer, socket };
}

const head = (token: string | null, length: number): string =>
  `POST /graphql HTTP/1.1\r\nhost: x\r\n${token === null ? '' : `authorization: Bearer ${token}\r\n`}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

test('bodies that never end are bounded together: the others are refused, and small ones are answered', async () => {
  await withGateway({}, async (gateway) => {
    const length = intake.maxRequestBytes - 10;
    const unfinished = head(null, length) + ' '.repeat(length - 1);
    const isOpen = new Set<Socket>();
    const answers: string[] = [];
    for (let index = 0; index < 300; index += 1) {
      const { answer, socket } = converse(gateway, unfinished);
      isOpen.add(socket);
      void answer.then((text) => {
        isOpen.delete(socket);
        answers.push(text);
      });
    }
    // Three quarters of 64 MiB are one address's.
    await until(() => isOpen.size <= 192);
    const refused = [...answers];
    const { status, errors } = await gateway.ask('{ __typename }');
    expect({ status, errors }).toEqual({ status: 200, errors: undefined });
    expect(isOpen.size).toBeGreaterThan(150);
    for (const text of refused) {
      expect(text).toMatch(/^HTTP\/1\.1 503 /);
      expect(text).toMatch(/\r\nretry-after: 1\r\n/i);
      expect(text).toMatch(/\r\nconnection: close\r\n/i);
      expect(text).toContain('"code":"OVERLOADED"');
    }
    for (const socket of isOpen) socket.destroy();
  });
});

test('a parsed body counts until its operation is answered', async () => {
  await withGateway({}, async (gateway) => {
    const { simulator, token } = gateway;
    await gateway.ask('{ backupServer { apiVersion } }', {}, { token });
    simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
    const query = '{ jobs(filter: { type: BACKUP }) { nodes { id } } }';
    const unused = JSON.stringify({ query, variables: { unused: Array(80_000).fill({}) } });
    expect(estimateParsedBytes(Buffer.from(unused))).toBeGreaterThan(12_000_000);
    const asked = range(6).map(() => converse(gateway, head(token, unused.length) + unused));
    const refused = await Promise.race(asked.map(({ answer }) => answer));
    expect(refused).toMatch(/^HTTP\/1\.1 503 [^]*"code":"OVERLOADED"/);
    for (const { socket } of asked) socket.destroy();
  });
});

test('pipelined operations wait for their turn, and others are answered meanwhile', async () => {
  await withGateway({}, async (gateway) => {
    const { simulator, token, app } = gateway;
    await gateway.ask('{ backupServer { apiVersion } }', {}, { token });
    simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
    const body = JSON.stringify({ query: '{ jobs(filter: { type: BACKUP }) { nodes { id } } }' });
    const { answer, socket } = converse(gateway, (head(token, body.length) + body).repeat(2000));
    await until(() => app.figures().operations === pipeliningLimits.maxActive);
    await wait(200);
    expect(app.figures().operations).toBe(pipeliningLimits.maxActive);
    const { data, errors } = await gateway.ask(`{ jobSession(id: "${SESSION}") { id } }`);
    expect({ data, errors }).toEqual({ data: { jobSession: { id: SESSION } }, errors: undefined });
    app.cancelAll();
    socket.destroy();
    await answer;
    await until(() => app.figures().operations === 0);
  });
});

describe('long answers', () => {
  const query = `{ jobSession(id: "${SESSION}") { details } }`;
  const body = JSON.stringify({ query });
  const answerLong = ({ simulator }: Gateway): void => {
    simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), {
      body: { id: SESSION, details: 'x'.repeat(7 * 1024 * 1024) },
    });
  };

  test('are bounded together until they are sent, and small ones are made', async () => {
    const bounds = new Set<string>();
    const door: DoorObserver = {
      answered: (report) => {
        for (const bound of report.bounds) bounds.add(bound);
      },
      downloaded: () => undefined,
      refused: () => undefined,
    };
    await withGateway({ door, timeoutMs: 50_000, operationTimeoutMs: 55_000 }, async (gateway) => {
      const { ask, app, simulator, summaryLines, callLines } = gateway;
      await ask('{ backupServer { apiVersion } }');
      answerLong(gateway);
      simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
      summaryLines.length = 0;
      callLines.length = 0;
      const readCount = (): number => callLines.filter(({ resource }) => resource === 'jobSession').length;
      // Nothing is sent behind an answer that is not ready.
      const first = JSON.stringify({ query: '{ jobs(filter: { type: BACKUP }) { nodes { id } } }' });
      const sockets: Socket[] = [];
      for (let count = 1; count <= 10; count += 1) {
        const long = head(simulator.tokens.issue().accessToken, body.length) + body;
        sockets.push(converse(gateway, head(gateway.token, first.length) + first + long).socket);
        await until(() => readCount() === count || count === 10);
        await wait(50); // the answer is made
      }
      // Nine times 7 MiB are 63 of 64.
      const refused = await ask(query);
      expect({ status: refused.status, codes: codes(refused.errors) }).toEqual({ status: 503, codes: ['OVERLOADED'] });
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(bounds).toEqual(new Set(['answer_memory']));
      expect((await ask('{ __typename }')).status).toBe(200);
      for (const socket of sockets) socket.destroy();
      await until(() => app.figures().operations === 0);
      const isRefused = ({ codes: found }: Record<string, unknown>): boolean =>
        Array.isArray(found) && found.includes('OVERLOADED');
      expect(summaryLines.filter(isRefused)).toHaveLength(2); // the tenth, and the one after it
      expect((await ask(query)).status).toBe(200);
    });
  }, 60_000);

  test('that nobody reads are cut off', async () => {
    await withGateway({}, async (gateway) => {
      const { app, token } = gateway;
      answerLong(gateway);
      const { socket } = converse(gateway, (head(token, body.length) + body).repeat(4));
      socket.pause();
      await until(() => app.unread.isAny());
      await until(() => app.figures().connections === 0);
      socket.destroy();
    });
  }, 60_000);
});
