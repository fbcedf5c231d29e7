import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { startGateway, withGateway, type Asked, type Gateway, type GraphError } from './helpers/gateway.js';
import { startRedis, type RedisServer } from './helpers/redis.js';
import { openStore, type TestStore } from './helpers/store.js';
import { until } from './helpers/until.js';

/** Callers do not get each other's answers, and do not pay for each other's trouble. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
/** Limit for 1,000 callers on a busy machine. It is long, because the test is not about speed. */
const PATIENCE_MS = 100_000;
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

describe.each([
  ['of one instance', 1],
  ['of two instances with a store between them', 2],
])('many callers who ask for the same at the same moment, %s', (_, instances) => {
  let mirror: Server;
  let redis: RedisServer;
  const stores: TestStore[] = [];
  const gateways: Gateway[] = [];
  beforeAll(async () => {
    // Whatever it is asked, it says who asked, after a while.
    mirror = createServer((request, response) => {
      const name = request.headers.authorization ?? 'nobody';
      const path = (request.url ?? '').split('?')[0] ?? '';
      const job = { id: JOB, name };
      const line = { id: SESSION, sequenceNumber: 1, message: name };
      const ended = { status: 'Success', endTime: '2020-01-01T00:00:00Z' }; // so that its log is kept
      const session = { id: SESSION, jobId: JOB, jobType: 'Backup', details: name, ...ended };
      const page = (row: object): object => ({ offset: 0, limit: 30, results: [row] });
      const body = path.endsWith('/LogItems')
        ? page(line)
        : path.endsWith('/JobSessions')
          ? page(session)
          : path.endsWith('/Jobs')
            ? page(job)
            : path.includes('/Jobs/')
              ? job
              : session;
      setTimeout(
        () => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
        Math.random() * 30,
      );
    });
    await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
    redis = await startRedis();
    for (let index = 0; index < instances; index += 1) {
      const opened = openStore(redis.url, origin);
      await until(() => opened.store.isUp());
      stores.push(opened);
      gateways.push(
        await startGateway({
          origin,
          trust: { by: 'system' },
          apiVersion: 'v8',
          timeoutMs: PATIENCE_MS,
          operationTimeoutMs: PATIENCE_MS,
          store: instances > 1 ? opened.store : null,
        }),
      );
    }
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    for (const { store } of stores) await store.close();
    await redis.close();
    await new Promise((resolve) => mirror.close(resolve));
  });

  const QUERY = `{
    jobSession(id: "${SESSION}") { details job { name } log { nodes { message } } }
    jobSessions(first: 1) { nodes { details job { name } } }
    jobs(filter: { type: BACKUP }, first: 1) { nodes { name } }
  }`;

  async function crossings(callers: number, round: number): Promise<string[]> {
    const answers = await Promise.all(
      Array.from({ length: callers }, async (_, index) => {
        const token = `caller-${round}-${index}`;
        const names: (string | undefined)[] = [];
        for (const gateway of gateways) {
          const { text, errors } = await gateway.ask(QUERY, {}, { token });
          expect(errors).toBeUndefined();
          names.push(...[...text.matchAll(/Bearer ([\w-]+)/g)].map(([, name]) => name));
        }
        return { token, names };
      }),
    );
    expect(answers.every(({ names }) => names.length === 6 * gateways.length)).toBe(true);
    return answers.filter(({ token, names }) => names.some((name) => name !== token)).map(({ token }) => token);
  }

  test.each([1, 2, 3, 4, 5])('200 of them, round %i: each gets its own', async (round) => {
    expect(await crossings(200, round)).toEqual([]);
  });

  test(
    '1,000 of them: each gets its own',
    async () => {
      expect(await crossings(1000, 0)).toEqual([]);
    },
    2 * PATIENCE_MS,
  );

  test('and what one instance was told is read by the other, where there is one', () => {
    const hits = stores.reduce((sum, { count }) => sum + count('read', 'hit'), 0);
    if (instances === 1) expect(hits).toBe(0);
    else expect(hits).toBeGreaterThan(1000);
  });
});

