import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, TEST_NOW_MS, withGateway, type Gateway } from './helpers/gateway.js';

/** Cursors stand at rows, not at positions: nothing is shown twice or hidden while the list moves. */

const QUERY =
  'query ($first: Int, $after: String) { jobSessions(first: $first, after: $after) { nodes { id creationTime } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }';

async function readAll(
  gateway: Gateway,
  first: number,
  between: (page: number) => void = () => undefined,
): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < 1000; page += 1) {
    const { data, errors } = await gateway.ask(QUERY, { first, after });
    expect(errors).toBeUndefined();
    const { nodes, pageInfo, edges } = data.jobSessions;
    ids.push(...nodes.map(({ id }: { id: string }) => id));
    expect(pageInfo.hasPreviousPage).toBe(after !== null);
    if (nodes.length > 0)
      expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0].cursor, edges.at(-1).cursor]);
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
    between(page);
  }
  throw new Error('the list does not end');
}

const shown = (gateway: Gateway, version: string): string[] =>
  gateway.simulator.history
    .sessions()
    .filter(({ job }) => version >= 'v6' || job.kind === 'Backup')
    .map(({ id }) => id);

describe.each(['v2', 'v5', 'v8'])('%s', (apiVersion) => {
  test('pages of 7 give each session exactly once, newest first', async () => {
    await withGateway({ apiVersion, simulator: { days: 4 } }, async (gateway) => {
      const all = shown(gateway, apiVersion);
      expect(all.length).toBeGreaterThan(50);
      expect(await readAll(gateway, 7)).toEqual(all);
    });
  });

  test('also while sessions start between the pages', async () => {
    await withGateway({ apiVersion, simulator: { days: 4 } }, async (gateway) => {
      const all = shown(gateway, apiVersion);
      const [job] = gateway.simulator.history.sessions().filter((session) => session.job.kind === 'Backup');
      const ids = await readAll(gateway, 7, (page) => {
        for (let times = 0; times < (page % 4) * 5; times += 1) gateway.simulator.history.insert(job?.job.id ?? '');
      });
      expect(gateway.simulator.history.sessions().length).toBeGreaterThan(all.length + 50);
      expect(ids).toEqual(all);
    });
  });

  test('and while sessions are deleted, the one at the cursor among them', async () => {
    await withGateway({ apiVersion, simulator: { days: 4 } }, async (gateway) => {
      const all = shown(gateway, apiVersion);
      const removed = new Set<string>();
      const ids = await readAll(gateway, 7, (page) => {
        if (page > 3) return;
        for (const id of all.slice(page * 7, page * 7 + 7)) {
          removed.add(id);
          gateway.simulator.history.remove(id);
        }
      });
      expect(removed.size).toBe(28);
      expect(ids).toEqual(all);
    });
  });
});

