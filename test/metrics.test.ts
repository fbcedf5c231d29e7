import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { createOperatorsApp } from '../src/http/operatorsApp.js';
import { createLog } from '../src/log.js';
import { createMetrics, type Metrics } from '../src/telemetry/metrics.js';
import { startGateway, withGateway, type Gateway } from './helpers/gateway.js';

/** What Prometheus is told, read as Prometheus reads it: over HTTP, as text. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const MANY_ALIASES = `{ ${Array.from({ length: 300 }, (_, index) => `a${index}: __typename`).join(' ')} }`;

type Sample = { name: string; labels: Record<string, string>; value: number };

function parse(text: string): Sample[] {
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', its = '']) => [key, its])),
    value: Number(value),
  }));
}

/** What the samples of a name add up to, of those that have these labels. */
function sum(samples: Sample[], name: string, labels: Record<string, string> = {}): number {
  return samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((total, { value }) => total + value, 0);
}

/** Until when the certificate of a server is valid, as the server itself shows it. */
function validToOf(origin: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().valid_to);
      socket.end();
    }).on('error', reject);
  });
}

const create = (): Metrics => createMetrics({ version: '1.2.3', operationNames: ['LastNight'] });
const read = async (metrics: Metrics): Promise<Sample[]> => parse(await metrics.render());

