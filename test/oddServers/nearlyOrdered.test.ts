import { describe, expect, test } from '@jest/globals';
import {
  idOf,
  numbersOf,
  pageOf,
  sessionOf,
  withListServer,
  type ListGateway,
  type Query,
  type Route,
} from '../helpers/listServer.js';

/** Servers give rows almost in order, give several rows one id, or give one row twice. */

const SESSION = idOf(1);
const JOB = idOf(900);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const lineOf = (usn: number, more: object = {}): object => ({
  id: idOf(usn),
  usn,
  type: 'Success',
  message: 'x',
  ...more,
});
const next = { _links: { self: {}, next: { href: 'x' } } };
const more = (count: number) => (end: number) => (end < count ? next : { _links: { self: {} } });

/** A server with one session, and this log. */
const logOf =
  (lines: readonly object[], capRows = Infinity): Route =>
  (path, query) => {
    if (path === `JobSessions/${SESSION}`) return sessionOf(1);
    return path.endsWith('/LogItems') ? pageOf(lines, query, capRows, more(lines.length)) : undefined;
  };

type Ask = ListGateway['ask'];

async function readLog(ask: Ask, first: number, order: 'ASC' | 'DESC'): Promise<number[]> {
  const query = `query ($order: SortOrder, $after: String) { jobSession(id: "${SESSION}") { log(first: ${first}, order: $order, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }`;
  const seen: number[] = [];
  for (let after: string | null = null, page = 0; page < 100; page += 1) {
    const { data, errors } = await ask(query, { order, after });
    expect(errors).toBeUndefined();
    const { nodes, pageInfo } = data.jobSession.log;
    seen.push(...numbersOf(nodes));
    if (!pageInfo.hasNextPage) return seen;
    after = pageInfo.endCursor;
  }
  throw new Error('the log does not end');
}

describe('a log that is almost in order', () => {
  test.each([
    ['two swapped lines at its end', [...upTo(28), 30, 29], 29],
    ['two swapped lines at its beginning', [2, 1, ...upTo(20).slice(2)], 1],
    ['swapped pairs all through', [1, 3, 2, 5, 4, 6, 7, 9, 8], 2],
  ])('has each line once, with %s', async (_, numbers, first) => {
    for (const capRows of [Infinity, 2]) {
      await withListServer(
        'v8',
        logOf(
          numbers.map((usn) => lineOf(usn)),
          capRows,
        ),
        async ({ ask, gateway }) => {
          const seen = await readLog(ask, first, 'ASC');
          expect([...seen].sort((a, b) => a - b)).toEqual(upTo(numbers.length));
          expect(new Set(seen).size).toBe(seen.length);
          const { data } = await ask(`{ jobSession(id: "${SESSION}") { log(first: 100) { nodes { id } } } }`);
          expect(numbersOf(data.jobSession.log.nodes)).toEqual(upTo(numbers.length));
          const response = await fetch(`${gateway.url}/sessions/${SESSION}/log`, {
            headers: { authorization: 'Bearer t' },
          });
          expect((await response.text()).trim().split('\n')).toHaveLength(numbers.length);
        },
      );
    }
  });

  test('is downloaded whole when its swapped lines are on both sides of a page', async () => {
    const lines = [...upTo(997), 999, 998, 1000, 1001].map((usn) => lineOf(usn));
    await withListServer('v7', logOf(lines), async ({ gateway }) => {
      const response = await fetch(`${gateway.url}/sessions/${SESSION}/log`, {
        headers: { authorization: 'Bearer t' },
      });
      expect((await response.text()).trim().split('\n')).toHaveLength(1001);
    });
  });

  test.each([
    ['a line without a number', upTo(60).map((usn) => lineOf(usn, usn === 7 ? { usn: null } : {}))],
    ['two lines with one number', upTo(60).map((usn) => lineOf(usn, usn === 7 ? { usn: 6 } : {}))],
    ['a swapped pair', [...upTo(4), 6, 5, ...upTo(60).slice(6)].map((usn) => lineOf(usn))],
  ])('comes newest first when the server ignores the order and has %s', async (_, lines) => {
    await withListServer('v8', logOf(lines), async ({ ask }) => {
      const { data } = await ask(`{ jobSession(id: "${SESSION}") { log(first: 10, order: DESC) { nodes { id } } } }`);
      expect(numbersOf(data.jobSession.log.nodes)).toEqual(upTo(60).slice(-10).reverse());
      expect((await readLog(ask, 10, 'DESC')).sort((a, b) => a - b)).toEqual(upTo(60));
    });
  });
});