describe('cursors', () => {
  const TIED = [5, 4, 4, 4, 3, 2].map((second, index) => ({
    id: `00000000-0000-4000-8000-00000000000${index}`,
    status: 'Success',
    creationTime: `2026-01-01T00:00:0${second}Z`,
  }));

  /** Reads on after the row at `index`, from a server that has lost some of its rows since. */
  async function readOn(index: number, lost: number[]): Promise<string[]> {
    return withGateway({ apiVersion: 'v5' }, async (gateway) => {
      const serve = (rows: object[]): (() => void) => {
        const undo = gateway.simulator.misbehave(({ path }) => path === 'JobSessions', {
          body: { offset: 0, limit: 1000, results: rows },
        });
        const undoRest = [1, 2, 3, 4, 5].map((offset) =>
          gateway.simulator.misbehave(
            ({ path, query }) => path === 'JobSessions' && query['offset'] === String(offset),
            { body: { offset, limit: 1000, results: rows.slice(offset) } },
          ),
        );
        return () => {
          for (const off of [undo, ...undoRest]) off();
        };
      };
      const undo = serve(TIED);
      const { data } = await gateway.ask(QUERY, { first: 10, after: null });
      undo();
      serve(TIED.filter((_, at) => !lost.includes(at)));
      const next = await gateway.ask(QUERY, { first: 10, after: data.jobSessions.edges[index].cursor });
      expect(next.errors).toBeUndefined();
      return next.data.jobSessions.nodes.map(({ id }: { id: string }) => id.at(-1));
    });
  }

  test('at rows of one moment hide none of them, whichever is deleted', async () => {
    expect(await readOn(1, [])).toEqual(['2', '3', '4', '5']);
    expect(await readOn(1, [0])).toEqual(['2', '3', '4', '5']);
    expect(await readOn(2, [0, 1])).toEqual(['3', '4', '5']);
    expect(await readOn(4, [4])).toEqual(['5']);
    // With the row itself gone, what was beside it may come twice, but not never.
    expect(await readOn(1, [1])).toEqual(['2', '3', '4', '5']);
    expect(await readOn(5, [5])).toEqual([]);
  });

  test('that are old are found again in few requests', async () => {
    await withGateway({ simulator: { days: 4 } }, async (gateway) => {
      const { data } = await gateway.ask(QUERY, { first: 1, after: null });
      const [top, next] = gateway.simulator.history.sessions();
      expect(data.jobSessions.nodes[0].id).toBe(top?.id);
      for (let times = 0; times < 600; times += 1) gateway.simulator.history.insert(top?.job.id ?? '');
      const page = await gateway.ask(QUERY, { first: 1, after: data.jobSessions.pageInfo.endCursor });
      expect(page.data.jobSessions.nodes).toMatchObject([{ id: next?.id }]);
      expect(page.upstream.length).toBeLessThanOrEqual(4);
    });
  });

  test('that are not reached within the scan limit go on from there', async () => {
    await withGateway({ simulator: { days: 4 }, scanLimitRows: 1000 }, async (gateway) => {
      const { data } = await gateway.ask(QUERY, { first: 1, after: null });
      const [top, next] = gateway.simulator.history.sessions();
      for (let times = 0; times < 2500; times += 1) gateway.simulator.history.insert(top?.job.id ?? '');
      let after = data.jobSessions.pageInfo.endCursor as string;
      const found: string[] = [];
      for (let times = 0; found.length === 0 && times < 5; times += 1) {
        const page = await gateway.ask(QUERY, { first: 1, after });
        found.push(...page.data.jobSessions.nodes.map(({ id }: { id: string }) => id));
        after = page.data.jobSessions.pageInfo.endCursor as string;
        expect(after).toEqual(expect.any(String));
      }
      expect(found).toEqual([next?.id]);
    });
  });

  test('find their row again when thousands before it were deleted', async () => {
    let nowMs = TEST_NOW_MS;
    await withGateway({ simulator: { days: 4, nowMs: () => (nowMs += 1) }, scanLimitRows: 1000 }, async (gateway) => {
      const [top] = gateway.simulator.history.sessions();
      const inserted = Array.from({ length: 3000 }, () => gateway.simulator.history.insert(top?.job.id ?? ''));
      let after: string | null = null;
      for (let read = 0; read < 3000; read += 1000) {
        after = (await gateway.ask(QUERY, { first: 1000, after })).data.jobSessions.pageInfo.endCursor as string;
      }
      for (const { id } of inserted.slice(100)) gateway.simulator.history.remove(id);
      const rest = gateway.simulator.history.sessions().filter((session) => !inserted.includes(session));
      const page = await gateway.ask(QUERY, { first: 7, after });
      expect(page.data.jobSessions.nodes.map(({ id }: { id: string }) => id)).toEqual(
        rest.slice(0, 7).map(({ id }) => id),
      );
      expect(page.upstream.length).toBeLessThanOrEqual(6);
    });
  });

  test('of things with long names are taken back', async () => {
    await withGateway({}, async (gateway) => {
      const results = [1, 2].map((n) => ({
        id: `00000000-0000-4000-8000-00000000000${n}`,
        name: `${'n'.repeat(5000)}${n}`,
      }));
      gateway.simulator.misbehave(({ path }) => path === 'BackupRepositories', {
        body: { offset: 0, limit: 1000, results },
      });
      const query =
        'query ($after: String) { backupRepositories(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } }';
      const { data } = await gateway.ask(query);
      const next = await gateway.ask(query, { after: data.backupRepositories.pageInfo.endCursor });
      expect(next.data.backupRepositories.nodes).toEqual([{ id: results[1]?.id }]);
    });
  });
});

