import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { createOperatorsApp } from '../src/http/operatorsApp.js';
import { createLog } from '../src/log.js';
import { createMetrics } from '../src/telemetry/metrics.js';
import { withGateway, type Gateway } from './helpers/gateway.js';
import { until } from './helpers/until.js';

/** How long connections are kept, and which of them give way when there are too many. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const LIVEZ = 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n';

const portOf = (url: string): number => Number(new URL(url).port);

const post = (body: string, more = ''): string =>
  `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;

type Caller = { socket: Socket; received: () => string; isClosed: () => boolean };

/** Opens a connection, and waits until the server has it. */
async function call(url: string, text = ''): Promise<Caller> {
  const socket = connect(portOf(url), '127.0.0.1').on('error', () => undefined);
  let received = '';
  let isClosed = false;
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  socket.on('close', () => (isClosed = true));
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return { socket, received: () => received, isClosed: () => isClosed };
}

/** Asks for the life of the gateway on a connection that stays open. */
async function callAndKeep(url: string): Promise<Caller> {
  const caller = await call(url, LIVEZ);
  await until(() => caller.received().endsWith('{"status":"alive"}'));
  return caller;
}

describe('a connection on which nothing is asked', () => {
  const query = encodeURIComponent(`{ jobSession(id: "${SESSION}") { status } }`);
  const long = `{ jobSessions(first: 900) { nodes { id details creationTime endTime } } }`;

  test.each<[string, (token: string) => string]>([
    ['a probe', () => LIVEZ],
    ['the page', () => 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['nothing there', () => 'GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['a path that cannot be read', () => 'GET /% HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['an operation', (token) => post('{"query":"{ __typename }"}', `authorization: Bearer ${token}\r\n`)],
    ['a GET', (token) => `GET /graphql?query=${query} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`],
    [
      'a long answer, compressed',
      (token) => post(JSON.stringify({ query: long }), `authorization: Bearer ${token}\r\naccept-encoding: br\r\n`),
    ],
    ['a document that is refused', () => post('{"query":"{ nothing }"}')],
    [
      'a download',
      (token) => `GET /sessions/${SESSION}/log HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`,
    ],
  ])('stays open for longer than its answer promises, after %s', async (_, request) => {
    await withGateway({ explorer: true }, async ({ app, url, token }) => {
      const isThere = once(app.http.server, 'connection') as Promise<[Socket]>;
      const caller = await call(url, request(token));
      const [socket] = await isThere;
      await until(() => /^keep-alive: timeout=\d+/im.test(caller.received()));
      const promisedSeconds = Number(/^keep-alive: timeout=(\d+)/im.exec(caller.received())?.[1]);
      expect(promisedSeconds).toBeGreaterThan(60); // as long as most load balancers keep one
      await until(() => (socket.timeout ?? 0) >= (promisedSeconds + 5) * 1000);
      expect(caller.isClosed()).toBe(false);
      caller.socket.destroy();
    });
  });
});

describe('where all connections are held, a further caller is answered', () => {
  const MAX = 6;

  test.each<[string, (url: string) => Promise<Caller>]>([
    ['an answer', callAndKeep],
    ['no word', call],
  ])('in place of the one idle for the longest, after %s', async (_, hold) => {
    await withGateway({ maxConnections: MAX }, async ({ url, app }) => {
      const held: Caller[] = [];
      for (let count = 0; count < MAX; count += 1) {
        held.push(await hold(url));
        await until(() => app.figures().connections + app.figures().closedIdle === count + 1);
        await wait(40); // a newer one is left alone
      }
      for (let count = 0; count < 3; count += 1) held.push(await callAndKeep(url));
      await until(() => app.figures().closedIdle === 4);
      await until(() => held.filter(({ isClosed }) => isClosed()).length === 4);
      expect(held.map(({ isClosed }) => isClosed())).toEqual([...Array(4).fill(true), ...Array(MAX - 1).fill(false)]);
      for (const { socket } of held) socket.destroy();
    });
  });

  test('and none with a request in flight, or being read, is closed', async () => {
    await withGateway({ maxConnections: MAX }, async (gateway: Gateway) => {
      const { url, app, token, simulator } = gateway;
      await gateway.ask('{ backupServer { apiVersion } }');
      app.http.server.closeIdleConnections();
      await until(() => app.figures().connections === 0);
      simulator.misbehave(({ path }) => path === 'Jobs', { delayMs: 1500 });
      const body = '{"query":"{ jobs(first: 1) { nodes { id } } }"}';
      const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
      const asking = await call(url, `${head}${body}`);
      const halfHead = await call(url, LIVEZ.slice(0, 20));
      const halfBody = await call(url, head + body.slice(0, 5));
      await until(() => simulator.requests.some(({ path }) => path === 'Jobs'));
      await wait(50); // what was sent has been read
      for (let count = 0; count < 2 * MAX; count += 1) await callAndKeep(url);
      expect(app.figures().closedIdle).toBeGreaterThanOrEqual(MAX);
      expect([asking, halfHead, halfBody].map(({ isClosed }) => isClosed())).toEqual([false, false, false]);
      halfHead.socket.write(LIVEZ.slice(20));
      halfBody.socket.write(body.slice(5));
      await until(() => halfHead.received().includes('"alive"'));
      for (const { received } of [asking, halfBody]) await until(() => received().includes('"nodes"'));
    });
  });

  test('once one of them is idle again, when all were busy', async () => {
    await withGateway({ maxConnections: 2 }, async ({ url, app }) => {
      const busy: Caller[] = [];
      for (let count = 0; count < 2; count += 1) {
        const isAsked = once(app.http.server, 'request');
        busy.push(await call(url, post('{"query":"{ __typename }"}').slice(0, -5)));
        await isAsked;
      }
      const refused = await call(url);
      await until(() => refused.isClosed());
      for (const { socket } of busy) socket.write('e }"}');
      for (const { received } of busy)
        await until(() => received().includes('UNAUTHENTICATED') || received().includes('"data"'));
      const isAlive = () =>
        fetch(`${url}/livez`).then(
          ({ ok }) => ok,
          () => false,
        );
      await until(isAlive);
      for (const { socket } of busy) socket.destroy();
    });
  });
});

test('room is made once all connections that took it are no longer new', async () => {
  await withGateway({ maxConnections: 4 }, async ({ url, app }) => {
    const held = await Promise.all(Array.from({ length: 20 }, () => call(url)));
    await until(() => app.figures().closedIdle > 0);
    const caller = await callAndKeep(url);
    for (const { socket } of [...held, caller]) socket.destroy();
  });
});

test('callers who connect at the same time do not close each other at the limit', async () => {
  await withGateway({ maxConnections: 4 }, async ({ url, app }) => {
    const busy: Caller[] = [];
    for (let count = 0; count < 3; count += 1) {
      const isAsked = once(app.http.server, 'request');
      busy.push(await call(url, post('{"query":"{ __typename }"}').slice(0, -5)));
      await isAsked;
    }
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => fetch(`${url}/livez`, { headers: { connection: 'close' } })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    for (const { socket } of busy) socket.destroy();
  });
});

test('an operation behind another response is logged when its caller goes away', async () => {
  await withGateway({}, async ({ url, simulator, token, summaryLines, server }) => {
    const first = server.begin({ requestId: 'first', token });
    await server.version(first);
    first.end();
    simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
    const query = '{"query":"{ jobs(filter: { type: BACKUP }) { nodes { id } } }"}';
    const one = post(query).replace('\r\n\r\n', `\r\nauthorization: Bearer ${token}\r\n\r\n`);
    const caller = await call(url, one + one);
    await until(() => simulator.requests.some(({ path }) => path === 'Jobs'));
    caller.socket.destroy();
    await until(() => summaryLines.length === 2);
    expect(summaryLines).toMatchObject([{ outcome: 'cancelled' }, { outcome: 'cancelled' }]);
  });
});

test('probes are answered on the operators’ listener as well, with the same answers', async () => {
  await withGateway({}, async ({ app, url }) => {
    const operators = createOperatorsApp({
      log: createLog('silent'),
      metrics: createMetrics({ version: '0', operationNames: [] }),
      readiness: app.readiness,
    });
    const operatorsUrl = await operators.listen({ host: '127.0.0.1', port: 0 });
    const look = (path: string) =>
      Promise.all(
        [url, operatorsUrl].map(async (origin) => {
          const answer = await fetch(`${origin}${path}`);
          return { status: answer.status, body: await answer.json() };
        }),
      );
    const [alive, aliveThere] = await look('/livez');
    expect(alive).toEqual({ status: 200, body: { status: 'alive' } });
    expect(aliveThere).toEqual(alive);
    const [ready, readyThere] = await look('/readyz');
    expect(ready).toMatchObject({ status: 200, body: { status: 'ready', backupServer: { state: 'unknown' } } });
    expect(readyThere).toEqual(ready);
    app.drain();
    const [draining, drainingThere] = await look('/readyz');
    expect(draining).toMatchObject({ status: 503, body: { status: 'draining' } });
    expect(drainingThere).toEqual(draining);

    const held = await Promise.all(Array.from({ length: 80 }, () => call(operatorsUrl)));
    await wait(100); // connections are left alone for their first 30 ms, and room is made after that
    held.push(await callAndKeep(operatorsUrl));
    for (const { socket } of held) socket.destroy();
    await operators.close();
  });
});

test('a gateway that takes no callers yet is not ready', async () => {
  await withGateway({}, async ({ app }) => {
    expect(app.readiness()).toMatchObject({ isReady: true });
    await new Promise((resolve) => app.http.server.close(resolve));
    expect(app.readiness()).toMatchObject({ isReady: false, body: { status: 'starting' } });
  });
});