describe('operations', () => {
  const metrics = create();
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ metrics });
  });
  afterAll(() => gateway.close());

  /** How much asking for something adds to a metric. */
  async function added(name: string, labels: Record<string, string>, ask: () => Promise<unknown>): Promise<number> {
    const before = sum(await read(metrics), name, labels);
    await ask();
    return sum(await read(metrics), name, labels) - before;
  }
  const operations = 'backup365_operation_duration_seconds_count';

  test('one that is known is told by its name, any other as "other": a name is text of a caller', async () => {
    const query = (name: string): string => `query ${name} { jobSession(id: "${SESSION}") { status } }`;
    const ofName = (operation: string) => ({ operation, outcome: 'ok' });
    expect(await added(operations, ofName('LastNight'), () => gateway.ask(query('LastNight')))).toBe(1);
    expect(await added(operations, ofName('other'), () => gateway.ask(query('ebfd76fe9bbb4669ad8153b42ee7793e')))).toBe(
      1,
    );
    expect(await added(operations, ofName('other'), () => gateway.ask(query('')))).toBe(1);
  });

  test.each<[string, string, string, { token?: string | null }]>([
    ['ok', '{ jobs { nodes { name } } }', '', {}],
    ['partial', `{ jobs { nodes { name } } jobSession(id: "x") { status } }`, 'BAD_USER_INPUT', {}],
    ['failed', '{ jobs { nodes { name } } }', 'UNAUTHENTICATED', { token: 'nobodys' }],
    ['failed', '{ jobs { nodes { name } } }', 'UNAUTHENTICATED', { token: null }],
    ['refused', '{ jobs { nam } }', 'GRAPHQL_VALIDATION_FAILED', {}],
    ['refused', '{ jobs', 'GRAPHQL_PARSE_FAILED', {}],
    ['refused', MANY_ALIASES, 'QUERY_TOO_COMPLEX', {}],
  ])('%s, case %#', async (outcome, query, code, options) => {
    const ask = () => gateway.ask(query, {}, options);
    expect(await added(operations, { outcome, operation: 'other' }, ask)).toBe(1);
    if (code !== '') expect(await added('backup365_operation_errors_total', { code }, ask)).toBe(1);
  });

  test.each([
    ['validation_failed', '{ jobs { nam } }'],
    ['parse_failed', '{ jobs'],
    ['too_complex', MANY_ALIASES],
  ])('a document that is not executed is rejected as %s', async (reason, query) => {
    expect(await added('backup365_documents_rejected_total', { reason }, () => gateway.ask(query))).toBe(1);
  });

  test('a persisted query that is not known is told', async () => {
    const ask = () =>
      fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } }),
      }).then((response) => response.text());
    const reason = 'persisted_query_not_found';
    expect(await added('backup365_documents_rejected_total', { reason }, ask)).toBe(1);
  });

  test('requests to the server are told by resource, version and outcome, and by operation', async () => {
    const name = 'backup365_upstream_request_duration_seconds_count';
    const one = () => gateway.ask(`{ jobSession(id: "${SESSION}") { job { name } } }`);
    expect(await added(name, { resource: 'jobSession', api_version: 'v8', outcome: 'ok' }, one)).toBe(1);
    expect(await added(name, { resource: 'job', outcome: 'ok' }, one)).toBe(1);
    expect(await added('backup365_operation_upstream_requests_sum', {}, one)).toBe(2);
    const bad = () => gateway.ask(`{ jobSession(id: "${SESSION}") { status } }`, {}, { token: 'nobodys' });
    expect(await added(name, { resource: 'jobSession', outcome: 'unauthenticated' }, bad)).toBe(1);
    const undo = gateway.simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), { status: 500 });
    const failing = () => gateway.ask(`{ jobSession(id: "${SESSION}") { status } }`);
    expect(await added(name, { resource: 'jobSession', outcome: 'failed' }, failing)).toBe(3); // each attempt
    undo();
  });

  test('a download is told', async () => {
    const download = async () => {
      const url = `${gateway.url}/sessions/${SESSION}/log`;
      await (await fetch(url, { headers: { authorization: `Bearer ${gateway.token}` } })).text();
      await wait(50); // it is told once its last byte has left
    };
    expect(await added('backup365_log_download_duration_seconds_count', { outcome: 'ok' }, download)).toBe(1);
  });

  test('a caller that goes away is cancelled', async () => {
    gateway.simulator.misbehave(({ path }) => path.endsWith('/LogItems'), { hang: true });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${gateway.token}` };
    const asked = request(`${gateway.url}/graphql`, { method: 'POST', headers, agent: false }).on(
      'error',
      () => undefined,
    );
    asked.end(JSON.stringify({ query: `{ jobSession(id: "${SESSION}") { log { nodes { id } } } }` }));
    for (let looks = 0; sum(await read(metrics), 'backup365_operations_in_flight') === 0; looks += 1) {
      expect(looks).toBeLessThan(200);
      await wait(10);
    }
    asked.destroy();
    for (let looks = 0; sum(await read(metrics), operations, { outcome: 'cancelled' }) === 0; looks += 1) {
      expect(looks).toBeLessThan(200);
      await wait(10);
    }
  });

  test('no label has a token, an id, an address or a sentence', async () => {
    for (const { name, labels } of await read(metrics)) {
      if (!name.startsWith('backup365_')) continue;
      for (const value of Object.values(labels)) expect(value).toMatch(/^[A-Za-z0-9_.+]{1,40}$/);
    }
    const text = await metrics.render();
    expect(text).not.toContain(SESSION);
    expect(text).not.toContain(gateway.token);
    expect(text).not.toContain('127.0.0.1');
  });

  test('how the server does, when its certificate expires, and what is kept', async () => {
    const samples = await read(metrics);
    expect(sum(samples, 'backup365_upstream_state', { state: 'ready' })).toBe(1);
    expect(sum(samples, 'backup365_upstream_state')).toBe(1);
    expect(sum(samples, 'backup365_upstream_breaker_state', { state: 'closed' })).toBe(1);
    const expiryMs = sum(samples, 'backup365_upstream_certificate_expiry_timestamp_seconds') * 1000;
    expect(expiryMs).toBe(Date.parse(await validToOf(gateway.simulator.origin)));
    expect(sum(samples, 'backup365_sharing_entries')).toBeGreaterThan(0);
    expect(sum(samples, 'backup365_build_info', { version: '1.2.3' })).toBe(1);
  });
});

test('before a certificate was seen there is no date of it, rather than 1970', async () => {
  const metrics = create();
  await withGateway({ metrics }, async () => {
    const names = (await read(metrics)).map(({ name }) => name);
    expect(names).toContain('backup365_upstream_state');
    expect(names).not.toContain('backup365_upstream_certificate_expiry_timestamp_seconds');
  });
});

test('what is refused as it is too much is told by its bound', async () => {
  const metrics = create();
  await withGateway(
    { metrics, maxInFlight: 8, maxWaiting: 0, maxConnections: 12 },
    async ({ ask, simulator, app, url }) => {
      simulator.misbehave(({ path }) => path.startsWith('JobSessions'), { hang: true });
      const asked = Array.from({ length: 10 }, () => ask(`{ jobSession(id: "${SESSION}") { status } }`));
      await Promise.any(asked);
      const { port } = new URL(url);
      const extra: Socket[] = [];
      for (
        let looks = 0;
        sum(await read(metrics), 'backup365_refusals_total', { reason: 'connections' }) === 0;
        looks += 1
      ) {
        expect(looks).toBeLessThan(200);
        const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
        socket.write('GET /livez HTTP/1.1\r\n'); // a request is being read: such a connection does not give way
        extra.push(socket);
        await wait(10);
      }
      for (const socket of extra) socket.destroy();
      app.cancelAll();
      await Promise.all(asked);
      // Tokens that the server has not accepted have four of the eight places.
      expect(sum(await read(metrics), 'backup365_refusals_total', { reason: 'waiting' })).toBe(6);
    },
  );
});

describe("the operators' listener", () => {
  async function withOperators<T>(use: (url: string, lines: string[]) => Promise<T>): Promise<T> {
    const lines: string[] = [];
    const log = createLog('warn', { write: (line) => lines.push(line) });
    const backupServer = { state: 'unknown', apiVersion: null, lastFault: null } as const;
    const readiness = () => ({ isReady: false, body: { status: 'starting', backupServer } }) as const;
    const app = createOperatorsApp({ log, metrics: create(), readiness });
    try {
      return await use(await app.listen({ host: '127.0.0.1', port: 0 }), lines);
    } finally {
      await app.close();
    }
  }

  test('gives metrics as Prometheus asks for them', async () => {
    await withOperators(async (url) => {
      const response = await fetch(`${url}/metrics`);
      expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      expect(parse(await response.text()).map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          'backup365_build_info',
          'nodejs_eventloop_lag_p99_seconds',
          'process_resident_memory_bytes',
        ]),
      );
      expect((await fetch(`${url}/graphql`)).status).toBe(404);
    });
  });

  test('changes the level of the log while it runs, and says so in the log', async () => {
    await withOperators(async (url, lines) => {
      const put = async (body: string) => {
        const response = await fetch(`${url}/log-level`, { method: 'PUT', body });
        return { status: response.status, text: await response.text() };
      };
      expect(await (await fetch(`${url}/log-level`)).text()).toBe('warn\n');
      expect(await put('debug\n')).toEqual({ status: 200, text: 'debug\n' });
      expect(await (await fetch(`${url}/log-level`)).text()).toBe('debug\n');
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ before: 'warn', level: 'debug' }]);
      for (const header of ['origin', 'x-forwarded-for', 'sec-fetch-site']) {
        const response = await fetch(`${url}/log-level`, { method: 'PUT', body: 'silent', headers: { [header]: 'x' } });
        // fetch itself sends no Sec-Fetch-Site, and lets nobody set it: then there is nothing to refuse.
        if (header !== 'sec-fetch-site') expect(response.status).toBe(403);
        else await put('debug');
      }
      expect(await (await fetch(`${url}/log-level`)).text()).toBe('debug\n');
      expect(await put('loud')).toEqual({
        status: 400,
        text: 'Expected one of trace, debug, info, warn, error, fatal, silent; got "loud".\n',
      });
      expect(await (await fetch(`${url}/log-level`)).text()).toBe('debug\n');
    });
  });
});
