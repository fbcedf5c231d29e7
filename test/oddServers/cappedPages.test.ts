import { describe, expect, test } from '@jest/globals';
import { idOf, numbersOf, pageOf, sessionOf, withListServer, type Query } from '../helpers/listServer.js';

/** Servers give fewer rows than asked, and say in one way or another that there are more. */

const SESSION = idOf(1);
const next = (href: unknown): object => ({ _links: { self: { href: 'self' }, next: { href } } });
const LEAST = -2147483648; // of 32 bits
const least = { offset: LEAST, limit: LEAST, totalCount: LEAST };
const noNext = { _links: { self: { href: 'self' } } };

/** How a page says that more rows follow, or none. */
const signs: [string, (endOffset: number, count: number) => object][] = [
  ['a next link', (end, count) => (end < count ? next('/v8/x') : noNext)],
  ['a next link on the last page, too', () => next('/v7/x')],
  ['a next link as text', (end, count) => ({ _links: end < count ? { next: '/v8/x' } : { next: '' } })],
  [
    'a next link that is null at the end',
    (end, count) => (end < count ? next('x') : { _links: { self: {}, next: null } }),
  ],
  ['totalCount', (_, count) => ({ totalCount: count })],
  ['totalCount as text', (_, count) => ({ totalCount: String(count) })],
  ['totalCount beyond the last row', (_, count) => ({ totalCount: count + 100 })],
  ['totalCount, though no next link', (_, count) => ({ totalCount: count, ...noNext })],
  ['its own limit', () => ({ limit: 4 })],
  [
    'a next link, beside counts that are the least integer',
    (end, count) => ({ ...least, ...next(end < count ? '/v8/x' : '') }),
  ],
  [
    'a next link, beside counts of -1',
    (end, count) => ({ offset: -1, limit: -1, totalCount: -1, ...next(end < count ? 'x' : '') }),
  ],
  ['its own limit as text', () => ({ limit: '4' })],
];

const days = Array.from({ length: 25 }, (_, index) => 25 - index);
const sessions = days.map((day) => sessionOf(day));
const jobs = days.map((number) => ({ id: idOf(number), name: `job ${String(number).padStart(2, '0')}` }));
const lines = [...days].reverse().map((usn) => ({ id: idOf(usn), usn, type: 'Success', message: `line ${usn}` }));

describe.each(signs)('a server that caps its pages at four rows and says so with %s', (_, sign) => {
  const capped = (rows: readonly object[], query: Query): object =>
    pageOf(rows, query, 4, (end) => sign(end, rows.length));
  const route = (path: string, query: Query): unknown => {
    if (path === `JobSessions/${SESSION}`) return sessionOf(1);
    if (path.endsWith('/LogItems')) return capped(query['orderAsc'] === 'false' ? [...lines].reverse() : lines, query);
    if (path.endsWith('/ProcessedObjects')) return capped(jobs, query);
    if (path === 'JobSessions') return capped(sessions, query);
    if (path === 'Jobs') return capped(jobs, query);
    return path === 'CopyJobs' ? [] : undefined;
  };

  test('gives all sessions, jobs, log lines and processed objects once', async () => {
    await withListServer('v8', route, async ({ ask }) => {
      const { data, errors } = await ask(`{
        jobSessions(first: 100) { nodes { id } pageInfo { hasNextPage } }
        failed: jobSessions(first: 100, filter: { statuses: [SUCCESS, FAILED] }) { nodes { id } }
        jobs { nodes { id } pageInfo { hasNextPage } }
        jobSession(id: "${SESSION}") {
          log(first: 100) { nodes { id } }
          newest: log(first: 100, order: DESC) { nodes { id } }
          processedObjects(first: 100) { nodes { type } }
        }
      }`);
      expect(errors).toBeUndefined();
      expect(numbersOf(data.jobSessions.nodes)).toEqual(days);
      expect(data.jobSessions.pageInfo.hasNextPage).toBe(false);
      expect(numbersOf(data.failed.nodes)).toEqual(days);
      expect(numbersOf(data.jobs.nodes)).toEqual([...days].reverse());
      expect(numbersOf(data.jobSession.log.nodes)).toEqual([...days].reverse());
      expect(numbersOf(data.jobSession.newest.nodes)).toEqual(days);
      expect(data.jobSession.processedObjects.nodes).toHaveLength(25);
    });
  });

  test('downloads the whole log', async () => {
    await withListServer('v8', route, async ({ gateway }) => {
      const response = await fetch(`${gateway.url}/sessions/${SESSION}/log`, {
        headers: { authorization: 'Bearer t' },
      });
      const downloaded = (await response.text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string });
      expect(numbersOf(downloaded)).toEqual([...days].reverse());
    });
  });
});

