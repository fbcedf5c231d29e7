import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, type Gateway } from './helpers/gateway.js';
import { readFixture } from './helpers/fixture.js';
import { startSupergraph, type Answer, type Supergraph, type Ticket } from './helpers/supergraph.js';

/** The real gateways of others, in front of this one and a second subgraph that knows sessions and jobs by id alone. */

const OLD_SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const UNKNOWN = '00000000-aaaa-4aaa-8aaa-000000000000';
const MANY = 50;

const openedAt = '2026-11-20T08:00:00Z';
const jobIds = Array.from(
  { length: MANY },
  (_, index) => `${String(index).padStart(8, '0')}-bbbb-4bbb-8bbb-000000000000`,
);

/** A server with as many backup jobs as are asked for. */
function manyJobs(): unknown {
  const job = JSON.parse(readFixture('v8/job')) as object;
  return { offset: 0, limit: 1000, results: jobIds.map((id) => ({ ...job, id, name: `job ${id.slice(0, 8)}` })) };
}

let gateway: Gateway;
let supergraph: Supergraph;
let newest: { id: string; name: string; jobId: string }[];
let undo: (() => void) | undefined;

beforeAll(async () => {
  gateway = await startGateway();
  newest = gateway.simulator.history
    .sessions()
    .slice(0, 200)
    .filter(({ job }) => job.kind === 'Backup')
    .slice(0, MANY)
    .map(({ id, job }) => ({ id, name: job.name, jobId: job.id }));
  const about = (id: string, rest: Partial<Ticket>): Ticket => ({ id, title: `about ${id}`, openedAt, ...rest });
  supergraph = await startSupergraph(gateway, {
    owners: Object.fromEntries(newest.map(({ jobId, name }) => [jobId, `owner of ${name}`])),
    tickets: [
      ...newest.map(({ id }, index) => about(`S-${index}`, { sessionId: id })),
      ...jobIds.map((id, index) => about(`J-${index}`, { jobId: id })),
      about('O-0', { sessionId: newest[0]?.id ?? '' }),
      about('O-1', { sessionId: UNKNOWN }),
      about('O-2', { sessionId: OLD_SESSION }),
      about('O-3', { sessionId: newest[1]?.id ?? '', jobId: UNKNOWN }),
    ],
  });
}, 120_000);
afterEach(() => {
  undo?.();
  undo = undefined;
});
afterAll(async () => {
  supergraph.close();
  await gateway.close();
});

const freshToken = (): string => gateway.simulator.tokens.issue().accessToken;
const upstream = (): string[] =>
  gateway.simulator.requests
    .filter(({ headers }) => headers['authorization'] !== undefined)
    .map(({ path }) => path.replace(/[0-9a-f-]{36}/, '{id}'))
    .sort();

