import { describe, expect, test } from '@jest/globals';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fingerprintOf } from '../src/fingerprint.js';
import type { Misbehaviour } from '../src/simulator/index.js';
import type { UpstreamOptions } from '../src/upstream/server.js';
import { withGateway, type Gateway, type GatewayOptions } from './helpers/gateway.js';

/** What an operator sees of operations and of the backup server: lines of the log, the body of /readyz, and what answers say they cost. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';

async function until(isThere: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await isThere()); looks += 1) {
    if (looks > 300) throw new Error('it never came');
    await wait(10);
  }
}

describe('each operation has one line in the log', () => {
  test('with its name, outcome, what it cost, its codes, and eight digits for its token', async () => {
    await withGateway({}, async ({ ask, token, summaryLines }) => {
      await ask(`query One { jobSession(id: "${SESSION}") { job { name } } }`, {}, { token });
      await ask('{ jobs { nodes { name } } }', {}, { token: 'nobodys-token' });
      await ask('{ jobs { nam } }', {}, { token: null, headers: { 'x-request-id': 'mine' } });
      expect(summaryLines).toMatchObject([
        { level: 30, operation: 'One', outcome: 'ok', upstreamRequests: 2, token: fingerprintOf(token) },
        { operation: null, outcome: 'failed', codes: ['UNAUTHENTICATED'], token: fingerprintOf('nobodys-token') },
        { requestId: 'mine', outcome: 'refused', upstreamRequests: 0, codes: ['GRAPHQL_VALIDATION_FAILED'] },
      ]);
      expect(summaryLines[0]).not.toHaveProperty('codes');
      expect(summaryLines[2]).not.toHaveProperty('token');
      expect(summaryLines.every(({ ms }) => typeof ms === 'number')).toBe(true);
    });
  });

  test('a document that is refused before there is an operation has its code as well', async () => {
    await withGateway({}, async ({ ask, summaryLines }) => {
      await ask(`{ ${Array.from({ length: 300 }, (_, index) => `a${index}: __typename`).join(' ')} }`);
      expect(summaryLines).toMatchObject([{ outcome: 'refused', codes: ['QUERY_TOO_COMPLEX'], upstreamRequests: 0 }]);
    });
  });

  test.each(['identity', 'gzip', 'br'])('a long answer that was read whole is ok, as %s', async (encoding) => {
    await withGateway({}, async ({ url, token, summaryLines }) => {
      const query = `{ ${Array.from({ length: 8 }, (_, index) => `a${index}: jobSessions(first: 200) { nodes { id details creationTime endTime status } }`).join(' ')} }`;
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'accept-encoding': encoding, authorization: `Bearer ${token}` },
        body: JSON.stringify({ query }),
      });
      expect((await response.text()).length).toBeGreaterThan(100_000);
      expect(response.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding);
      await until(() => summaryLines.length === 1);
      expect(summaryLines).toMatchObject([{ outcome: 'ok' }]);
    });
  });

  test('a client that has to register its query is no warning', async () => {
    await withGateway({}, async ({ url, logLines }) => {
      const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
      const headers = { 'content-type': 'application/json' };
      await (await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ extensions }) })).text();
      const [line, ...others] = logLines.filter(({ code }) => code === 'PERSISTED_QUERY_NOT_FOUND');
      expect(line).toMatchObject({ level: 30 });
      expect(line).not.toHaveProperty('error');
      expect(others).toEqual([]);
    });
  });

  test('a download has one too', async () => {
    await withGateway({}, async ({ url, token, summaryLines }) => {
      const get = async (authorization: string) =>
        (await fetch(`${url}/sessions/${SESSION}/log`, { headers: { authorization } })).text();
      await get(`Bearer ${token}`);
      await get('Bearer nobodys-token');
      await until(() => summaryLines.length === 2);
      expect(summaryLines).toMatchObject([
        { msg: 'answered a download', outcome: 'ok', upstreamRequests: 1, token: fingerprintOf(token) },
        { msg: 'answered a download', outcome: 'failed', token: fingerprintOf('nobodys-token') },
      ]);
    });
  });

  test('the digits tell tokens apart, and are no part of one', () => {
    expect(fingerprintOf('a')).toMatch(/^[0-9a-f]{8}$/);
    expect(fingerprintOf('a')).toBe(fingerprintOf('a'));
    expect(fingerprintOf('a')).not.toBe(fingerprintOf('b'));
  });
});

describe('extensions.upstream', () => {
  type Call = { resource: string; durationMs: number; shared: boolean; fault?: string };
  const callsOf = (text: string): Call[] =>
    (JSON.parse(text) as { extensions: { upstream: Call[] } }).extensions.upstream;
  const plain = (calls: Call[]) => calls.map(({ resource, shared }) => `${resource}${shared ? ' shared' : ''}`).sort();

  test('lists what an operation asked the server, and what it was told of earlier', async () => {
    await withGateway({ upstreamExtension: true }, async ({ ask, token, simulator }) => {
      const query = `{ jobSession(id: "${SESSION}") { job { name } log(first: 1) { nodes { message } } } }`;
      const first = await ask(query, {}, { token });
      expect(plain(callsOf(first.text))).toEqual(['job', 'jobSession', 'logItem']);
      expect(callsOf(first.text)).toHaveLength(
        simulator.requests.filter(({ headers }) => headers['authorization']).length,
      );
      expect(callsOf(first.text).every(({ durationMs }) => durationMs > 0)).toBe(true);
      const second = await ask(query, {}, { token });
      expect(plain(callsOf(second.text))).toEqual(['job shared', 'jobSession', 'logItem shared']);
    });
  });

  test('a request of another operation is shared, and a failed one has its fault', async () => {
    await withGateway({ upstreamExtension: true }, async ({ ask, token, simulator }) => {
      await ask('{ backupServer { apiVersion } }', {}, { token });
      simulator.misbehave(({ path }) => path.startsWith('JobSessions'), { delayMs: 100 });
      const query = `{ jobSession(id: "${SESSION}") { status } }`;
      const answers = await Promise.all([ask(query, {}, { token }), ask(query, {}, { token })]);
      expect(answers.map(({ text }) => plain(callsOf(text))).sort()).toEqual([['jobSession'], ['jobSession shared']]);
      const { text } = await ask(query, {}, { token: 'nobodys-token' });
      expect(callsOf(text)).toMatchObject([{ resource: 'jobSession', shared: false, fault: 'unauthenticated' }]);
    });
  });

  test('is in no answer where it is off', async () => {
    await withGateway({ upstreamExtension: false }, async ({ ask }) => {
      expect(JSON.parse((await ask('{ backupServer { apiVersion } }')).text)).not.toHaveProperty('extensions');
    });
  });
});

describe('the backup server’s state', () => {
  type State = { state: string; apiVersion: string | null; lastFault: string | null };
  const readState = async ({ url }: Gateway): Promise<State> => {
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(200);
    return ((await response.json()) as { backupServer: State }).backupServer;
  };
  const other = { by: 'fingerprint', sha256: 'AA:'.repeat(32).slice(0, -1) } as const;

  test.each<[string, GatewayOptions, Partial<State>]>([
    ['ready', {}, { apiVersion: 'v8', lastFault: null }],
    ['ready', { simulator: { versions: [5] } }, { apiVersion: 'v5' }],
    ['unreachable', { origin: 'https://127.0.0.1:9' }, { apiVersion: null, lastFault: 'unavailable' }],
    ['unreachable', { origin: 'https://no-such-host.invalid' }, { lastFault: 'unavailable' }],
    ['certificateRefused', { trust: other }, { lastFault: 'unavailable' }],
    ['certificateRefused', { trust: { by: 'system' } }, { lastFault: 'unavailable' }],
    ['noVersionServed', { apiVersion: 'v8', simulator: { versions: [7] } }, { apiVersion: null }],
  ])('%s is told without a caller, case %#', async (state, options, more) => {
    await withGateway(options, async (gateway) => {
      expect(await readState(gateway)).toEqual({ state: 'unknown', apiVersion: null, lastFault: null });
      gateway.server.keepLookout();
      await until(async () => (await readState(gateway)).state !== 'unknown');
      expect(await readState(gateway)).toMatchObject({ state, ...more });
      expect(gateway.simulator.requests.every(({ headers }) => headers['authorization'] === undefined)).toBe(true);
      const told = gateway.logLines.filter(({ msg }) => String(msg).includes('sign of life'));
      expect(told).toHaveLength(state === 'ready' ? 0 : 1);
      if (state === 'certificateRefused')
        expect(told).toMatchObject([{ state, advice: expect.stringContaining('certificate') }]);
    });
  });

  test('failing is a server that answers as no backup server does', async () => {
    await withGateway({}, async (gateway) => {
      gateway.simulator.misbehave(() => true, { status: 500 });
      gateway.server.keepLookout();
      await until(async () => (await readState(gateway)).state === 'failing');
    });
  });

  test.each<[string, string, Misbehaviour, Partial<UpstreamOptions>]>([
    ['failing', 'failed', { status: 500 }, {}],
    ['failing', 'badResponse', { body: '<html>sign in</html>' }, {}],
    ['unreachable', 'timedOut', { hang: true }, { timeoutMs: 100 }],
  ])('%s is also one that speaks a version, and then answers callers with %s', async (state, fault, how, options) => {
    await withGateway(options, async (gateway) => {
      const ask = () => gateway.ask(`{ jobSession(id: "${SESSION}") { status } }`);
      await ask();
      const undo = gateway.simulator.misbehave(({ headers }) => headers['authorization'] !== undefined, how);
      await ask();
      expect(await readState(gateway)).toMatchObject({ apiVersion: 'v8', lastFault: fault });
      for (let count = 0; count < 5; count += 1) await ask();
      expect(await readState(gateway)).toMatchObject({ state, lastFault: fault });
      undo();
      await ask();
      expect(await readState(gateway)).toEqual({ state: 'ready', apiVersion: 'v8', lastFault: null });
    });
  });

  test('what callers do wrong says nothing of the server', async () => {
    await withGateway({}, async (gateway) => {
      for (let count = 0; count < 8; count += 1)
        await gateway.ask('{ jobs { nodes { name } } }', {}, { token: 'nobodys' });
      expect(await readState(gateway)).toEqual({ state: 'ready', apiVersion: 'v8', lastFault: null });
    });
  });

  test('one that goes away while nobody asks is noticed, told once, and found again', async () => {
    await withGateway({ probeMs: 40 }, async (gateway) => {
      gateway.server.keepLookout();
      await until(async () => (await readState(gateway)).state === 'ready');
      const undo = gateway.simulator.misbehave(() => true, { reset: true });
      await until(async () => (await readState(gateway)).state === 'unreachable');
      await wait(200); // several more looks
      expect(gateway.logLines.filter(({ msg }) => String(msg).includes('sign of life'))).toHaveLength(1);
      undo();
      await until(async () => (await readState(gateway)).state === 'ready');
    });
  });

  test('a second time is told as well, though callers were answered in between', async () => {
    await withGateway({ probeMs: 60 }, async (gateway) => {
      const told = () => gateway.logLines.filter(({ msg }) => String(msg).includes('sign of life')).length;
      gateway.server.keepLookout();
      await until(async () => (await readState(gateway)).state === 'ready');
      const undo = gateway.simulator.misbehave(() => true, { reset: true });
      await until(() => told() === 1);
      undo();
      await until(async () => (await gateway.ask('{ jobs { nodes { name } } }')).errors === undefined);
      // Callers keep it from being looked at.
      for (let count = 0; count < 12; count += 1) {
        await gateway.ask('{ jobs { nodes { name } } }');
        await wait(20);
      }
      gateway.simulator.misbehave(() => true, { reset: true });
      await until(() => told() === 2);
    });
  });

  test('what answers every path, and is no backup server, is failing from the start', async () => {
    await withGateway({}, async (gateway) => {
      gateway.simulator.misbehave(() => true, { body: '<html>welcome</html>' });
      gateway.server.keepLookout();
      await until(async () => (await readState(gateway)).state === 'failing');
    });
  });

  test('requests that the open breaker refuses are not counted as sent', async () => {
    const observed: string[] = [];
    const observer = {
      asked: (resource: string, _: string, outcome: string) => observed.push(`${resource} ${outcome}`),
      lookedUp: () => undefined,
      joined: () => undefined,
    };
    await withGateway({ timeoutMs: 200, observer }, async (gateway) => {
      await gateway.ask('{ backupServer { apiVersion } }');
      gateway.simulator.misbehave(() => true, { hang: true });
      gateway.simulator.forgetRequests();
      gateway.summaryLines.length = 0;
      const lists = Array.from(
        { length: 40 },
        (_, index) => `a${index}: jobSessions(first: ${index + 1}) { nodes { id } }`,
      );
      const { upstream } = await gateway.ask(`{ ${lists.join(' ')} }`);
      expect(upstream.length).toBeLessThan(40);
      expect(gateway.summaryLines).toMatchObject([{ upstreamRequests: upstream.length }]);
      expect(observed.filter((one) => one === 'jobSession timedOut')).toHaveLength(upstream.length);
    });
  });

  test('one that is asked anyway is asked for no sign of life, nor is any with BACKUP_PROBE_SECONDS=0', async () => {
    await withGateway({ probeMs: 0 }, async (gateway) => {
      gateway.server.keepLookout();
      await wait(100);
      expect(gateway.simulator.requests).toEqual([]);
    });
    await withGateway({ probeMs: 60_000 }, async (gateway) => {
      gateway.server.keepLookout();
      await until(async () => (await readState(gateway)).state === 'ready');
      const { length } = gateway.simulator.requests;
      await wait(100);
      expect(gateway.simulator.requests).toHaveLength(length);
    });
  });

  test('a server that takes the connection and says nothing is unreachable', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await until(() => silent.listening);
    const origin = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await withGateway({ origin, timeoutMs: 100 }, async (gateway) => {
      gateway.server.keepLookout();
      await until(async () => (await readState(gateway)).state === 'unreachable');
    });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
});
