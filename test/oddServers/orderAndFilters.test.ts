import { describe, expect, test } from '@jest/globals';
import { idOf, numbersOf, pageOf, sessionOf, withListServer, type Query } from '../helpers/listServer.js';

/** Servers give rows in no order, or ignore what they are asked to leave out. */

const SESSION = idOf(1);
const warned = (lines: Record<string, unknown>[], field: string): unknown[] =>
  lines.filter((line) => line['field'] === field).map(({ resource, value }) => [resource, value]);

describe('a server that gives sessions in no order', () => {
  const shuffled = [4, 9, 1, 7, 2, 8, 3, 6, 5];
  const route = (path: string, query: Query): unknown => {
    if (path === 'JobSessions')
      return pageOf(
        shuffled.map((day) => sessionOf(day)),
        query,
      );
    if (path === 'Jobs')
      return pageOf(
        [
          { id: idOf(900), name: 'a' },
          { id: idOf(901), name: 'never ran' },
        ],
        query,
      );
    return path === 'CopyJobs' ? [] : undefined;
  };

  test('has the sessions of one answer sorted, newest first, and is logged once', async () => {
    await withListServer('v8', route, async ({ ask, gateway }) => {
      for (let times = 0; times < 2; times += 1) {
        const { data } = await ask('{ jobSessions { nodes { id } } }');
        expect(numbersOf(data.jobSessions.nodes)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
      }
      expect(warned(gateway.logLines, 'order')).toEqual([['jobSession', 'rows']]);
    });
  });

  test.each([1, 2, 4])('gives each session once in pages of %i', async (first) => {
    await withListServer('v8', route, async ({ ask }) => {
      const seen: number[] = [];
      for (let after: string | null = null, page = 0; page < 20; page += 1) {
        const query = `query ($after: String) { jobSessions(first: ${first}, after: $after) { nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } } }`;
        const { data } = await ask(query, { after });
        const { nodes, edges, pageInfo } = data.jobSessions;
        const numbers = numbersOf(nodes);
        expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
        expect(pageInfo.endCursor).toBe(edges.at(-1).cursor);
        seen.push(...numbers);
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
      }
      expect(seen.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
  });

  test('has the session that started last as a latest session', async () => {
    await withListServer('v8', route, async ({ ask }) => {
      const { data } = await ask('{ jobs { nodes { latestSession { id } } } }');
      expect(data.jobs.nodes).toEqual([{ latestSession: { id: idOf(9) } }, { latestSession: null }]);
    });
  });

  test('has the latest session read from the list of its job when the newest sessions do not hold all', async () => {
    const days = Array.from({ length: 250 }, (_, index) => index).map((index) =>
      sessionOf(1, {
        id: idOf(index + 1),
        creationTime: `2026-01-01T00:${String((index * 7) % 60).padStart(2, '0')}:00Z`,
      }),
    );
    const newest = sessionOf(31, { id: idOf(777) });
    const many = (path: string, query: Query): unknown =>
      path === 'JobSessions' ? pageOf([...days, newest], query) : route(path, query);
    const withJob = (path: string, query: Query): unknown =>
      path === `Jobs/${idOf(900)}` ? { id: idOf(900), name: 'a' } : many(path, query);
    await withListServer('v8', withJob, async ({ ask }) => {
      const { data } = await ask(`{ job(id: "${idOf(900)}") { latestSession { id } } }`);
      expect(data.job.latestSession).toEqual({ id: idOf(777) });
    });
  });
});

describe('a server that gives a log', () => {
  const logRoute =
    (numbers: readonly number[]) =>
    (path: string, query: Query): unknown => {
      if (path === `JobSessions/${SESSION}`) return sessionOf(1);
      const lines = numbers.map((usn) => ({ id: idOf(usn), usn, type: 'Success', title: '[Success] x', message: 'x' }));
      return path.endsWith('/LogItems') ? pageOf(lines, query) : undefined;
    };
  const oldestFirst = Array.from({ length: 40 }, (_, index) => index + 1);
  const newestFirst = [...oldestFirst].reverse();

  test.each([
    ['v8', 'oldest first, whatever order is asked for', oldestFirst],
    ['v8', 'newest first, whatever order is asked for', newestFirst],
    ['v7', 'newest first', newestFirst],
    ['v5', 'oldest first', oldestFirst],
  ] as const)('of %s %s has it in the order asked for', async (version, _, numbers) => {
    await withListServer(version, logRoute(numbers), async ({ ask, gateway }) => {
      const query = `query ($order: SortOrder, $after: String) { jobSession(id: "${SESSION}") { log(first: 7, order: $order, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }`;
      for (const order of ['ASC', 'DESC']) {
        const seen: number[] = [];
        for (let after: string | null = null, page = 0; page < 20; page += 1) {
          const { data } = await ask(query, { order, after });
          const { nodes, pageInfo } = data.jobSession.log;
          seen.push(...numbersOf(nodes));
          if (!pageInfo.hasNextPage) break;
          after = pageInfo.endCursor;
        }
        expect(seen).toEqual(order === 'ASC' ? oldestFirst : newestFirst);
      }
      const response = await fetch(`${gateway.url}/sessions/${SESSION}/log`, {
        headers: { authorization: 'Bearer t' },
      });
      const lines = (await response.text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { id: string });
      expect(numbersOf(lines)).toEqual(oldestFirst);
    });
  });

  test('with lines in no order has them sorted by number', async () => {
    await withListServer('v7', logRoute([3, 1, 4, 2]), async ({ ask }) => {
      const { data } = await ask(`{ jobSession(id: "${SESSION}") { log { nodes { id } } } }`);
      expect(numbersOf(data.jobSession.log.nodes)).toEqual([1, 2, 3, 4]);
    });
  });
});

describe('a server that ignores a filter', () => {
  const rows = Array.from({ length: 60 }, (_, index) => 60 - index).map((number) =>
    sessionOf(1, {
      id: idOf(number),
      creationTime: `2026-01-01T00:${String(number - 1).padStart(2, '0')}:00Z`,
      status: number % 3 === 0 ? 'Failed' : 'Success',
      jobType: number % 5 === 0 ? 'Copy' : 'Backup',
      jobId: idOf(number % 2 === 0 ? 900 : 901),
      _links: { job: { href: `/v5/Jobs/${idOf(number % 2 === 0 ? 900 : 901)}` } },
    }),
  );
  const lines = Array.from({ length: 60 }, (_, index) => index + 1).map((usn) => ({
    id: idOf(usn),
    usn,
    type: usn % 4 === 0 ? 'Warning' : 'Success',
    message: 'x',
  }));
  const route = (path: string, query: Query): unknown => {
    if (path === `JobSessions/${SESSION}`) return sessionOf(1);
    if (path.endsWith('/LogItems')) return pageOf(lines, query);
    return path.endsWith('JobSessions') ? pageOf(rows, query) : undefined;
  };

  test.each([
    ['v8', 'statuses: [FAILED]', 'statuses', (number: number) => number % 3 === 0],
    ['v8', 'type: COPY', 'type', (number: number) => number % 5 === 0],
    ['v7', 'type: COPY', 'type', (number: number) => number % 5 === 0],
    ['v7', `jobId: "${idOf(900)}"`, 'jobId', (number: number) => number % 2 === 0],
    ['v5', `jobId: "${idOf(900)}"`, 'jobId', (number: number) => number % 2 === 0],
  ] as const)(
    'of %s sessions by %s has only those that match, and is logged once',
    async (version, filter, name, matches) => {
      await withListServer(version, route, async ({ ask, gateway }) => {
        const seen: number[] = [];
        for (let after: string | null = null, page = 0; page < 60; page += 1) {
          const query = `query ($after: String) { jobSessions(first: 4, after: $after, filter: { ${filter} }) { nodes { id } pageInfo { hasNextPage endCursor } } }`;
          const { data, errors } = await ask(query, { after });
          expect(errors).toBeUndefined();
          seen.push(...numbersOf(data.jobSessions.nodes));
          if (!data.jobSessions.pageInfo.hasNextPage) break;
          after = data.jobSessions.pageInfo.endCursor;
        }
        expect(seen).toEqual(rows.map((_, index) => 60 - index).filter(matches));
        expect(warned(gateway.logLines, 'filter')).toEqual([['jobSession', name]]);
      });
    },
  );

  test('of types of log lines has only those that match', async () => {
    await withListServer('v8', route, async ({ ask, gateway }) => {
      const { data } = await ask(
        `{ jobSession(id: "${SESSION}") { log(first: 20, types: [WARNING]) { nodes { type sequenceNumber } pageInfo { hasNextPage } } } }`,
      );
      expect(data.jobSession.log.nodes).toHaveLength(15);
      expect(data.jobSession.log.nodes.every(({ type }: { type: string }) => type === 'WARNING')).toBe(true);
      expect(data.jobSession.log.pageInfo.hasNextPage).toBe(false);
      expect(warned(gateway.logLines, 'filter')).toEqual([['logItem', 'types']]);
    });
  });

  test.each(['v5', 'v7', 'v8'])('of %s is trusted when jobs do not name their organization', async (version) => {
    const jobs = [1, 2].map((number) => ({
      id: idOf(number),
      name: `job ${number}`,
      organizationId: version === 'v8' && number === 2 ? idOf(701) : null,
    }));
    const byOrganization = (path: string, query: Query): unknown => {
      if (path === 'CopyJobs') return [];
      if (path === `Organizations/${idOf(700)}/Jobs`) return jobs;
      return path === 'Jobs' && query['organizationId'] === idOf(700) ? pageOf(jobs, query) : undefined;
    };
    await withListServer(version, byOrganization, async ({ ask }) => {
      const { data, errors } = await ask(`{ jobs(filter: { organizationId: "${idOf(700)}" }) { nodes { id } } }`);
      expect(errors).toBeUndefined();
      expect(numbersOf(data.jobs.nodes)).toEqual(version === 'v8' ? [1] : [1, 2]);
    });
  });

  test('is trusted when its rows lack the field', async () => {
    const silent = rows.map((row) => ({ ...row, jobId: undefined, _links: undefined }));
    const unknowing = (path: string, query: Query): unknown =>
      path === 'JobSessions' ? pageOf(silent.slice(0, 3), query) : undefined;
    await withListServer('v8', unknowing, async ({ ask }) => {
      const { data } = await ask(`{ jobSessions(filter: { jobId: "${idOf(900)}" }) { nodes { id } } }`);
      expect(data.jobSessions.nodes).toHaveLength(3);
    });
  });
});