describe('a server of v5 that answers jobs in a page though asked without a limit', () => {
  const jobsOf = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ id: idOf(index + 1), name: `job ${index}` }));

  test.each([
    ['without a limit in the page', {}],
    ['with a limit of 0', { limit: 0 }],
  ])('is read on after the default of 30 rows, %s', async (_, more) => {
    const route = (path: string, query: Query): unknown => {
      const offset = Number(query['offset'] ?? 0);
      return path === 'Jobs' ? { offset, results: jobsOf(45).slice(offset, offset + 30), ...more } : undefined;
    };
    await withListServer('v5', route, async ({ ask, asked }) => {
      const { data } = await ask('{ jobs(first: 100) { nodes { id } } }');
      expect(data.jobs.nodes).toHaveLength(45);
      expect(asked[0]).toBe('Jobs');
    });
  });

  test.each([
    [7, {}],
    [7, { limit: 0 }],
    [30, {}],
    [30, { limit: 30 }],
    [45, { limit: 30, totalCount: 45 }],
  ])('is believed to give all %i when it ignores paging (%j)', async (count, more) => {
    const route = (path: string): unknown =>
      path === 'Jobs' ? { offset: 0, results: jobsOf(count), ...more } : undefined;
    await withListServer('v5', route, async ({ ask }) => {
      const { data, errors } = await ask('{ jobs(first: 100) { nodes { id } } }');
      expect(errors).toBeUndefined();
      expect(data.jobs.nodes).toHaveLength(count);
    });
  });
});

test.each([
  ['null', null],
  ['an empty array', []],
])('an empty list whose results are %s has no rows and no errors', async (_, results) => {
  await withListServer(
    'v8',
    () => ({ offset: 0, limit: 30, results }),
    async ({ ask }) => {
      const { data, errors } = await ask(
        '{ jobSessions { nodes { id } } jobs { nodes { id } } proxies { nodes { id } } }',
      );
      expect(errors).toBeUndefined();
      expect(data).toEqual({ jobSessions: { nodes: [] }, jobs: { nodes: [] }, proxies: { nodes: [] } });
    },
  );
});

test('a server that repeats one page for ever ends the operation with an error', async () => {
  const page = { results: [sessionOf(1)], _links: { self: {}, next: { href: 'x' } } };
  await withListServer(
    'v8',
    () => page,
    async ({ ask, asked }) => {
      const { errors } = await ask('{ jobSessions(first: 10) { nodes { id } } }');
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_BAD_RESPONSE']);
      expect(asked.length).toBeLessThanOrEqual(120);
    },
  );
});

test('the scan limit ends the search in capped pages, and its cursor reads on', async () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({
    id: idOf(5000 - index),
    status: 'Success',
    creationTime: `20${10 + Math.floor((3000 - index) / 365)}-01-01T00:00:00Z`,
  }));
  const rows = [...many, sessionOf(1, { status: 'Failed', creationTime: '2001-01-01T00:00:00Z' })];
  const route = (path: string, query: Query): unknown =>
    path === 'JobSessions' ? pageOf(rows, query, 100, (end) => (end < rows.length ? next('x') : noNext)) : undefined;
  await withListServer(
    'v7',
    route,
    async ({ ask }) => {
      const query =
        'query ($after: String) { jobSessions(first: 1, after: $after, filter: { statuses: [FAILED] }) { nodes { id } scanLimitReached pageInfo { endCursor } } }';
      let after: string | null = null;
      let limits = 0;
      for (let page = 0; page < 10; page += 1) {
        const { data, errors } = await ask(query, { after });
        expect(errors).toBeUndefined();
        const { nodes, scanLimitReached, pageInfo } = data.jobSessions;
        if (!scanLimitReached) {
          expect(numbersOf(nodes)).toEqual([1]);
          break;
        }
        limits += 1;
        after = pageInfo.endCursor;
      }
      expect(limits).toBeGreaterThan(1);
    },
    { scanLimitRows: 1000 },
  );
});