describe('one gateway', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ simulator: { days: 120 }, scanLimitRows: 1000 });
  });
  afterAll(() => gateway.close());

  test('the longest page is 1,000 rows, asked for as 1,000', async () => {
    const { data, upstream } = await gateway.ask(QUERY, { first: 1000, after: null });
    expect(data.jobSessions.nodes).toHaveLength(1000);
    expect(data.jobSessions.pageInfo.hasNextPage).toBe(true);
    expect(upstream.map(({ query }) => query['limit'])).toEqual(['1000']);
  });

  test('the last page knows that it is the last', async () => {
    const all = gateway.simulator.history.sessions();
    let after: string | null = null;
    for (let read = 0; read + 1000 < all.length; read += 1000)
      after = (await gateway.ask(QUERY, { first: 1000, after })).data.jobSessions.pageInfo.endCursor as string;
    const { data } = await gateway.ask(QUERY, { first: all.length % 1000, after });
    expect(data.jobSessions.nodes.at(-1).id).toBe('be376069-2865-4156-a9bc-825cef7d687e');
    expect(data.jobSessions.pageInfo.hasNextPage).toBe(false);
  });

  test('a filter of ours is looked for up to the scan limit, from where a client can go on', async () => {
    const query =
      'query ($after: String) { jobSessions(first: 1000, after: $after, filter: { endedBefore: "2020-01-01T00:00:00Z", statuses: [SUCCESS, FAILED] }) { nodes { id } scanLimitReached pageInfo { hasNextPage endCursor } } }';
    // v5 filters nothing of this, so all of the list has to be looked through.
    await withGateway({ apiVersion: 'v5', simulator: { days: 120 }, scanLimitRows: 1000 }, async (older) => {
      const found: string[] = [];
      let after: string | null = null;
      let limits = 0;
      for (;;) {
        const { data, upstream } = await older.ask(query, { after });
        const { nodes, scanLimitReached, pageInfo } = data.jobSessions;
        expect(upstream.length).toBeLessThanOrEqual(2);
        found.push(...nodes.map(({ id }: { id: string }) => id));
        expect(pageInfo.hasNextPage).toBe(scanLimitReached);
        if (!scanLimitReached) break;
        limits += 1;
        after = pageInfo.endCursor;
      }
      expect(found).toEqual(['a8cf9a63-64c3-4748-9c95-b1fbac0cce1d', 'be376069-2865-4156-a9bc-825cef7d687e']);
      expect(limits).toBeGreaterThan(1);
    });
  });

  test('a running session that finishes has an end, and keeps its place', async () => {
    const [running] = gateway.simulator.history.sessions();
    const query = '{ jobSessions(first: 1) { nodes { id status endTime durationSeconds } } }';
    const before = await gateway.ask(query);
    expect(before.data.jobSessions.nodes).toEqual([
      { id: running?.id, status: 'RUNNING', endTime: null, durationSeconds: null },
    ]);
    gateway.simulator.history.finish(running?.id ?? '');
    const after = await gateway.ask(query);
    expect(after.data.jobSessions.nodes).toEqual([
      {
        id: running?.id,
        status: running?.outcome.toUpperCase(),
        endTime: '2026-11-20T12:30:00Z',
        durationSeconds: expect.any(Number),
      },
    ]);
    gateway.simulator.history.insert(running?.job.id ?? '');
  });

  test('a list that is wholly at hand is looked through to its end', async () => {
    await withGateway({ apiVersion: 'v4', simulator: { days: 120 }, scanLimitRows: 1000 }, async (older) => {
      const { data, upstream } = await older.ask(
        '{ jobSessions(first: 5, filter: { endedBefore: "2020-01-01T00:00:00Z" }) { nodes { id } scanLimitReached } }',
      );
      expect(data.jobSessions.nodes).toHaveLength(2);
      expect(data.jobSessions.scanLimitReached).toBe(false);
      expect(upstream).toHaveLength(1);
    });
  });

  test('running sessions match neither bound of the end', async () => {
    const { data } = await gateway.ask(
      '{ all: jobSessions(first: 1) { nodes { status } } since: jobSessions(first: 20, filter: { endedAfter: "2026-11-19T00:00:00Z" }) { nodes { status } } before: jobSessions(first: 20, filter: { endedBefore: "2030-01-01T00:00:00Z" }) { nodes { status } } }',
    );
    expect(data.all.nodes).toEqual([{ status: 'RUNNING' }]);
    for (const { status } of [...data.since.nodes, ...data.before.nodes]) expect(status).not.toBe('RUNNING');
    expect(data.since.nodes).toHaveLength(20);
    expect(data.before.nodes).toHaveLength(20);
  });

  test('jobs, organizations and the like page by name', async () => {
    for (const [list, name] of [
      ['jobs', 'name'],
      ['organizations', 'name'],
      ['backupRepositories', 'name'],
      ['proxies', 'hostName'],
    ] as const) {
      const whole = await gateway.ask(`{ ${list} { nodes { ${name} } } }`);
      const expected = whole.data[list].nodes.map((node: Record<string, string>) => node[name]);
      expect(expected).toEqual([...expected].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
      const names: string[] = [];
      let after: string | null = null;
      do {
        const { data } = await gateway.ask(
          `query ($after: String) { ${list}(first: 2, after: $after) { nodes { ${name} } pageInfo { hasNextPage endCursor } } }`,
          { after },
        );
        names.push(...data[list].nodes.map((node: Record<string, string>) => node[name]));
        after = data[list].pageInfo.hasNextPage ? (data[list].pageInfo.endCursor as string) : null;
      } while (after !== null);
      expect(names).toEqual(expected);
    }
  });

  test('processed objects page by position', async () => {
    const session = gateway.simulator.history
      .sessions()
      .find(({ objects, outcome }) => objects > 5 && outcome === 'Success');
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { data } = await gateway.ask(
        'query ($id: ID!, $after: String) { jobSession(id: $id) { processedObjects(first: 2, after: $after) { nodes { objectId } pageInfo { hasNextPage endCursor } } } }',
        { id: session?.id, after },
      );
      const page = data.jobSession.processedObjects;
      seen.push(...page.nodes.map(({ objectId }: { objectId: string }) => objectId));
      after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor as string) : null;
    } while (after !== null);
    const { data } = await gateway.ask(
      'query ($id: ID!) { jobSession(id: $id) { progress processedObjects(first: 1000) { nodes { objectId } } } }',
      { id: session?.id },
    );
    expect(seen).toEqual(data.jobSession.processedObjects.nodes.map(({ objectId }: { objectId: string }) => objectId));
  });
});