describe.each(['@apollo/gateway', '@graphql-hive/gateway'])('%s', (name) => {
  async function ask(query: string, variables = {}, token: string | null = freshToken()): Promise<Answer> {
    gateway.simulator.forgetRequests();
    const through = supergraph.gateways[name];
    if (!through) throw new Error(`no ${name} was started`);
    return through(query, variables, token);
  }

  /** Tickets after one, each with what is asked of it. */
  const ticketsAfter = async (after: string | null, fields: string, token?: string | null) => {
    const query = `query ($after: ID) { tickets(first: ${MANY}, after: $after) { nodes { id ${fields} } } }`;
    return ask(query, { after }, token);
  };

  test('joins the tickets to sessions and jobs', async () => {
    const { data, errors } = await ask(
      '{ jobSessions(first: 3, filter: { type: BACKUP }) { nodes { id status tickets { title } job { name owner } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.jobSessions.nodes).toEqual(
      newest.slice(0, 3).map(({ id, name: job }, index) => ({
        id,
        status: expect.stringMatching(/^[A-Z]+$/),
        tickets: expect.arrayContaining([{ title: `about S-${index}` }]),
        job: { name: job, owner: `owner of ${job}` },
      })),
    );
  });

  test('joins 50 of the newest sessions, with their jobs, to their tickets in two requests', async () => {
    const { data, errors } = await ticketsAfter(null, 'session { id status job { name owner } }');
    expect(errors).toBeUndefined();
    expect(data.tickets.nodes).toEqual(
      newest.map(({ id, name: job }, index) => ({
        id: `S-${index}`,
        session: { id, status: expect.stringMatching(/^[A-Z]+$/), job: { name: job, owner: `owner of ${job}` } },
      })),
    );
    expect(upstream()).toEqual(['JobSessions', 'Jobs']);
    await ticketsAfter(null, 'session { status statistics { bottleneck } }');
    expect(upstream()).toEqual(['JobSessions']);
  });

  test('joins 50 jobs to their tickets in one request', async () => {
    undo = gateway.simulator.misbehave(({ path }) => path === 'Jobs', { body: manyJobs() });
    const { data, errors } = await ticketsAfter(`S-${MANY - 1}`, 'job { id name isEnabled tickets { id } }');
    expect(errors).toBeUndefined();
    expect(data.tickets.nodes).toEqual(
      jobIds.map((id, index) => ({
        id: `J-${index}`,
        job: { id, name: `job ${id.slice(0, 8)}`, isEnabled: true, tickets: [{ id: `J-${index}` }] },
      })),
    );
    expect(upstream()).toEqual(['Jobs']);
  });

  test('gives nulls for what the server does not know, in its place and without an error', async () => {
    const { data, errors } = await ticketsAfter(`J-${MANY - 1}`, 'session { id status } job { name owner }');
    expect(errors).toBeUndefined();
    expect(data.tickets.nodes.map(({ session }: { session: unknown }) => session)).toEqual([
      { id: newest[0]?.id, status: expect.any(String) },
      { id: UNKNOWN, status: null },
      { id: OLD_SESSION, status: 'SUCCESS' },
      { id: newest[1]?.id, status: expect.any(String) },
    ]);
    expect(data.tickets.nodes[3].job).toEqual({ name: null, owner: null });
    // Two sessions are not among the newest; a job that is not there could be a copy job.
    expect(upstream()).toEqual(['CopyJobs/{id}', 'JobSessions', 'JobSessions/{id}', 'JobSessions/{id}', 'Jobs/{id}']);
    const root = await ask('query ($id: ID!) { jobSession(id: $id) { status tickets { id } } }', { id: UNKNOWN });
    expect(root).toMatchObject({ data: { jobSession: null } });
    expect(root.errors).toBeUndefined();
  });

  test('tells of one session that fails, and answers the others', async () => {
    undo = gateway.simulator.misbehave(({ path }) => path === `JobSessions/${OLD_SESSION}`, { status: 500, body: {} });
    const { data, errors = [] } = await ticketsAfter(`J-${MANY - 1}`, 'session { id status }');
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['UPSTREAM_ERROR']));
    for (const { path } of errors) expect(path?.slice(0, 4)).toEqual(['tickets', 'nodes', 2, 'session']);
    expect(data.tickets.nodes.map(({ session }: { session: unknown }) => session)).toEqual([
      { id: newest[0]?.id, status: expect.any(String) },
      { id: UNKNOWN, status: null },
      { id: OLD_SESSION, status: null },
      { id: newest[1]?.id, status: expect.any(String) },
    ]);
  });

  test.each([
    ['without a token', () => null],
    ['with a token that the server does not take', () => 'nobody'],
  ])('%s it says UNAUTHENTICATED, and answers what needs none', async (_, token) => {
    const { data, errors = [] } = await ask(
      '{ jobSessions(first: 1) { nodes { id } } tickets(first: 2) { nodes { title session { id status } } } }',
      {},
      token(),
    );
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['UNAUTHENTICATED']));
    expect(errors.map(({ path }) => path?.[0])).toEqual(expect.arrayContaining(['jobSessions', 'tickets']));
    expect(data).toEqual({
      jobSessions: null,
      tickets: {
        nodes: [0, 1].map((index) => ({ title: `about S-${index}`, session: { id: newest[index]?.id, status: null } })),
      },
    });
  });

  test('callers who ask the same at once get what their own token is allowed', async () => {
    const tokens = [freshToken(), 'nobody', freshToken(), null];
    const answers = await Promise.all(tokens.map((token) => ticketsAfter(null, 'session { status }', token)));
    const isTold = answers.map(({ data }) => data.tickets.nodes[0].session.status !== null);
    expect(isTold).toEqual([true, false, true, false]);
  });

  test('keeps the token from the other subgraph', async () => {
    supergraph.tickets.seen.length = 0;
    const token = freshToken();
    await ask(
      '{ jobSessions(first: 3) { nodes { tickets { title } } } tickets { nodes { session { status } } } }',
      {},
      token,
    );
    const seen = supergraph.tickets.seen;
    expect(seen.length).toBeGreaterThanOrEqual(2);
    expect(seen.map(({ authorization }) => authorization)).toEqual(seen.map(() => undefined));
    expect(JSON.stringify(seen)).not.toContain(token);
  });
});
