import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { createSharing } from '../src/upstream/sharing.js';
import { startGateway, TEST_NOW_MS, withGateway, type Asked, type Gateway } from './helpers/gateway.js';

/**
 * What operations of one token share. The authority rule: each asks the server with its own token before anything that was
 * kept is served to it, and what was kept serves only relations below that first answer.
 */

const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const paths = ({ upstream }: Asked): string[] => upstream.map(({ path }) => path.replace(/[0-9a-f-]{36}/, '{id}'));
const codesOf = ({ errors }: Asked): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

const ONE = `query One($id: ID!) { jobSession(id: $id) { status job { name } } }`;
const FIFTY = 'query Fifty { jobSessions(first: 50, filter: { type: BACKUP }) { nodes { id job { name } } } }';
const TWENTY =
  'query Twenty { jobSessions(first: 20, filter: { type: BACKUP }) { nodes { id status job { name } log(first: 20) { nodes { message } } } } }';

describe('seen again, by the same token', () => {
  let gateway: Gateway;
  let again: (query: string, variables?: Record<string, unknown>) => Promise<[Asked, Asked]>;
  beforeAll(async () => {
    gateway = await startGateway();
    again = async (query, variables) => {
      const { accessToken: token } = gateway.simulator.tokens.issue();
      const first = await gateway.ask(query, variables, { token });
      return [first, await gateway.ask(query, variables, { token })];
    };
  });
  afterAll(() => gateway.close());

  test('a session with its job is two requests, then one', async () => {
    const [first, second] = await again(ONE, { id: SESSION });
    expect(paths(first)).toEqual(['JobSessions/{id}', 'Jobs/{id}']);
    expect(paths(second)).toEqual(['JobSessions/{id}']);
    expect(second.data).toEqual(first.data);
    expect(second.data.jobSession.job.name).toBe('test_job');
  });

  test('50 sessions with their jobs are two, then one', async () => {
    const [first, second] = await again(FIFTY);
    expect(paths(first)).toEqual(['JobSessions', 'Jobs']);
    expect(paths(second)).toEqual(['JobSessions']);
    expect(second.data).toEqual(first.data);
    expect(second.data.jobSessions.nodes).toHaveLength(50);
  });

  test('20 sessions with job and log are 22, then one and the log of each that still runs', async () => {
    const [first, second] = await again(TWENTY);
    const { nodes } = first.data.jobSessions as { nodes: { id: string; status: string }[] };
    const running = nodes.filter(({ status }) => status === 'RUNNING');
    expect([nodes.length, running.length]).toEqual([20, 1]);
    expect(first.upstream).toHaveLength(22);
    expect(second.upstream.map(({ path }) => path)).toEqual([
      'JobSessions',
      ...running.map(({ id }) => `JobSessions/${id}/LogItems`),
    ]);
    expect(second.data).toEqual(first.data);
  });

  test('objects of a session that has ended are two requests, then one', async () => {
    const objects = `query ($id: ID!) { jobSession(id: $id) { processedObjects { nodes { objectId type status } } } }`;
    const [first, second] = await again(objects, { id: SESSION });
    expect(paths(first)).toEqual(['JobSessions/{id}', 'JobSessions/{id}/ProcessedObjects']);
    expect(paths(second)).toEqual(['JobSessions/{id}']);
    expect(second.text).toBe(first.text);
    expect(second.data.jobSession.processedObjects.nodes.length).toBeGreaterThan(0);
  });

  test('repository, proxy and organization of a job are shared, in the view that was asked for', async () => {
    const plain = `query ($id: ID!) { jobSession(id: $id) { job { repository { proxy { hostName } } organization { name } } } }`;
    const [first, second] = await again(plain, { id: SESSION });
    expect(first.upstream).toHaveLength(5);
    expect(paths(second)).toEqual(['JobSessions/{id}']);
    expect(second.data).toEqual(first.data);
    const { accessToken: token } = gateway.simulator.tokens.issue();
    await gateway.ask(plain, { id: SESSION }, { token });
    const extended = `query ($id: ID!) { jobSession(id: $id) { job { organization { name isBackedUp } } } }`;
    expect(paths(await gateway.ask(extended, { id: SESSION }, { token }))).toEqual([
      'JobSessions/{id}',
      'Organizations/{id}',
    ]);
  });

  test.each([
    ['a session', 'query ($session: ID!) { jobSession(id: $session) { status } }'],
    ['a job', 'query ($job: ID!) { job(id: $job) { name } }'],
    ['jobs', 'query { jobs { nodes { name } } }'],
    ['sessions', 'query { jobSessions { nodes { id } } }'],
    ['a list of organizations', 'query { organizations { nodes { name } } }'],
    ['the server', 'query { backupServer { productVersion } }'],
    [
      'a reference',
      'query ($references: [_Any!]!) { _entities(representations: $references) { ... on Job { name } } }',
    ],
    ['sessions of a job', 'query ($job: ID!) { job(id: $job) { sessions(first: 2) { nodes { id } } } }'],
    ['the latest session of a job', 'query ($job: ID!) { job(id: $job) { latestSession { id } } }'],
  ])('what is asked for first, or is a list, is asked for each time: %s', async (_, query) => {
    const { accessToken: token } = gateway.simulator.tokens.issue();
    const about = { session: SESSION, job: JOB, references: [{ __typename: 'Job', id: JOB }] };
    // All that could be kept is, and a third time finds the document compiled.
    await gateway.ask(ONE, { id: SESSION }, { token });
    const counts = [];
    for (let time = 0; time < 3; time += 1) counts.push((await gateway.ask(query, about, { token })).upstream.length);
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts).toEqual([counts[0], counts[0], counts[0]]);
  });

  test('a job that is not there is asked for each time', async () => {
    await withGateway({}, async ({ ask, simulator, token }) => {
      simulator.misbehave(({ path }) => path.startsWith('Jobs/'), { status: 404, body: { message: 'gone' } });
      const first = await ask(ONE, { id: SESSION }, { token });
      expect(first.data.jobSession.job).toBeNull();
      expect(paths(await ask(ONE, { id: SESSION }, { token }))).toEqual(paths(first));
    });
  });

  test('what came with an error is not kept', async () => {
    await withGateway({}, async ({ ask, simulator, token }) => {
      const broken = { id: '00b96531-1a68-4c90-a398-91141ffedb3b', name: 7, description: 'd' };
      const undo = simulator.misbehave(({ path }) => path.startsWith('Jobs/'), { body: broken });
      expect(codesOf(await ask(ONE, { id: SESSION }, { token }))).toEqual(['UPSTREAM_BAD_RESPONSE']);
      undo();
      const second = await ask(ONE, { id: SESSION }, { token });
      expect(codesOf(second)).toEqual([]);
      expect(second.data.jobSession.job.name).toBe('test_job');
    });
  });
});