describe('several rows with one id', () => {
  test('are all answered when they are processed objects of different types', async () => {
    const objects = ['Group', 'Team', 'User', 'Site', 'Group', 'User', 'Team'].map((type, index) => ({
      id: `object ${Math.floor(index / 2)}`,
      type,
      status: 'Success',
    }));
    const route: Route = (path, query) =>
      path === `JobSessions/${SESSION}` ? sessionOf(1) : pageOf(objects, query, 3, more(objects.length));
    await withListServer('v8', route, async ({ ask }) => {
      const { data } = await ask(`{ jobSession(id: "${SESSION}") { processedObjects { nodes { type } } } }`);
      expect(data.jobSession.processedObjects.nodes).toHaveLength(7);
    });
  });

  test('are all answered when they are log lines without numbers', async () => {
    const lines = upTo(10).map((number) => ({ id: idOf(0), title: `[Success] line ${number}` }));
    await withListServer('v7', logOf(lines, 4), async ({ ask }) => {
      const { data } = await ask(`{ jobSession(id: "${SESSION}") { log { nodes { message } } } }`);
      expect(data.jobSession.log.nodes).toHaveLength(10);
    });
  });

  test('are one when they are sessions or jobs', async () => {
    const route: Route = (path, query) => {
      if (path === 'JobSessions')
        return pageOf(
          [5, 4, 4, 3].map((day) => sessionOf(day)),
          query,
        );
      if (path === 'Jobs')
        return pageOf(
          [1, 2, 2].map((number) => ({ id: idOf(number), name: 'a' })),
          query,
        );
      return path === 'CopyJobs' ? [] : undefined;
    };
    await withListServer('v8', route, async ({ ask }) => {
      const { data } = await ask('{ jobSessions { nodes { id } } jobs { nodes { id } } }');
      expect(numbersOf(data.jobSessions.nodes)).toEqual([5, 4, 3]);
      expect(numbersOf(data.jobs.nodes)).toEqual([1, 2]);
    });
  });
});

describe('the latest session', () => {
  const withSessions =
    (days: readonly number[], capRows: number, ownDays = days): Route =>
    (path, query) => {
      if (path === `Jobs/${JOB}`) return { id: JOB, name: 'a' };
      const wanted = query['jobId'] === undefined ? days : ownDays;
      const sessions = wanted.map((day) =>
        sessionOf(1, { id: idOf(day), creationTime: new Date(day * 60_000).toISOString() }),
      );
      return path === 'JobSessions' ? pageOf(sessions, query, capRows, more(sessions.length)) : undefined;
    };
  const query = `{ job(id: "${JOB}") { latestSession { id } } }`;

  test.each([
    ['capped pages begin in order by chance', withSessions([2_000_002, 2_000_001, 2_000_003], 2), 2_000_003],
    [
      'one row a page hides the order',
      withSessions(
        [1, 2, 3].map((day) => 2_000_000 + day),
        1,
      ),
      2_000_003,
    ],
  ])('started last when %s', async (_, route, latest) => {
    await withListServer('v8', route, async ({ ask }) => {
      expect((await ask(query)).data.job.latestSession).toEqual({ id: idOf(latest) });
    });
  });

  test('started last when the list of the job alone is oldest first', async () => {
    const others = upTo(250).map((minute) => 3_000_000 - minute);
    const own = upTo(30).map((minute) => 1_000_000 + minute);
    const base = withSessions(others, Infinity, own);
    const route = (path: string, asked: Query): unknown => {
      const page = base(path, asked) as { results?: Record<string, unknown>[] };
      if (path !== 'JobSessions' || asked['jobId'] !== undefined) return page;
      return { ...page, results: page.results?.map((row) => ({ ...row, jobId: idOf(901) })) };
    };
    await withListServer('v8', route, async ({ ask }) => {
      expect((await ask(query)).data.job.latestSession).toEqual({ id: idOf(1_000_030) });
    });
  });

  test('is an error when it may stand behind all that is read', async () => {
    const days = upTo(1500).map((minute) => 1_000_000 + minute);
    await withListServer('v8', withSessions(days, Infinity), async ({ ask }) => {
      const { errors } = await ask(query);
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_RESPONSE_TOO_LARGE']);
    });
  });
});

test('a next link on the last page costs one request', async () => {
  const sessions = upTo(20)
    .reverse()
    .map((day) => sessionOf(day));
  for (const last of [next, { totalCount: 500 }]) {
    const route: Route = (path, query) => (path === 'JobSessions' ? pageOf(sessions, query, 8, () => last) : undefined);
    await withListServer('v8', route, async ({ ask, asked }) => {
      const { data } = await ask('{ jobSessions(first: 100) { nodes { id } pageInfo { hasNextPage } } }');
      expect(data.jobSessions.nodes).toHaveLength(20);
      expect(data.jobSessions.pageInfo.hasNextPage).toBe(false);
      expect(asked).toHaveLength(4);
    });
  }
});

test('a filter that is seen to be ignored is applied to earlier rows as well', async () => {
  const sessions = [
    sessionOf(9, { status: null }),
    ...[8, 7, 6].map((day) => sessionOf(day, { status: day === 7 ? 'Success' : 'Failed' })),
  ];
  for (const capRows of [1, Infinity]) {
    const route: Route = (path, query) =>
      path === 'JobSessions' ? pageOf(sessions, query, capRows, more(sessions.length)) : undefined;
    await withListServer('v8', route, async ({ ask }) => {
      const { data } = await ask('{ jobSessions(filter: { statuses: [FAILED] }) { nodes { id } } }');
      expect(numbersOf(data.jobSessions.nodes)).toEqual([8, 6]);
    });
  }
});