describe.each(['v2', 'v4', 'v7', 'v8'])('the log under %s', (apiVersion) => {
  let nowMs = Date.UTC(2026, 10, 20, 12, 30);
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ apiVersion, simulator: { nowMs: () => nowMs } });
  });
  afterAll(() => gateway.close());

  const readLog = async (
    id: string,
    order: 'ASC' | 'DESC',
    between: () => void = () => undefined,
  ): Promise<number[]> => {
    const numbers: number[] = [];
    let after: string | null = null;
    do {
      const { data, errors } = await gateway.ask(
        'query ($id: ID!, $order: SortOrder, $after: String) { jobSession(id: $id) { log(first: 4, order: $order, after: $after) { nodes { sequenceNumber } pageInfo { hasNextPage endCursor } } } }',
        { id, order, after },
      );
      expect(errors).toBeUndefined();
      const { nodes, pageInfo } = data.jobSession.log;
      numbers.push(...nodes.map(({ sequenceNumber }: { sequenceNumber: number }) => sequenceNumber));
      after = pageInfo.hasNextPage ? (pageInfo.endCursor as string) : null;
      between();
    } while (after !== null);
    return numbers;
  };

  test('comes in both orders', async () => {
    const session = gateway.simulator.history
      .sessions()
      .find(
        ({ objects, outcome, job, end }) =>
          objects > 9 && outcome === 'Success' && job.kind === 'Backup' && end < BigInt(nowMs) * 10_000n,
      );
    const ascending = await readLog(session?.id ?? '', 'ASC');
    expect(ascending.slice(0, 3)).toEqual([1, 2, 1000]);
    expect(ascending).toHaveLength((session?.objects ?? 0) + 4);
    expect(await readLog(session?.id ?? '', 'DESC')).toEqual([...ascending].reverse());
  });

  test('comes in both orders in one operation', async () => {
    const id = 'be376069-2865-4156-a9bc-825cef7d687e';
    const { data } = await gateway.ask(
      `{ jobSession(id: "${id}") { up: log { nodes { sequenceNumber } } down: log(order: DESC) { nodes { sequenceNumber } } } }`,
    );
    expect(data.jobSession.up.nodes).toEqual([{ sequenceNumber: 1 }, { sequenceNumber: 2 }]);
    expect(data.jobSession.down.nodes).toEqual([{ sequenceNumber: 2 }, { sequenceNumber: 1 }]);
  });

  test('of a running session grows while it is read, and no line is shown twice or hidden', async () => {
    const { id } =
      gateway.simulator.history
        .sessions()
        .find(({ end, job }) => end > BigInt(nowMs) * 10_000n && job.kind === 'Backup') ?? {};
    const before = await readLog(id ?? '', 'ASC');
    const grow = (): void => {
      nowMs += 120_000;
    };
    const backwards = await readLog(id ?? '', 'DESC', grow);
    expect(backwards.slice(0, before.length)).toEqual([...before].reverse());
    const forwards = await readLog(id ?? '', 'ASC', grow);
    expect(forwards.slice(0, before.length)).toEqual(before);
    expect(forwards).toEqual([...new Set(forwards)].sort((a, b) => a - b));
    expect(forwards.length).toBeGreaterThan(before.length);
  });

  test('is narrowed to types', async () => {
    const session = gateway.simulator.history
      .sessions()
      .find(({ outcome, job, objects }) => outcome === 'Warning' && job.kind === 'Backup' && objects > 3);
    for (const types of [['WARNING'], ['WARNING', 'ERROR']]) {
      const { data, upstream } = await gateway.ask(
        'query ($id: ID!, $types: [LogItemType!]) { jobSession(id: $id) { log(types: $types) { nodes { type } } } }',
        { id: session?.id, types },
      );
      expect(data.jobSession.log.nodes.length).toBeGreaterThan(0);
      for (const { type } of data.jobSession.log.nodes) expect(type).toBe('WARNING');
      expect(upstream.at(-1)?.query['type']).toBe(apiVersion === 'v8' && types.length === 1 ? 'Warning' : undefined);
    }
  });
});

test('a log too long to be turned round is told as such', async () => {
  await withGateway({ apiVersion: 'v7', scanLimitRows: 1000 }, async (gateway) => {
    const id = 'be376069-2865-4156-a9bc-825cef7d687e';
    gateway.simulator.misbehave(
      ({ path, query }) => path.endsWith('/LogItems') && query['offset'] === '0' && query['limit'] === '1000',
      {
        body: {
          offset: 0,
          limit: 1000,
          results: Array.from({ length: 1000 }, (_, usn) => ({
            id: '00000000-0000-4000-8000-000000000000',
            usn,
            title: 'x',
          })),
        },
      },
    );
    const { data, errors } = await gateway.ask(`{ jobSession(id: "${id}") { id log(order: DESC) { nodes { id } } } }`);
    expect(data.jobSession).toEqual({ id, log: null });
    expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_RESPONSE_TOO_LARGE' } }]);
  });
});
