import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { startSimulator, type Simulator } from '../src/simulator/index.js';

/** Traces, as a collector on a local socket receives them from the built program. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const TOKEN = 'a-token-that-no-span-may-have';

type Received = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: Record<string, unknown>;
  status: { code: number };
};
const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];

let collector: Server;
let endpoint: string;
let spans: Received[];
let bodies: Buffer[];
let simulator: Simulator;

type OtlpValue = Record<string, unknown>;
type OtlpSpan = Omit<Received, 'attributes'> & { attributes: { key: string; value: OtlpValue }[] };
type OtlpBody = { resourceSpans: { resource: unknown; scopeSpans: { spans: OtlpSpan[] }[] }[] };

beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      bodies.push(body);
      if (request.headers['content-type'] === 'application/json') {
        const { resourceSpans } = JSON.parse(body.toString()) as OtlpBody;
        for (const { attributes, ...span } of resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap((scope) => scope.spans),
        )) {
          const plain = attributes.map(({ key, value }) => [key, Object.values(value)[0]]);
          spans.push({ ...span, attributes: Object.fromEntries(plain) as Record<string, unknown> });
        }
      }
      response.setHeader('content-type', request.headers['content-type'] ?? '').end();
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  simulator = await startSimulator({ days: 12 });
  simulator.tokens.issue({ accessToken: TOKEN });
});
afterAll(async () => {
  await simulator.close();
  await new Promise((resolve) => collector.close(resolve));
});

let child: ChildProcess | undefined;
let output: string;
afterEach(() => {
  child?.kill('SIGKILL');
});

/** Starts the built gateway, and gives its URL. */
async function start(env: Record<string, string>): Promise<string> {
  spans = [];
  bodies = [];
  output = '';
  simulator.forgetRequests();
  const { PATH = '' } = process.env;
  const started = spawn(process.execPath, ['dist/main.js', '--port', '0'], {
    env: {
      PATH,
      BACKUP_SERVER_URL: simulator.origin,
      BACKUP_SERVER_FINGERPRINT: simulator.fingerprint,
      LOG_LEVEL: 'debug',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      ...env,
    },
  });
  child = started;
  return new Promise((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      output += chunk.toString();
      const [, url] = /listening at (http:[^"]+)"/.exec(output) ?? [];
      if (url !== undefined) resolve(url);
    };
    started.stdout.on('data', look);
    started.stderr.on('data', look);
    started.once('exit', () => {
      reject(new Error(output));
    });
  });
}

const ask = (url: string, query: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
    body: JSON.stringify({ query }),
  }).then((response) => response.json() as Promise<{ data: unknown; errors?: unknown }>);

async function until(isThere: () => boolean): Promise<void> {
  for (let looks = 0; !isThere(); looks += 1) {
    if (looks > 500) throw new Error(`not there:\n${JSON.stringify(spans)}\n${output}`);
    await wait(20);
  }
}

const json = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
const linesOf = (message: string): Record<string, unknown>[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === message);

