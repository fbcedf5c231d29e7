import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Data } from '../helpers/gateway.js';
import { startOddServer, type OddServer } from '../helpers/oddServer.js';

/** Copy jobs that cannot be read beside backup jobs that can. */

const BACKUP = '00b96531-1a68-4c90-a398-91141ffedb3b';
const NOBODY = '11111111-1111-4111-8111-111111111111';
const refused = { status: 403, body: { message: 'secret', errorCode: 'ResourceAccessDenied' } };

let server: OddServer;
beforeAll(async () => {
  server = await startOddServer(['v5', 'v6', 'v7', 'v8'], { timeoutMs: 400 });
});
afterAll(() => server.close());

const namesIn = (nodes: readonly ({ name: string } | null)[]): string[] =>
  nodes.flatMap((node) => (node ? [node.name] : []));

async function backupNames(version: string): Promise<string[]> {
  const { data } = await server.ask(version, {}, '{ jobs(filter: { type: BACKUP }) { nodes { name } } }');
  return namesIn(data.jobs.nodes);
}

describe('jobs', () => {
  test.each([
    ['v6', 'are refused', refused, 'FORBIDDEN'],
    ['v7', 'are missing', { status: 404, body: { message: 'x' } }, 'NOT_FOUND'],
    ['v8', 'are missing', { status: 404, body: { message: 'x', errorCode: 'ResourceNotFound' } }, 'NOT_FOUND'],
    ['v8', 'are a page of HTML', { status: 404, body: '<html>' }, 'UPSTREAM_UNAVAILABLE'],
    ['v8', 'fail', { status: 500, body: { message: 'x', errorCode: 'HttpError' } }, 'UPSTREAM_ERROR'],
    ['v8', 'hang', { hang: true }, 'UPSTREAM_TIMEOUT'],
    ['v8', 'are no list', { body: { results: 7 } }, 'UPSTREAM_BAD_RESPONSE'],
  ])('have all backup jobs and one error when copy jobs of %s %s', async (version, _, how, code) => {
    const names = await backupNames(version);
    const { data, errors, asked } = await server.ask(
      version,
      { CopyJobs: how },
      '{ jobs { nodes { name } pageInfo { hasNextPage hasPreviousPage } } }',
    );
    expect(names.length).toBeGreaterThan(2);
    expect(data.jobs).toEqual({
      nodes: [...names.map((name) => ({ name })), null],
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    });
    expect(errors).toEqual([[`jobs.nodes.${names.length}`, code]]);
    expect([...asked].sort()).toEqual(['CopyJobs', 'Jobs']);
  });

  test('have the error on each page, and every backup job once over all pages', async () => {
    const names = await backupNames('v8');
    const read: string[] = [];
    let after: string | null = null;
    for (let page = 1; page < 20; page += 1) {
      const query = `{ jobs(first: 2${after === null ? '' : `, after: "${after}"`}) {
        edges { cursor node { name } } pageInfo { hasNextPage startCursor endCursor }
      } }`;
      const { data, errors }: { data: Data; errors: unknown } = await server.ask('v8', { CopyJobs: refused }, query);
      const { edges, pageInfo } = data.jobs;
      expect(errors).toEqual([[`jobs.edges.${edges.length - 1}.node`, 'FORBIDDEN']]);
      expect(pageInfo).toMatchObject({ startCursor: edges[0].cursor, endCursor: edges.at(-2).cursor });
      read.push(...namesIn(edges.map(({ node }: Data) => node)));
      after = pageInfo.endCursor;
      if (!pageInfo.hasNextPage) break;
    }
    expect(read).toEqual(names);
    const past = await server.ask(
      'v8',
      { CopyJobs: refused },
      `{ jobs(after: "${after}") { nodes { name } pageInfo { endCursor } } }`,
    );
    expect([past.data.jobs, past.errors]).toEqual([
      { nodes: [null], pageInfo: { endCursor: after } },
      [['jobs.nodes.0', 'FORBIDDEN']],
    ]);
  });

  test('go on from a page that lacked copy jobs when those are there again', async () => {
    const query = (after: string | null): string =>
      `{ jobs(first: 3, after: ${JSON.stringify(after)}) { nodes { name } edges { cursor } pageInfo { endCursor } } }`;
    const first = await server.ask('v8', { CopyJobs: refused }, query(null));
    const whole = namesIn((await server.ask('v8', {}, '{ jobs { nodes { name } } }')).data.jobs.nodes);
    const last = first.data.jobs.nodes[2].name as string;
    const next = await server.ask('v8', {}, query(first.data.jobs.pageInfo.endCursor));
    expect(namesIn(next.data.jobs.nodes)).toEqual(whole.slice(whole.indexOf(last) + 1).slice(0, 3));
    const atError = await server.ask('v8', {}, query(first.data.jobs.edges[3].cursor));
    expect(atError.errors).toEqual([]);
  });

  test('of a filter have those backup jobs, and the error', async () => {
    const { data, errors } = await server.ask(
      'v8',
      { CopyJobs: refused },
      '{ jobs(filter: { isEnabled: false }) { nodes { isEnabled } } }',
    );
    expect(data.jobs.nodes.at(-1)).toBeNull();
    expect(data.jobs.nodes.slice(0, -1).every(({ isEnabled }: Data) => isEnabled === false)).toBe(true);
    expect(errors).toHaveLength(1);
  });

  test('are one error when copy jobs alone are asked for, and none when backup jobs are', async () => {
    const copies = await server.ask('v8', { CopyJobs: refused }, '{ jobs(filter: { type: COPY }) { nodes { name } } }');
    expect([copies.data, copies.errors]).toEqual([{ jobs: null }, [['jobs', 'FORBIDDEN']]]);
    const backups = await server.ask(
      'v8',
      { CopyJobs: refused },
      '{ jobs(filter: { type: BACKUP }) { nodes { name } } }',
    );
    expect([namesIn(backups.data.jobs.nodes), backups.errors]).toEqual([await backupNames('v8'), []]);
  });

  test.each([
    ['a 401', { status: 401 }, 'UNAUTHENTICATED'],
    ['a 429', { status: 429, headers: { 'retry-after': '60' }, body: { message: 'x' } }, 'UPSTREAM_RATE_LIMITED'],
  ])('are one error after %s', async (_, how, code) => {
    const { data, errors } = await server.ask('v8', { CopyJobs: how }, '{ jobs { nodes { name } } }');
    expect([data, errors]).toEqual([{ jobs: null }, [['jobs', code]]]);
  });

  test('are one error when the backup jobs fail, whatever becomes of the copy jobs', async () => {
    for (const answers of [{ Jobs: refused }, { Jobs: refused, CopyJobs: { status: 404, body: { message: 'x' } } }]) {
      const { data, errors } = await server.ask('v8', answers, '{ jobs { nodes { name } } }');
      expect([data, errors]).toEqual([{ jobs: null }, [['jobs', 'FORBIDDEN']]]);
    }
  });

  test('of a version without copy jobs have no error', async () => {
    const { errors, asked } = await server.ask('v5', { CopyJobs: refused }, '{ jobs { nodes { name } } }');
    expect([errors, asked]).toEqual([[], ['Jobs']]);
  });
});

describe('a job by its id', () => {
  test.each([
    ['is refused', refused, 'FORBIDDEN'],
    ['fails', { status: 500, body: { message: 'x', errorCode: 'HttpError' } }, 'UPSTREAM_ERROR'],
    ['is a page of HTML', { status: 404, body: '<html>' }, 'UPSTREAM_UNAVAILABLE'],
  ])('is an error, not none, when no backup job has it and the copy job %s', async (_, how, code) => {
    const { data, errors } = await server.ask(
      'v8',
      { [`CopyJobs/${NOBODY}`]: how },
      `{ job(id: "${NOBODY}") { name } }`,
    );
    expect([data, errors]).toEqual([{ job: null }, [['job', code]]]);
  });

  test('is there when it is a backup job, whatever becomes of the copy jobs', async () => {
    const answers = { CopyJobs: refused, [`CopyJobs/${NOBODY}`]: refused };
    const { data, errors } = await server.ask(
      'v8',
      answers,
      `{ a: job(id: "${BACKUP}") { name } b: job(id: "${NOBODY}") { name } }`,
    );
    expect([data, errors]).toEqual([{ a: { name: 'test_job' }, b: null }, [['b', 'FORBIDDEN']]]);
  });
});
