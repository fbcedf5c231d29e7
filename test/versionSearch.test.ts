import { describe, expect, jest, test } from '@jest/globals';
import { withGateway, type Gateway, type GraphError } from './helpers/gateway.js';
import { until } from './helpers/until.js';
import { createVersionFinder } from '../src/upstream/versions/index.js';
import type { Misbehaviour } from '../src/simulator/index.js';

/** `auto` finds a version that is served, whatever the probes for others come to. */

const QUERY = '{ backupServer { apiVersion } jobs { nodes { id } } }';
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);
const page = '<html><body>Not Found</body></html>';

const probesOf = ({ simulator }: Pick<Gateway, 'simulator'>): string[] =>
  simulator.requests.filter(({ headers }) => headers['authorization'] === undefined).map(({ version }) => version);

const failures: [string, Misbehaviour][] = [
  ['hangs', { hang: true }],
  ['fails with 500', { status: 500 }],
  ['fails with 503', { status: 503 }],
  ['is reset', { reset: true }],
  ['is answered with a page', { body: page }],
  ['is answered with a page and 404', { status: 404, body: page }],
  ['is answered with garbage', { raw: 'garbage\r\n\r\n' }],
  ['is answered half', { body: '{"version": "8.0"}', stallAfterBytes: 5 }],
  ['is redirected', { status: 302, headers: { location: '/' } }],
];

describe.each(failures)('when the probe for v8 %s', (_, how) => {
  test('v7 is spoken, and v8 once it answers again', async () => {
    await withGateway({}, async (gateway) => {
      const { ask, simulator } = gateway;
      const back = simulator.misbehave(({ version }) => version === 'v8', how);
      const { data, errors } = await ask(QUERY);
      expect(errors).toBeUndefined();
      expect(data.backupServer).toEqual({ apiVersion: 'v7' });
      back();
      await until(async () => (await ask(QUERY)).data.backupServer.apiVersion === 'v8');
    });
  });
});

test('the newest that is served is spoken when two probes hang', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    simulator.misbehave(({ version }) => version === 'v8' || version === 'v7', { hang: true });
    expect((await ask(QUERY)).data.backupServer).toEqual({ apiVersion: 'v6' });
  });
});

test('a version whose probe hangs is passed over before the operation ends', async () => {
  // A probe may take 5 seconds: without a limit of its own in the search, the operation would end before.
  await withGateway({ operationTimeoutMs: 4900 }, async ({ ask, simulator }) => {
    simulator.misbehave(({ version }) => version === 'v8', { hang: true });
    const { data, errors } = await ask(QUERY);
    expect(errors).toBeUndefined();
    expect(data.backupServer).toEqual({ apiVersion: 'v7' });
  });
});

test('a version whose probe hangs is not waited for again when another one is looked for', async () => {
  jest.useFakeTimers();
  try {
    const probed: string[] = [];
    const finder = createVersionFinder(
      ({ path }) => {
        probed.push(path);
        if (path.startsWith('v8')) return new Promise(() => undefined);
        return Promise.resolve({ status: path.startsWith('v7') ? 401 : 404, headers: {}, body: Buffer.alloc(0) });
      },
      'auto',
      { info: () => undefined, error: () => undefined },
    );
    const found: string[] = [];
    const find = (): void => void finder.current().then(({ name }) => found.push(name));
    find();
    await jest.advanceTimersByTimeAsync(999);
    expect(probed).toEqual(['v8/ServiceInstance']);
    await jest.advanceTimersByTimeAsync(1000);
    expect(probed).toHaveLength(7);
    expect(found).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(found).toEqual(['v7']);
    finder.forget({ fault: 'notFound', resource: 'job' });
    find();
    await jest.advanceTimersByTimeAsync(1);
    expect(found).toEqual(['v7', 'v7']);
  } finally {
    jest.useRealTimers();
  }
});

test('a server that serves v8 gets one probe, and one that serves v6 one for each from v8 down', async () => {
  for (const [versions, expected] of [
    [[6, 7, 8], ['v8']],
    [
      [5, 6],
      ['v8', 'v7', 'v6'],
    ],
  ] as const) {
    await withGateway({ simulator: { versions } }, async (gateway) => {
      await gateway.ask(QUERY);
      expect(probesOf(gateway)).toEqual(expected);
    });
  }
});

test('a version that is not served is not probed again while another one answers', async () => {
  await withGateway({ simulator: { versions: [7] } }, async (gateway) => {
    await gateway.ask(QUERY);
    const real = performance.now.bind(performance);
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => real() + 3_600_000);
    try {
      await gateway.ask(QUERY);
      expect(probesOf(gateway)).toEqual([]);
    } finally {
      clock.mockRestore();
    }
  });
});

test('a version that was passed over is probed again less and less often', async () => {
  await withGateway({}, async (gateway) => {
    const { ask, simulator } = gateway;
    simulator.misbehave(({ version }) => version === 'v8', { status: 500 });
    await ask(QUERY);
    const real = performance.now.bind(performance);
    let aheadMs = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => real() + aheadMs);
    const counts: number[] = [];
    try {
      for (let second = 0; second < 20; second += 1) {
        aheadMs += 1000;
        await ask(QUERY);
        await until(() => simulator.requests.every(({ status }) => status !== null));
        counts.push(probesOf(gateway).length);
      }
    } finally {
      clock.mockRestore();
    }
    const total = counts.reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThanOrEqual(2);
    expect(total).toBeLessThanOrEqual(6);
  });
});

test('a server that answers no probe is UPSTREAM_TIMEOUT, and is found once it answers', async () => {
  await withGateway({ timeoutMs: 400, operationTimeoutMs: 8000 }, async ({ ask, simulator }) => {
    const back = simulator.misbehave(() => true, { hang: true });
    expect(codes((await ask(QUERY)).errors)).toEqual(['UPSTREAM_TIMEOUT', 'UPSTREAM_TIMEOUT']);
    back();
    await until(async () => (await ask(QUERY)).errors === undefined);
  });
});

test('a search leaves no version out when several callers wait for it', async () => {
  await withGateway({}, async (gateway) => {
    const { simulator, ask } = gateway;
    simulator.misbehave(({ version }) => version === 'v8', { hang: true });
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(QUERY)));
    expect(answers.map(({ data }) => data.backupServer.apiVersion)).toEqual(Array(5).fill('v7'));
  });
});