describe('with an endpoint', () => {
  test('one trace has the request, the operation and each request to the server, joined to the traceparent that came', async () => {
    const url = await start({ ...json, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    await ask(url, '{ backupServer { apiVersion } }'); // the version is found in a trace of its own
    await until(() => spans.some(({ kind }) => kind === SERVER));
    spans.length = 0;
    simulator.forgetRequests();
    const query = `query One { jobSession(id: "${SESSION}") { status job { name } } }`;
    const { errors } = await ask(url, query, { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'their=own' });
    expect(errors).toBeUndefined();
    await until(() => spans.filter(({ traceId }) => traceId === TRACE).length === 4);
    const [server] = spans.filter(({ kind }) => kind === SERVER);
    const [operation] = spans.filter(({ kind }) => kind === INTERNAL);
    const clients = spans.filter(({ kind }) => kind === CLIENT);
    expect(server).toMatchObject({
      parentSpanId: PARENT,
      name: 'POST /graphql',
      attributes: { 'http.request.method': 'POST', 'http.route': '/graphql', 'http.response.status_code': 200 },
    });
    expect(operation).toMatchObject({
      parentSpanId: server?.spanId,
      name: 'query One',
      attributes: { 'graphql.operation.name': 'One', 'backup.outcome': 'ok', 'backup.upstream_requests': 2 },
    });
    expect(clients.map(({ name }) => name).sort()).toEqual(['GET job', 'GET jobSession']);
    for (const { parentSpanId, attributes, status } of clients) {
      expect(parentSpanId).toBe(operation?.spanId);
      expect(attributes).toMatchObject({
        'backup.api_version': 'v8',
        'http.response.status_code': 200,
        'http.request.resend_count': 0,
      });
      expect(status.code).toBe(0);
    }
    // Each request tells the server which step it is.
    expect(simulator.requests.map(({ headers }) => headers['traceparent']).sort()).toEqual(
      clients.map(({ spanId }) => `00-${TRACE}-${spanId}-01`).sort(),
    );
    expect(simulator.requests.map(({ headers }) => headers['tracestate'])).toEqual(['their=own', 'their=own']);
    const read = () => [...linesOf('answered an operation'), ...linesOf('asked the backup server')];
    await until(() => read().filter(({ traceId }) => traceId === TRACE).length === 3); // lines are gathered
    const lines = read();
    expect(lines.every(({ traceId }) => typeof traceId === 'string')).toBe(true);
  });

  test('each attempt is a step, with what went wrong and which one it is', async () => {
    const url = await start({ ...json, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/v1/traces` });
    await ask(url, '{ backupServer { apiVersion } }');
    const undo = simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), { status: 503 }, 1);
    await ask(url, `{ jobSession(id: "${SESSION}") { status } }`);
    undo();
    await until(() => spans.filter(({ name }) => name === 'GET jobSession').length === 2);
    expect(spans.filter(({ name }) => name === 'GET jobSession')).toMatchObject([
      {
        attributes: { 'http.request.resend_count': 0, 'http.response.status_code': 503, 'error.type': 'failed' },
        status: { code: 2 },
      },
      { attributes: { 'http.request.resend_count': 1, 'http.response.status_code': 200 }, status: { code: 0 } },
    ]);
  });

  test('a download is a trace as well, and an error has the code that its caller was told', async () => {
    const url = await start({ ...json, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    const headers = { authorization: `Bearer ${TOKEN}`, traceparent: `00-${TRACE}-${PARENT}-01` };
    await (await fetch(`${url}/sessions/${SESSION}/log`, { headers })).text();
    await ask(url, '{ jobs { nam } }');
    await until(() => spans.filter(({ kind }) => kind === SERVER).length === 2);
    expect(spans).toContainEqual(
      expect.objectContaining({ name: 'GET /sessions/:id/log', traceId: TRACE, parentSpanId: PARENT }),
    );
    expect(spans).toContainEqual(
      expect.objectContaining({
        name: 'operation',
        attributes: expect.objectContaining({ 'backup.outcome': 'refused', 'error.type': 'GRAPHQL_VALIDATION_FAILED' }),
      }),
    );
    await until(() => linesOf('answered a download').length > 0);
    expect(linesOf('answered a download')).toMatchObject([{ traceId: TRACE, outcome: 'ok' }]);
  });

  test('nothing that is sent has the token, the session, or the address of the server', async () => {
    const url = await start({ ...json, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    await ask(
      url,
      `query One { jobSession(id: "${SESSION}") { status log { nodes { message } } } jobs { nodes { name } } }`,
    );
    await until(() => spans.some(({ kind }) => kind === SERVER));
    const sent = Buffer.concat(bodies).toString();
    for (const secret of [TOKEN, SESSION, new URL(simulator.origin).host, 'Bearer', 'Job started'])
      expect(sent).not.toContain(secret);
    expect(output).not.toContain(TOKEN);
  });

  test('protobuf is what is sent unless JSON is asked for, under the name that the environment gives', async () => {
    const url = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'gateway-of-the-test' });
    await ask(url, `query One { jobSession(id: "${SESSION}") { status } }`);
    await until(() => Buffer.concat(bodies).includes('POST /graphql'));
    expect(spans).toEqual([]);
    expect(Buffer.concat(bodies).includes('gateway-of-the-test')).toBe(true);
  });

  test('a collector that is away costs no answer, and the log says so', async () => {
    const url = await start({
      ...json,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    });
    expect(await ask(url, '{ backupServer { apiVersion } }')).toMatchObject({
      data: { backupServer: { apiVersion: 'v8' } },
    });
    await until(() => linesOf('traces cannot be sent').length > 0);
    child?.kill('SIGTERM');
    await until(() => child?.exitCode === 0);
  });
});

test.each([
  ['no endpoint', {}],
  ['OTEL_SDK_DISABLED', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }],
])('%s: no traces, and no line of the log has one', async (_, env) => {
  const url = await start(env);
  await ask(url, '{ backupServer { apiVersion } }', { traceparent: `00-${TRACE}-${PARENT}-01` });
  await until(() => linesOf('answered an operation').length > 0);
  expect(linesOf('answered an operation').every((line) => !('traceId' in line))).toBe(true);
  expect(simulator.requests.every(({ headers }) => headers['traceparent'] === undefined)).toBe(true);
});

test('an endpoint or protocol that cannot be used ends the start', async () => {
  const refused = start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' });
  await expect(refused).rejects.toThrow(
    /OTEL_EXPORTER_OTLP_ENDPOINT must be a URL[^]*OTEL_EXPORTER_OTLP_PROTOCOL must be "http\/protobuf" or "http\/json"; got "grpc"/,
  );
});