describe('callers whose requests hang', () => {
  const good = `{ jobSession(id: "${SESSION}") { status job { name } } }`;

  /** Asks `count` times for what will hang, each time with `fan` requests at once; waits until the server has as many as it gets. */
  async function hang(
    gateway: Gateway,
    count: number,
    fan: number,
    tokenOf: (index: number) => string,
  ): Promise<Promise<Asked>[]> {
    const { simulator } = gateway;
    await gateway.ask('{ backupServer { apiVersion } }');
    simulator.misbehave(({ path }) => path.endsWith('/LogItems'), { hang: true });
    const ids = simulator.history.sessions().slice(0, fan);
    // Each caller asks for a page of its own: the same request of one token would be one.
    const queryOf = (first: number): string =>
      `{ ${ids.map(({ id }, index) => `s${index}: jobSession(id: "${id}") { log(first: ${first}) { nodes { id } } }`).join(' ')} }`;
    const asked = Array.from({ length: count }, (_, index) => {
      const accessToken = tokenOf(index);
      simulator.tokens.issue({ accessToken });
      return gateway.ask(queryOf(index + 1), {}, { token: accessToken });
    });
    const hanging = (): number =>
      simulator.requests.filter(({ path, status }) => path.endsWith('/LogItems') && status === null).length;
    while (hanging() < count) await wait(20); // each has one at the server, and some have more
    return asked;
  }

  test.each<[string, number, number, (index: number) => string]>([
    ['100 of one token', 100, 1, () => 'one'],
    ['100 of as many tokens', 100, 1, (index) => `token-${index}`],
    ['100 of one token, each with 16 requests', 100, 16, () => 'one'],
    ['100 of as many tokens, each with 16 requests', 100, 16, (index) => `token-${index}`],
  ])('%s: the next caller is answered while they hang', async (_, count, fan, tokenOf) => {
    await withGateway({ timeoutMs: 28_000, operationTimeoutMs: 29_000 }, async (gateway) => {
      const asked = await hang(gateway, count, fan, tokenOf);
      const open = new Set(asked);
      for (const one of asked) void one.then(() => open.delete(one));
      for (const token of [gateway.token, tokenOf(0)]) {
        const { data, errors } = await gateway.ask(good, {}, { token });
        expect(errors).toBeUndefined();
        expect(data.jobSession).toEqual({ status: expect.any(String), job: { name: 'test_job' } });
      }
      expect(open.size).toBe(count); // it did not have to wait for one of them
      gateway.app.cancelAll();
      const answers = await Promise.all(asked);
      expect(new Set(answers.flatMap(({ errors }) => codes(errors)))).toEqual(new Set(['CANCELLED']));
      expect(answers.every(({ errors }) => errors !== undefined)).toBe(true);
    });
  });

  test('what is more than may wait is refused at once: OVERLOADED, 503, with a time to come back', async () => {
    const limits = { maxInFlight: 8, maxWaiting: 4, timeoutMs: 2000, operationTimeoutMs: 2500 };
    await withGateway(limits, async (gateway) => {
      for (let index = 0; index < 20; index += 1) {
        gateway.simulator.tokens.issue({ accessToken: `token-${index}` });
        await gateway.ask(good, {}, { token: `token-${index}` }); // so that the server has accepted it
      }
      gateway.simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
      const query = '{ jobs(filter: { type: BACKUP }) { nodes { id } } }';
      const asked = Array.from({ length: 20 }, (_, index) => gateway.ask(query, {}, { token: `token-${index}` }));
      const answers = await Promise.all(asked);
      const refused = answers.filter(({ status }) => status === 503);
      expect(refused).toHaveLength(8);
      for (const { errors, headers } of refused) {
        expect(errors).toMatchObject([{ extensions: { code: 'OVERLOADED', retryAfterSeconds: 1 } }]);
        expect(headers.get('retry-after')).toBe('1');
      }
      // The four that waited were let in when the first had timed out, and then had half a second.
      expect(answers.filter(({ errors }) => codes(errors)[0] === 'UPSTREAM_TIMEOUT')).toHaveLength(12);
      expect(Math.max(...gateway.simulator.requests.map(({ inFlight }) => inFlight))).toBeLessThanOrEqual(8);
      expect((await gateway.ask(good)).errors).toBeUndefined();
    });
  });

  test('part of an answer is an answer: what is refused of it is so in its own place', async () => {
    await withGateway({ maxInFlight: 8, maxWaiting: 0, timeoutMs: 1000, operationTimeoutMs: 1500 }, async (gateway) => {
      gateway.simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
      const { status, data, errors } = await gateway.ask(
        `{ jobSession(id: "${SESSION}") { id } jobs(filter: { type: BACKUP }) { nodes { id } } }`,
      );
      expect(status).toBe(200);
      expect(data).toEqual({ jobSession: { id: SESSION }, jobs: null });
      expect(codes(errors)).toEqual(['UPSTREAM_TIMEOUT']);
    });
  });
});

