import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { SeenRequest } from '../src/simulator/index.js';
import { startGateway, type Gateway } from './helpers/gateway.js';

/** Each request that the server is spared is speed that people feel: counted from the server's own log. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const paths = (upstream: SeenRequest[]): string[] => upstream.map(({ path }) => path.replace(/[0-9a-f-]{36}/, '{id}'));

let gateway: Gateway;
let undo: (() => void) | undefined;
beforeAll(async () => {
  gateway = await startGateway();
});
afterEach(() => {
  undo?.();
  undo = undefined;
});
afterAll(() => gateway.close());

test('a session with statistics and its job is two', async () => {
  const { upstream } = await gateway.ask(
    `{ jobSession(id: "${SESSION}") { id statistics { bottleneck } job { name } } }`,
  );
  expect(paths(upstream)).toEqual(['JobSessions/{id}', 'Jobs/{id}']);
});

test("the job's id alone costs nothing, spelled or spread", async () => {
  const query = `
    { jobSession(id: "${SESSION}") { statistics { bottleneck } job { id ...Id ... on Job { __typename } } } }
    fragment Id on Job { again: id }
  `;
  const { upstream, data } = await gateway.ask(query);
  expect(paths(upstream)).toEqual(['JobSessions/{id}']);
  expect(data.jobSession.job).toEqual({
    id: '00b96531-1a68-4c90-a398-91141ffedb3b',
    again: '00b96531-1a68-4c90-a398-91141ffedb3b',
    __typename: 'Job',
  });
});

test('a field that is skipped is not asked for', async () => {
  const job = await gateway.ask(
    `query ($no: Boolean = false) { jobSession(id: "${SESSION}") { job { id name @skip(if: true) ... @include(if: $no) { description } } } }`,
  );
  expect(job.data.jobSession.job).toEqual({ id: '00b96531-1a68-4c90-a398-91141ffedb3b' });
  expect(paths(job.upstream)).toEqual(['JobSessions/{id}']);
  const organizations = await gateway.ask(
    'query ($no: Boolean = false) { organizations { nodes { name isBackedUp @include(if: $no) } } }',
  );
  expect(organizations.upstream.map(({ query }) => query['extendedView'])).toEqual([undefined]);
});

test('one session under three aliases is one', async () => {
  const { upstream } = await gateway.ask(
    `{ a: jobSession(id: "${SESSION}") { id } b: jobSession(id: "${SESSION.toUpperCase()}") { id } c: jobSession(id: "${SESSION}") { status } }`,
  );
  expect(paths(upstream)).toEqual(['JobSessions/{id}']);
});

test('identical lists in one operation are one', async () => {
  const { upstream } = await gateway.ask(
    '{ a: jobSessions(first: 5) { nodes { id } } b: jobSessions(first: 5) { nodes { status } } c: jobs { nodes { id } } d: jobs { nodes { name } } }',
  );
  expect(paths(upstream).sort()).toEqual(['CopyJobs', 'JobSessions', 'Jobs']);
});

describe('50 sessions', () => {
  const backups = 'filter: { type: BACKUP }';
  test('with their jobs are two', async () => {
    const { upstream, data } = await gateway.ask(
      `{ jobSessions(first: 50, ${backups}) { nodes { id job { name isEnabled lastStatus } } } }`,
    );
    expect(paths(upstream)).toEqual(['JobSessions', 'Jobs']);
    expect(data.jobSessions.nodes).toHaveLength(50);
    expect(
      data.jobSessions.nodes.every(({ job }: { job: { name: string } | null }) => job !== null && job.name.length > 0),
    ).toBe(true);
  });

  test('with copy sessions among them are one more', async () => {
    const { upstream } = await gateway.ask(
      '{ jobSessions(first: 50) { nodes { id job { name isEnabled lastStatus } } } }',
    );
    expect(paths(upstream).sort()).toEqual(['CopyJobs', 'JobSessions', 'Jobs']);
  });

  test('with organization and repository of their jobs are four, and five', async () => {
    const fields = 'nodes { id job { organization { name } repository { name } } }';
    const four = await gateway.ask(`{ jobSessions(first: 50, ${backups}) { ${fields} } }`);
    expect(paths(four.upstream).sort()).toEqual(['BackupRepositories', 'JobSessions', 'Jobs', 'Organizations']);
    const five = await gateway.ask(`{ jobSessions(first: 50) { ${fields} } }`);
    expect(paths(five.upstream).sort()).toEqual([
      'BackupRepositories',
      'CopyJobs',
      'JobSessions',
      'Jobs',
      'Organizations',
    ]);
  });
});

test('20 sessions with their logs are 21, with never more than 16 in flight', async () => {
  undo = gateway.simulator.misbehave(({ path }) => path.endsWith('/LogItems'), { delayMs: 250 });
  const { upstream, data } = await gateway.ask('{ jobSessions(first: 20) { nodes { log { nodes { message } } } } }');
  expect(upstream).toHaveLength(21);
  expect(Math.max(...upstream.map(({ inFlight }) => inFlight))).toBe(16);
  expect(data.jobSessions.nodes.every(({ log }: { log: { nodes: unknown[] } }) => log.nodes.length > 0)).toBe(true);
});

test('all 12 jobs with their latest session are three', async () => {
  const { upstream, data } = await gateway.ask('{ jobs { nodes { name latestSession { status } } } }');
  expect(paths(upstream).sort()).toEqual(['CopyJobs', 'JobSessions', 'Jobs']);
  expect(data.jobs.nodes).toHaveLength(12);
  expect(data.jobs.nodes.every(({ latestSession }: { latestSession: unknown }) => latestSession !== null)).toBe(true);
});

test('a job that has not run among the newest sessions is asked about once more, and one that never ran is null', async () => {
  const { history } = gateway.simulator;
  const [job] = history.sessions().filter(({ job: { name } }) => name === 'test_job');
  const theirs = history.sessions().filter((session) => session.job === job?.job && session.id !== SESSION);
  for (const { id } of theirs) history.remove(id);
  const query = `{ job(id: "${job?.job.id ?? ''}") { latestSession { id } } }`;
  const old = await gateway.ask(query);
  expect(old.data.job.latestSession).toEqual({ id: SESSION });
  expect(paths(old.upstream)).toEqual(['Jobs/{id}', 'JobSessions', 'JobSessions']);
  history.remove(SESSION);
  const never = await gateway.ask(query);
  expect(never.data.job.latestSession).toBeNull();
  expect(never.errors).toBeUndefined();
});

describe('entities', () => {
  const entities =
    'query ($refs: [_Any!]!) { _entities(representations: $refs) { ... on JobSession { id status } ... on Job { id name } ... on Organization { name } ... on Proxy { hostName } ... on BackupRepository { name } } }';

  test('50 sessions of the newest are one, and one that is older one more', async () => {
    const ids = gateway.simulator.history
      .sessions()
      .slice(0, 50)
      .map(({ id }) => id);
    const refs = [...ids, 'a8cf9a63-64c3-4748-9c95-b1fbac0cce1d', '11111111-1111-4111-8111-111111111111'].map((id) => ({
      __typename: 'JobSession',
      id,
    }));
    const { upstream, data, errors } = await gateway.ask(entities, { refs });
    expect(errors).toBeUndefined();
    expect(paths(upstream)).toEqual(['JobSessions', 'JobSessions/{id}', 'JobSessions/{id}']);
    expect(data._entities.map((entity: { id: string } | null) => entity?.id)).toEqual([
      ...ids,
      'a8cf9a63-64c3-4748-9c95-b1fbac0cce1d',
      undefined,
    ]);
  });

  test('two sessions are two, as a page of 200 would be more', async () => {
    const refs = gateway.simulator.history
      .sessions()
      .slice(0, 2)
      .map(({ id }) => ({ __typename: 'JobSession', id }));
    const { upstream } = await gateway.ask(entities, { refs });
    expect(paths(upstream)).toEqual(['JobSessions/{id}', 'JobSessions/{id}']);
  });

  test('all backup jobs are one; a bad id fails in its own place', async () => {
    const jobIds = [
      ...new Set(
        gateway.simulator.history
          .sessions()
          .filter(({ job }) => job.kind === 'Backup')
          .map(({ job }) => job.id),
      ),
    ];
    const refs = [...jobIds, '../Organizations'].map((id) => ({ __typename: 'Job', id }));
    const { upstream, data, errors } = await gateway.ask(entities, { refs });
    expect(paths(upstream)).toEqual(['Jobs']);
    expect(data._entities.filter(Boolean)).toHaveLength(jobIds.length);
    expect(errors).toMatchObject([{ path: ['_entities', jobIds.length], extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  test('what is no entity, or no id, fails in its own place', async () => {
    const id = 'a8cf9a63-64c3-4748-9c95-b1fbac0cce1d';
    const session = { __typename: 'JobSession', id };
    const strange = [
      { __typename: 'Nope', id: SESSION },
      { __typename: 'Statistics', id: SESSION },
      { id: SESSION },
      'x',
      5,
      { __typename: 'Job' },
      { __typename: 'Job', id: [SESSION] },
      { __typename: 'Job', id: { toString: 1 } },
      { __typename: 'Job', id: 'x' },
    ];
    gateway.logLines.length = 0;
    const { data, errors, upstream } = await gateway.ask(entities, { refs: [session, ...strange, session] });
    expect(data._entities).toEqual([
      expect.objectContaining({ id }),
      ...strange.map(() => null),
      expect.objectContaining({ id }),
    ]);
    expect(errors?.map(({ path, extensions }) => [path?.[1], extensions.code])).toEqual(
      strange.map((_, index) => [index + 1, 'BAD_USER_INPUT']),
    );
    expect(paths(upstream)).toEqual(['JobSessions/{id}']);
    expect(gateway.logLines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  test('one of each other kind is one each', async () => {
    const refs = [
      { __typename: 'Organization', id: '5db60525-e59f-49b9-b49b-407fc9bf2642' },
      { __typename: 'Proxy', id: '46d10221-7974-42d7-bb38-f80e65f95f3d' },
      { __typename: 'BackupRepository', id: '035bcd44-6f68-4335-b6b8-4e22452eb8ff' },
    ];
    const { upstream, data } = await gateway.ask(entities, { refs });
    expect(upstream).toHaveLength(3);
    expect(data._entities).toEqual([
      { name: 'abc.onmicrosoft.com' },
      { hostName: 'support.east.local' },
      { name: 'Reports Daily' },
    ]);
  });
});

test('an id that a list lacks is read by itself', async () => {
  undo = gateway.simulator.misbehave(({ path }) => path === 'Jobs', { body: { offset: 0, limit: 1000, results: [] } });
  const { upstream, data, errors } = await gateway.ask(
    '{ jobSessions(first: 4, filter: { type: BACKUP }) { nodes { job { name } } } }',
  );
  expect(errors).toBeUndefined();
  expect(data.jobSessions.nodes).toHaveLength(4);
  expect(data.jobSessions.nodes.every(({ job }: { job: { name: string } | null }) => job?.name)).toBe(true);
  expect(paths(upstream).slice(0, 2)).toEqual(['JobSessions', 'Jobs']);
  expect(new Set(paths(upstream).slice(2))).toEqual(new Set(['Jobs/{id}']));
});

test('the version is probed for once, without a token, and not counted', async () => {
  await gateway.ask('{ backupServer { apiVersion } }');
  await gateway.ask('{ backupServer { apiVersion } proxies { nodes { id } } }');
  expect(gateway.simulator.requests.filter(({ headers }) => headers['authorization'] === undefined)).toEqual([]);
});
