import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { startSimulator, type Misbehaviour, type SeenRequest, type Simulator } from '../src/simulator/index.js';

/** The built program, as a person starts it. `npm test` builds it first. */

type Ended = { code: number | null; stdout: string; stderr: string };
type Running = { child: ChildProcess; until: (pattern: RegExp) => Promise<RegExpExecArray>; ended: Promise<Ended> };

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(args: string[], env: Record<string, string> = {}): Running {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['dist/main.js', ...args], { env: { PATH, ...env } });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout);
          if (match) resolve(match);
        };
        child.stdout.on('data', look);
        look();
        void ended.then(() => {
          reject(new Error(`ended before ${String(pattern)}:\n${stdout}${stderr}`));
        });
      }),
  };
}

test('--help and --version', async () => {
  const help = await start(['--help']).ended;
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('BACKUP_SERVER_URL');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await start(['-v']).ended).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test('a configuration that cannot be used ends it at once, with every reason', async () => {
  const { code, stderr, stdout } = await start([], { NODE_ENV: 'production', PORT: 'x' }).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('BACKUP_SERVER_URL must be set');
  expect(stderr).toContain('PORT must be');
});

test('with a Redis that is away it starts, answers, says so without the password, and ends', async () => {
  const running = start(['--port', '0'], { REDIS_URL: 'redis://user:pass-word@127.0.0.1:1', LOG_FORMAT: 'json' });
  const [, url = '', token = ''] = await running.until(/curl -s (\S+)\/graphql .*Bearer (\S+)'/);
  await running.until(/the shared store does not answer/);
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      query: '{ jobSession(id: "be376069-2865-4156-a9bc-825cef7d687e") { log { nodes { id } } } }',
    }),
  });
  expect(await response.json()).toMatchObject({ data: { jobSession: { log: { nodes: expect.any(Array) } } } });
  running.child.kill('SIGTERM');
  const { code, stdout, stderr } = await running.ended;
  expect(code).toBe(0);
  expect(stdout).toContain('"reason":"ECONNREFUSED"');
  expect(stdout + stderr).not.toContain('pass-word');
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('ends it with code 0, after the line to paste was good for an answer', async () => {
    const running = start(['--port', '0']);
    const [, url = '', token = ''] = await running.until(/curl -s (\S+)\/graphql .*Bearer (\S+)'/);
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ jobSession(id: "be376069-2865-4156-a9bc-825cef7d687e") { job { name } } }' }),
    });
    expect(await response.json()).toMatchObject({ data: { jobSession: { job: { name: 'test_job' } } } });
    running.child.kill(signal);
    expect((await running.ended).code).toBe(0);
  });
});

/** Node options that send the process a signal when it begins to load a module of this name. */
function signalOnLoad(signal: NodeJS.Signals, module: string): string {
  const asUrl = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
  const hooks = `export const load = (url, context, next) => {
    if (url.endsWith(${JSON.stringify(module)})) process.kill(process.pid, ${JSON.stringify(signal)});
    return next(url, context);
  };`;
  return `--import=${asUrl(`import { register } from 'node:module'; register(${JSON.stringify(asUrl(hooks))});`)}`;
}