test('a caller that goes away takes its requests with it', async () => {
  await withGateway({}, async (gateway) => {
    const { simulator } = gateway;
    await gateway.ask('{ backupServer { apiVersion } }');
    simulator.misbehave(({ path }) => path === 'Jobs', { hang: true });
    const body = JSON.stringify({ query: '{ jobs(filter: { type: BACKUP }) { nodes { id } } }' });
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const hanging = () => simulator.requests.find(({ path }) => path === 'Jobs');
    while (!hanging()) await wait(10);
    socket.destroy();
    // The next request sees it gone: nothing else is in flight when it comes.
    let inFlight: number;
    do {
      await wait(10);
      await gateway.ask('{ backupServer { productVersion } }');
      inFlight = simulator.requests.at(-1)?.inFlight ?? 2;
    } while (inFlight > 1);
    expect(gateway.logLines.filter(({ code }) => code === 'CANCELLED')).toMatchObject([{ level: 30 }]);
  });
});

describe('a server that is gone', () => {
  const limits = { timeoutMs: 1000, operationTimeoutMs: 3000 };
  const query = '{ jobs(filter: { type: BACKUP }) { nodes { id } } }';

  test('is not waited for by each anew, and is found when it is back', async () => {
    await withGateway(limits, async (gateway) => {
      const { simulator, ask } = gateway;
      await ask(query);
      const back = simulator.misbehave(() => true, { hang: true });
      await Promise.all(Array.from({ length: 12 }, () => ask(query)));
      const { errors } = await ask(query);
      expect(codes(errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
      // The log tells it once a sign of life was asked for, and none came; or the test's own limit ends it.
      while (!gateway.logLines.some(({ level, msg }) => level === 40 && String(msg).includes('does not answer')))
        await wait(50);
      // Whoever asks meanwhile is refused by the gateway: at most a sign of life is asked for.
      simulator.forgetRequests();
      for (let index = 0; index < 50; index += 1)
        expect(codes((await ask(query)).errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
      expect(simulator.requests.every(({ headers }) => headers['authorization'] === undefined)).toBe(true);
      back();
      while ((await ask(query)).errors) await wait(50); // or the test's own limit ends it
      expect(gateway.logLines).toContainEqual(expect.objectContaining({ msg: 'the backup server answers again' }));
    });
  });

  test('is told apart from a path that is: others are answered all the while', async () => {
    await withGateway(limits, async ({ simulator, ask, logLines }) => {
      simulator.misbehave(({ path }) => path === 'Jobs', { reset: true });
      for (let index = 0; index < 8; index += 1) {
        const { data, errors } = await ask(`{ jobs { nodes { id } } jobSession(id: "${SESSION}") { id } }`);
        expect(codes(errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
        expect(data.jobSession).toEqual({ id: SESSION });
      }
      await Promise.all(Array.from({ length: 20 }, () => ask(query)));
      expect((await ask(`{ jobSession(id: "${SESSION}") { id } }`)).data).toEqual({ jobSession: { id: SESSION } });
      expect(logLines.filter(({ msg }) => String(msg).includes('does not answer'))).toEqual([]);
    });
  });
});