describe('with one setting off', () => {
  test('each operation asks for all of it', async () => {
    await withGateway({ sharing: { isOn: false } }, async ({ ask, token, server }) => {
      const first = await ask(TWENTY, {}, { token });
      const second = await ask(TWENTY, {}, { token });
      expect([first.upstream.length, second.upstream.length]).toEqual([22, 22]);
      expect(server.figures().sharing).toEqual({ tokens: 0, entries: 0, bytes: 0 });
    });
  });
});

describe('the authority rule', () => {
  test('a revoked token is told nothing, and what was kept for it is gone at once', async () => {
    await withGateway({}, async ({ ask, simulator, token, server }) => {
      await ask(TWENTY, {}, { token });
      expect(server.figures().sharing.entries).toBeGreaterThan(20);
      simulator.tokens.revoke(token);
      const refused = await ask(TWENTY, {}, { token });
      expect(refused.data).toEqual({ jobSessions: null });
      expect(codesOf(refused)).toEqual(['UNAUTHENTICATED']);
      expect(server.figures().sharing).toEqual({ tokens: 0, entries: 0, bytes: 0 });
      simulator.tokens.issue({ accessToken: token });
      expect((await ask(TWENTY, {}, { token })).upstream).toHaveLength(22);
    });
  });

  test('a token that is refused halfway is told nothing that was kept from then on', async () => {
    await withGateway({}, async ({ ask, simulator, token, server }) => {
      await ask(ONE, { id: SESSION }, { token });
      simulator.misbehave(({ path }) => path === 'Proxies', { status: 403 });
      expect(codesOf(await ask('{ proxies { nodes { id } } }', {}, { token }))).toEqual(['FORBIDDEN']);
      expect(server.figures().sharing).toEqual({ tokens: 0, entries: 0, bytes: 0 });
      expect((await ask(ONE, { id: SESSION }, { token })).upstream).toHaveLength(2);
    });
  });

  test('of two tokens with different rights each is told what it may see, in any order', async () => {
    await withGateway({}, async ({ ask, simulator }) => {
      const { accessToken: all } = simulator.tokens.issue();
      const { accessToken: less } = simulator.tokens.issue();
      simulator.misbehave(
        ({ path, headers }) =>
          headers['authorization'] === `Bearer ${less}` && (path.startsWith('Jobs') || path.endsWith('/LogItems')),
        { status: 403 },
      );
      for (const token of [all, less, all, less, less, all]) {
        const { data, errors, text } = await ask(TWENTY, {}, { token });
        if (token === all) {
          expect(errors).toBeUndefined();
          expect(data.jobSessions.nodes[0].job.name).toEqual(expect.any(String));
        } else {
          expect(new Set((errors ?? []).map(({ extensions }) => extensions.code))).toEqual(new Set(['FORBIDDEN']));
          expect(data.jobSessions.nodes).toHaveLength(20);
          expect(text).not.toMatch(/"name":|"message":"(?!The backup server)/);
        }
      }
    });
  });

  test('nothing is recalled, and nothing kept, before the server has answered the operation itself', () => {
    const sharing = createSharing({ isOn: true, maxAgeMs: 60_000, maxBytes: 1_000_000 });
    const first = sharing.join('token');
    first.keep('early', { a: 1 }, 'brief');
    first.authorize();
    first.keep('job', { a: 1 }, 'brief');
    const second = sharing.join('token');
    expect(second.recall('job')).toBeUndefined();
    second.authorize();
    expect(second.recall('job')).toEqual({ a: 1 });
    expect(second.recall('early')).toBeUndefined();
    const other = sharing.join('another token');
    other.authorize();
    expect(other.recall('job')).toBeUndefined();
  });

  test('an operation that was under way when its token was refused finds nothing, and keeps nothing', () => {
    const sharing = createSharing({ isOn: true, maxAgeMs: 60_000, maxBytes: 1_000_000 });
    const [refused, late] = [sharing.join('token'), sharing.join('token')];
    for (const share of [refused, late]) share.authorize();
    late.keep('job', { a: 1 }, 'brief');
    refused.drop();
    expect(late.recall('job')).toBeUndefined();
    late.keep('job', { a: 1 }, 'brief');
    late.authorize();
    const next = sharing.join('token');
    next.authorize();
    expect(next.recall('job')).toBeUndefined();
    next.keep('job', { a: 2 }, 'brief');
    expect(next.recall('job')).toEqual({ a: 2 });
    expect(late.recall('job')).toBeUndefined();
    refused.drop(); // of what came after it, nothing goes
    expect(next.recall('job')).toEqual({ a: 2 });
    for (const share of [refused, late, next]) share.leave();
    expect(sharing.size()).toMatchObject({ tokens: 1, entries: 1 });
  });
});

describe('what changes', () => {
  test('a job is asked for again after the seconds that are set', async () => {
    await withGateway({ sharing: { maxAgeMs: 300 } }, async ({ ask, token }) => {
      await ask(ONE, { id: SESSION }, { token });
      let asked = await ask(ONE, { id: SESSION }, { token });
      while (asked.upstream.length === 1) {
        await wait(50); // or the test's own limit ends it
        asked = await ask(ONE, { id: SESSION }, { token });
      }
      expect(paths(asked)).toEqual(['JobSessions/{id}', 'Jobs/{id}']);
    });
  });

  test('the log of a running session is asked for each time, and in full once it has ended', async () => {
    let nowMs = TEST_NOW_MS;
    await withGateway({ simulator: { nowMs: () => nowMs } }, async ({ ask, simulator, token }) => {
      const running = simulator.history.insert('00b96531-1a68-4c90-a398-91141ffedb3b', 600);
      nowMs += 60_000;
      const query =
        'query ($id: ID!) { jobSession(id: $id) { status endTime log(first: 100) { nodes { message } pageInfo { hasNextPage } } } }';
      const see = async (): Promise<Asked> => ask(query, { id: running.id }, { token });
      const [first, second] = [await see(), await see()];
      expect(second.data.jobSession.status).toBe('RUNNING');
      expect(paths(second)).toEqual(['JobSessions/{id}', 'JobSessions/{id}/LogItems']);
      nowMs += 240_000;
      simulator.history.finish(running.id);
      const ended = await see();
      expect(ended.data.jobSession.endTime).not.toBeNull();
      expect(ended.data.jobSession.log.nodes.length).toBeGreaterThan(first.data.jobSession.log.nodes.length);
      expect(paths(await see())).toEqual(['JobSessions/{id}']);
    });
  });
});

describe('room', () => {
  test('what was used least recently goes first, and the bound holds', () => {
    const maxBytes = 40_000;
    const sharing = createSharing({ isOn: true, maxAgeMs: 60_000, maxBytes });
    const share = sharing.join('token');
    share.authorize();
    for (let index = 0; index < 100; index += 1) {
      share.keep(`job ${index}`, { text: 'x'.repeat(1000) }, 'unchanging');
      share.recall('job 0');
      expect(sharing.size().bytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(share.recall('job 0')).toBeDefined();
    expect(share.recall('job 1')).toBeUndefined();
    expect(share.recall('job 99')).toBeDefined();
    share.keep('too long', { text: 'x'.repeat(maxBytes) }, 'unchanging');
    expect(share.recall('too long')).toBeUndefined();
  });

  test('tokens of which nothing is kept are forgotten', () => {
    const sharing = createSharing({ isOn: true, maxAgeMs: 1, maxBytes: 40_000 });
    for (let index = 0; index < 1000; index += 1) {
      const share = sharing.join(`token ${index}`);
      share.authorize();
      share.keep('job', { text: 'x'.repeat(500) }, 'unchanging');
      share.leave();
    }
    expect(sharing.size().tokens).toBe(sharing.size().entries);
    expect(sharing.size().tokens).toBeLessThan(40);
  });
});

describe('in flight at the same moment', () => {
  const hanging = (gateway: Gateway, path: string): number =>
    gateway.simulator.requests.filter((request) => request.path === path && request.status === null).length;

  test('identical requests of one token are one, those of others their own', async () => {
    await withGateway({}, async (gateway) => {
      await gateway.ask('{ backupServer { apiVersion } }');
      gateway.simulator.misbehave(({ path }) => path === 'Jobs' || path === 'CopyJobs', { delayMs: 300 });
      const tokens = ['one', 'one', 'one', 'two', 'two', 'three'];
      tokens.forEach((accessToken) => gateway.simulator.tokens.issue({ accessToken }));
      gateway.simulator.forgetRequests();
      const answers = await Promise.all(
        tokens.map(async (token) => {
          const response = await fetch(`${gateway.url}/graphql`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
            body: JSON.stringify({ query: '{ jobs { nodes { name } } }' }),
          });
          return response.json() as Promise<{ data: { jobs: { nodes: unknown[] } } }>;
        }),
      );
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      expect(answers[0]?.data.jobs.nodes.length).toBeGreaterThan(0);
      const seen = gateway.simulator.requests.map(({ headers, path }) => `${String(headers['authorization'])} ${path}`);
      expect(seen.sort()).toEqual(
        ['one', 'three', 'two'].flatMap((token) => [`Bearer ${token} CopyJobs`, `Bearer ${token} Jobs`]),
      );
    });
  });

  test('a caller that goes away does not take the others with it', async () => {
    await withGateway({}, async (gateway) => {
      const { simulator, token } = gateway;
      await gateway.ask('{ backupServer { apiVersion } }');
      const undo = simulator.misbehave(({ path }) => path === 'Proxies', { hang: true });
      const leave = new AbortController();
      const leaving = fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        signal: leave.signal,
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: '{ proxies { nodes { hostName } } }' }),
      });
      while (hanging(gateway, 'Proxies') === 0) await wait(10);
      const staying = gateway.ask('{ proxies { nodes { hostName } } }', {}, { token });
      await wait(100);
      undo();
      leave.abort();
      await expect(leaving).rejects.toThrow();
      const { data, errors } = await staying;
      expect(errors).toBeUndefined();
      expect(data.proxies.nodes.length).toBeGreaterThan(0);
    });
  });

  test('a refusal refuses all who wait for it', async () => {
    await withGateway({}, async (gateway) => {
      await gateway.ask('{ backupServer { apiVersion } }');
      gateway.simulator.misbehave(({ path }) => path === 'Proxies', { delayMs: 200, status: 401 });
      const asked = Array.from({ length: 5 }, () =>
        gateway.ask('{ proxies { nodes { id } } }', {}, { token: gateway.token }),
      );
      for (const answer of await Promise.all(asked)) expect(codesOf(answer)).toEqual(['UNAUTHENTICATED']);
    });
  });
});