describe('a signal while the process starts', () => {
  const embedded = { NODE_ENV: 'production', BACKUP_SERVER_URL: 'embedded', METRICS_PORT: '0' };

  test.each([
    ['SIGTERM', 'dist/cli/run.js'],
    ['SIGTERM', 'fastify/fastify.js'],
    ['SIGINT', 'dist/upstream/server.js'],
    ['SIGTERM', 'dist/simulator/index.js'],
    ['SIGHUP', 'dist/telemetry/metrics.js'],
  ] as const)('ends it with code 0 when %s comes as it loads %s', async (signal, module) => {
    const NODE_OPTIONS = signalOnLoad(signal, module);
    const { code, stdout, stderr } = await start(['--port', '0'], { ...embedded, NODE_OPTIONS }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('Server listening');
  });

  test('ends it with code 0 when it comes between the two listeners, or at the first word of either', async () => {
    for (const word of [/the operators' listener is open/, /Server listening/]) {
      const running = start(['--port', '0'], embedded);
      await running.until(word);
      running.child.kill('SIGTERM');
      const { code, stdout } = await running.ended;
      expect(code).toBe(0);
      expect(stdout).toContain('"signal":"SIGTERM","msg":"closing"');
    }
  });

  test('fails a doctor that did not finish', async () => {
    const NODE_OPTIONS = signalOnLoad('SIGINT', 'dist/cli/run.js');
    const env = { BACKUP_SERVER_URL: 'https://127.0.0.1:9', BACKUP_SERVER_TLS_VERIFY: 'off', NODE_OPTIONS };
    expect((await start(['doctor'], env).ended).code).toBe(130);
  });

  test('ends it with code 1 when a second one comes', async () => {
    const running = start(['--port', '0'], embedded);
    await running.until(/Server listening/);
    running.child.kill('SIGTERM');
    await running.until(/"msg":"closing"/);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(1);
  });
});

test('the embedded server in production is asked for by name; verification that is off is loud', async () => {
  const running = start(['--port', '0'], { NODE_ENV: 'production', BACKUP_SERVER_URL: 'embedded' });
  await running.until(/embedded demo server/);
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
  const loud = start(['--port', '0'], { BACKUP_SERVER_URL: 'https://127.0.0.1:1', BACKUP_SERVER_TLS_VERIFY: 'off' });
  await loud.until(/"level":40.*ANY certificate is accepted[^]*listening/);
  loud.child.kill('SIGTERM');
  expect((await loud.ended).code).toBe(0);
});

test('the log is JSON, or lines for people where that is asked for', async () => {
  const pretty = start(['--port', '0'], { LOG_FORMAT: 'pretty' });
  await pretty.until(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Server listening at http:\/\/127/m);
  pretty.child.kill('SIGTERM');
  expect((await pretty.ended).stdout).toMatch(/INFO: closing \{"signal":"SIGTERM"\}\n/);
  const plain = start(['--port', '0']);
  await plain.until(/"msg":"Server listening at http/);
  plain.child.kill('SIGTERM');
  expect((await plain.ended).stdout).toMatch(/"signal":"SIGTERM","msg":"closing"\}\n/);
});

test('`localhost` is one listener, whose connections are bounded', async () => {
  const { child, until, ended } = start(['--port', '0'], { HOST: 'localhost' });
  const [, port = ''] = await until(/listening at http:\/\/127\.0\.0\.1:(\d+)/);
  await expect(fetch(`http://[::1]:${port}/livez`)).rejects.toThrow();
  child.kill('SIGTERM');
  const { code, stdout } = await ended;
  expect({ code, listeners: stdout.match(/Server listening/g)?.length }).toEqual({ code: 0, listeners: 1 });
});

test('metrics are on a port of their own', async () => {
  const running = start(['--port', '0'], { METRICS_PORT: '0' });
  const [, port = ''] = await running.until(
    /"address":"127\.0\.0\.1","port":(\d+),"msg":"the operators' listener is open"/,
  );
  const [, url = ''] = await running.until(/curl -s (\S+)\/graphql/);
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('backup365_build_info{version="');
  expect((await fetch(`${url}/metrics`)).status).toBe(404);
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});

test('a caller of the metrics that says nothing holds up no end, nor does a collector that refuses', async () => {
  const collector = createServer((_, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port: collectorPort } = collector.address() as AddressInfo;
  const running = start(['--port', '0'], {
    METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collectorPort}`,
    OTEL_BSP_SCHEDULE_DELAY: '60000',
  });
  const [, port = ''] = await running.until(/"port":(\d+),"msg":"the operators' listener is open"/);
  const [, url = ''] = await running.until(/curl -s (\S+)\/graphql/);
  await (await fetch(`${url}/graphql?query=%7B__typename%7D`, { headers: { authorization: 'Bearer x' } })).text();
  const silent = connect(Number(port), '127.0.0.1').on('error', () => undefined);
  await once(silent, 'connect');
  running.child.kill('SIGTERM');
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(stdout).not.toContain('closing takes too long');
  expect(stdout).not.toContain('Not Found');
  silent.destroy();
  await new Promise((resolve) => collector.close(resolve));
});

test('a process whose log nobody reads any more still ends, and so does one whose port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const running = start(['--port', '0'], { METRICS_PORT: String(port), LOG_LEVEL: 'debug' });
  running.child.stdout?.destroy();
  const { code, stderr } = await running.ended;
  expect(code).toBe(1);
  expect(stderr).toContain('METRICS_PORT: listen EADDRINUSE');
  await new Promise((resolve) => taken.close(resolve));
  const good = start(['--port', '0'], { METRICS_PORT: '0' });
  await good.until(/the operators' listener is open/);
  good.child.stdout?.destroy();
  good.child.kill('SIGTERM');
  expect((await good.ended).code).toBe(0);
});

test('a port that is taken is told', async () => {
  const first = start(['--port', '0']);
  const [, port = ''] = await first.until(/curl -s http:\/\/127\.0\.0\.1:(\d+)\//);
  const second = await start(['--port', port]).ended;
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('EADDRINUSE');
  first.child.kill('SIGTERM');
  await first.ended;
});

test('the demo server alone hands out tokens', async () => {
  const running = start(['simulator', '--port', '0']);
  const [, origin = ''] = await running.until(/listens at (https:\/\/127\.0\.0\.1:\d+)/);
  await running.until(/\/v8\/token/);
  const gateway = start(['--port', '0'], {
    BACKUP_SERVER_URL: origin,
    BACKUP_SERVER_FINGERPRINT: (await running.until(/\n((?:[0-9A-F]{2}:){31}[0-9A-F]{2})\n/))[1] ?? '',
  });
  await gateway.until(/listening/);
  gateway.child.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});

describe('closing with a server of its own', () => {
  const QUERY =
    '{ jobSessions(first: 5) { nodes { id job { name } } } jobs(filter: { type: BACKUP }) { nodes { id } } }';
  let simulator: Simulator;
  let token: string;
  beforeEach(async () => {
    simulator = await startSimulator({ days: 5 });
    token = simulator.tokens.issue().accessToken;
  });
  afterEach(() => simulator.close());

  async function startAgainst(env: Record<string, string> = {}): Promise<Running & { url: string }> {
    const running = start(['--port', '0'], {
      BACKUP_SERVER_URL: simulator.origin,
      BACKUP_SERVER_FINGERPRINT: simulator.fingerprint,
      LOG_LEVEL: 'debug',
      ...env,
    });
    const [, url = ''] = await running.until(/listening at (http:[^"]+)"/);
    return { ...running, url };
  }

  type Outcome = { status: number; codes: string[]; data: unknown } | 'refused';

  /**
   * An answer, or that no connection was made; a connection that was made and cut fails the test. A connection that waited to
   * be accepted when the port was closed is reset by the kernel.
   */
  async function ask(url: string, accessToken = token): Promise<Outcome> {
    try {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
        body: JSON.stringify({ query: QUERY }),
      });
      const { data, errors = [] } = (await response.json()) as {
        data: unknown;
        errors?: { extensions: { code: string } }[];
      };
      return { status: response.status, codes: errors.map(({ extensions }) => extensions.code), data };
    } catch (error) {
      const cause: unknown = Reflect.get(Object(error) as object, 'cause');
      if (Reflect.get(Object(cause) as object, 'syscall') === 'connect') return 'refused';
      throw error;
    }
  }

  test('under load: readiness goes red, every request is answered, code 0', async () => {
    const { url, child, ended } = await startAgainst();
    const outcomes: Outcome[] = [];
    const callers = Array.from({ length: 24 }, async () => {
      for (let last: Outcome | undefined; last !== 'refused'; outcomes.push(last)) last = await ask(url);
    });
    while (outcomes.length < 100) await wait(10);
    child.kill('SIGTERM');
    let ready = await fetch(`${url}/readyz`);
    while (ready.status === 200) ready = await fetch(`${url}/readyz`); // the signal has not arrived yet
    expect({ status: ready.status, body: await ready.json() }).toMatchObject({
      status: 503,
      body: { status: 'draining' },
    });
    await Promise.all(callers);
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const answers = outcomes.filter((outcome) => outcome !== 'refused');
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.filter(({ status, codes }) => status !== 200 || codes.length > 0)).toEqual([]);
    expect(stdout).not.toContain(token);
  });

  test('with a server that hangs: what is open is answered with a typed error, code 0', async () => {
    const { url, child, ended } = await startAgainst({ BACKUP_TIMEOUT_MS: '60000', OPERATION_TIMEOUT_MS: '60000' });
    await ask(url);
    simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
    const open = Promise.all(Array.from({ length: 20 }, () => ask(url, simulator.tokens.issue().accessToken)));
    while (simulator.requests.filter(({ path, status }) => path === 'Jobs' && status === null).length < 20)
      await wait(10);
    child.kill('SIGTERM');
    for (const outcome of await open) {
      expect(outcome).toMatchObject({ status: 200, data: { jobs: null, jobSessions: { nodes: expect.any(Array) } } });
      expect(new Set(outcome === 'refused' ? [] : outcome.codes)).toEqual(new Set(['CANCELLED']));
    }
    expect((await ended).code).toBe(0);
  });

  test('a caller that does not end its request does not keep it', async () => {
    const { url, child, ended } = await startAgainst();
    const sockets = [connect(Number(new URL(url).port), '127.0.0.1'), connect(Number(new URL(url).port), '127.0.0.1')];
    for (const socket of sockets) socket.on('error', () => undefined);
    sockets[0]?.write('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{');
    await wait(200);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  test('a caller that is slow to read gets all of its answer', async () => {
    const { url, child, ended } = await startAgainst();
    const id = 'be376069-2865-4156-a9bc-825cef7d687e';
    const length = 7 * 1024 * 1024;
    simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), { body: { id, details: 'x'.repeat(length) } });
    const body = JSON.stringify({ query: `{ jobSession(id: "${id}") { details } }` });
    const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    while (!simulator.requests.some(({ path, status }) => path.startsWith('JobSessions/') && status === 200))
      await wait(10);
    await wait(300); // the answer is made, and not read
    child.kill('SIGTERM');
    await wait(2500);
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
    await new Promise((resolve) => socket.on('close', resolve));
    expect(bytes).toBeGreaterThan(length);
    expect((await ended).code).toBe(0);
  });

  test.each<[string, Misbehaviour | null]>([
    ['its server hangs', { hang: true }],
    ['its caller reads slowly', null],
  ])('a download while %s comes whole, or ends with a line that says why, code 0', async (_, how) => {
    const { url, child, ended } = await startAgainst({ BACKUP_TIMEOUT_MS: '60000', OPERATION_TIMEOUT_MS: '60000' });
    const LINES = 100_000;
    const { id } = simulator.history.insert('00b96531-1a68-4c90-a398-91141ffedb3b', 0, LINES);
    const isLate = ({ path, query }: SeenRequest): boolean =>
      path.endsWith('/LogItems') && Number(query['offset']) > 1500;
    if (how) simulator.misbehave(isLate, how);
    const response = await fetch(`${url}/sessions/${id}/log`, { headers: { authorization: `Bearer ${token}` } });
    while (!simulator.requests.some(isLate)) await wait(10);
    child.kill('SIGTERM');
    await wait(2500);
    const lines = (await response.text()).trimEnd().split('\n'); // throws where the answer was cut off
    const last = JSON.parse(lines.at(-1) ?? '') as { error?: { code: string } };
    const isWhole = how === null && lines.length === LINES;
    expect(last.error?.code).toBe(isWhole ? undefined : 'CANCELLED');
    expect(lines.length).toBeGreaterThan(1500);
    const { code, stdout } = await ended;
    expect({ code, isLate: stdout.includes('closing takes too long') }).toEqual({ code: 0, isLate: false });
  });

  test('a second signal ends it at once', async () => {
    const { url, child, ended } = await startAgainst();
    await ask(url);
    simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
    const open = ask(url).catch(() => 'cut');
    while (!simulator.requests.some(({ path, status }) => path === 'Jobs' && status === null)) await wait(10);
    child.kill('SIGTERM');
    await wait(300);
    child.kill('SIGINT');
    expect((await ended).code).toBe(1);
    expect(await open).toBe('cut');
  });

  test('what nobody expected is logged in one line, and ends it', async () => {
    const running = start([], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent("setTimeout(() => { throw new Error('a fault') }, 3000)")}`,
      PORT: '0',
    });
    const { code, stdout } = await running.ended;
    expect(code).toBe(1);
    const lines = stdout.split('\n').filter((line) => line.includes('"level":60'));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { msg: 'unexpected', error: expect.stringContaining('a fault') },
    ]);
  });
});
