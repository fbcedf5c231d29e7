import { afterEach, describe, expect, jest, test } from '@jest/globals';
import DataLoader from 'dataloader';
import { filterRows, mergeRows, readCollectionPage, sortRows, type SortedRows } from '../src/graph/collection.js';
import { listOf, readConnection } from '../src/graph/connection.js';
import { distinct } from '../src/graph/distinct.js';
import type { JobSessionStatus } from '../src/graph/generated.js';
import { createLoaders } from '../src/graph/loaders.js';
import { createOnce } from '../src/graph/once.js';
import { readSessions, type SessionLists } from '../src/graph/sessions.js';
import type { Api } from '../src/upstream/api.js';
import { UpstreamError } from '../src/upstream/errors.js';
import type { List } from '../src/upstream/list.js';
import { isEarlierThan, sortKey } from '../src/upstream/moment.js';
import { Reader } from '../src/upstream/raw.js';
import { proxies } from '../src/upstream/resources/proxy.js';
import { mapInSlices, sortIndicesInSlices } from '../src/upstream/slices.js';
import { withGateway } from './helpers/gateway.js';

/** Work that fields of one operation have in common is done once, and others get a turn while it takes long. */

const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');
const idOf = (index: number): string => `11111111-1111-4111-8111-${String(index).padStart(12, '0')}`;

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a collection that many root fields ask for', () => {
  const ROWS = 900;
  const body = {
    offset: 0,
    limit: 1000,
    results: Array.from({ length: ROWS }, (_, index) => ({
      id: idOf(index),
      name: `Counted ${(index * 7919) % ROWS}`,
      isEnabled: true,
    })),
  };

  test('is normalized and keyed once for each row', async () => {
    await withGateway({}, async ({ ask, simulator }) => {
      simulator.misbehave(({ path }) => path === 'Jobs', { body });
      simulator.misbehave(({ path }) => path === 'CopyJobs', { body: [] });
      const readId = jest.spyOn(Reader.prototype, 'id');
      const lowerCase = jest.spyOn(String.prototype, 'toLowerCase');
      const { data, errors, upstream } = await ask(
        `{ ${many(190, (n) => `a${n}: jobs(first: ${n + 1}, filter: { isEnabled: ${n % 2 === 0} }) { nodes { name } }`)} }`,
      );
      const keyed = lowerCase.mock.contexts.filter((text) => String(text).startsWith('Counted')).length;
      expect(errors).toBeUndefined();
      expect(upstream).toHaveLength(2);
      expect(data.a188.nodes).toHaveLength(189);
      expect(data.a189.nodes).toHaveLength(0);
      expect(data.a0.nodes).toEqual([{ name: 'Counted 0' }]);
      expect({ normalized: readId.mock.calls.length, keyed }).toEqual({ normalized: ROWS, keyed: ROWS });
    });
  });

  test('is paged by key: rows before a cursor are not looked at', async () => {
    let keyed = 0;
    const rows = Array.from({ length: 5000 }, (_, index) => ({ id: idOf(index) }));
    const keyOf = ({ id }: { id: string }): string => {
      keyed += 1;
      return id;
    };
    const sorted = await sortRows(rows, keyOf, () => Promise.resolve());
    expect(keyed).toBe(5000);
    const read = (): Promise<SortedRows<{ id: string }>> => Promise.resolve(sorted);
    const last = await readCollectionPage({ listName: () => 'list0000', keyOf, read }, { first: 1000 });
    const after = last.pageInfo.endCursor;
    const before = keyed;
    for (let times = 0; times < 100; times += 1) {
      const { nodes } = await readCollectionPage({ listName: () => 'list0000', keyOf, read }, { first: 1, after });
      expect(nodes).toEqual([{ id: idOf(1000) }]);
    }
    expect(keyed).toBe(before);
  });

  test('goes on at its place when the row of a cursor is gone, and ends with rows that cannot be read', async () => {
    const bad = new UpstreamError({ fault: 'badResponse', resource: 'job' });
    const keyOf = ({ id }: { id: string }): string => id;
    const page = async (ids: number[], after: string | null): ReturnType<typeof readCollectionPage<{ id: string }>> => {
      const rows = [bad, ...ids.map((index) => ({ id: idOf(index) }))];
      const read = (): Promise<SortedRows<{ id: string }>> => sortRows(rows, keyOf, () => Promise.resolve());
      return readCollectionPage({ listName: () => 'list0000', keyOf, read }, { first: 2, after });
    };
    const first = await page([4, 3, 2, 1], null);
    expect(first.nodes).toEqual([{ id: idOf(1) }, { id: idOf(2) }]);
    const second = await page([4, 3, 1, 0], first.pageInfo.endCursor);
    expect(second.nodes).toEqual([{ id: idOf(3) }, { id: idOf(4) }]);
    const third = await page([4, 3, 1], second.pageInfo.endCursor);
    expect(third.nodes).toEqual([bad]);
    expect(third.pageInfo.hasNextPage).toBe(false);
  });
});

describe('others get a turn', () => {
  const count = (): { turns: number; yieldToOthers: () => Promise<void> } => {
    const counted = {
      turns: 0,
      yieldToOthers: () => {
        counted.turns += 1;
        return Promise.resolve();
      },
    };
    return counted;
  };
  const rows = Array.from({ length: 10_000 }, (_, index) => ({ id: idOf((index * 7919) % 10_000) }));
  const keyOf = ({ id }: { id: string }): string => id;

  test('while a long list is converted, sorted, filtered and merged', async () => {
    const converting = count();
    expect(await mapInSlices(rows, keyOf, converting.yieldToOthers)).toHaveLength(10_000);
    const sorting = count();
    const sorted = await sortRows(rows, keyOf, sorting.yieldToOthers);
    expect(sorted.keys).toEqual(rows.map(keyOf).toSorted());
    const filtering = count();
    const odd = await filterRows(sorted, ({ id }) => Number(id.slice(-1)) % 2 === 1, filtering.yieldToOthers);
    const even = await filterRows(
      sorted,
      async ({ id }) => Promise.resolve(Number(id.slice(-1)) % 2 === 0),
      filtering.yieldToOthers,
    );
    expect(odd.rows).toHaveLength(5000);
    const merging = count();
    expect(await mergeRows(odd, even, merging.yieldToOthers)).toEqual(sorted);
    for (const { turns } of [converting, sorting, filtering, merging]) expect(turns).toBeGreaterThanOrEqual(9);
  });

  test('and a short list needs none', async () => {
    const { turns, yieldToOthers } = count();
    await sortRows(rows.slice(0, 1000), keyOf, yieldToOthers);
    expect(turns).toBe(0);
  });

  test('and equal rows keep their order', async () => {
    const order = await sortIndicesInSlices(
      20_000,
      (a, b) => (a % 3) - (b % 3),
      () => Promise.resolve(),
    );
    const expected = [0, 1, 2].flatMap((rest) =>
      Array.from({ length: 20_000 }, (_, n) => n).filter((n) => n % 3 === rest),
    );
    expect(order).toEqual(expected);
  });
});

test('parts of a page are made once, however many aliases ask for them', async () => {
  let named = 0;
  const source = {
    listName: () => {
      named += 1;
      return 'list0000';
    },
    open: () => Promise.resolve(listOf([{ id: idOf(1) }])),
    order: null,
    keeps: () => true,
    ignoredFilter: () => null,
    identify: ({ id }: { id: string }) => id,
    isUnique: true,
    resource: 'jobSession' as const,
    notice: () => undefined,
    scanLimitRows: 10,
  };
  const page = await readConnection(source, {});
  expect(page.nodes).toBe(page.nodes);
  expect(named).toBe(0); // the query asks for no cursor
  expect(page.edges).toBe(page.edges);
  expect(page.pageInfo).toBe(page.pageInfo);
  expect(named).toBe(1);
});

test('equal pages of sessions and of a log are read once', async () => {
  let opened = 0;
  const open = (): Promise<List<never>> => {
    opened += 1;
    return Promise.resolve(listOf<never>([]));
  };
  const lists: SessionLists = {
    openSessions: open,
    openNothing: open,
    once: createOnce(),
    tell: () => undefined,
    api: { scanLimitRows: 10, notice: () => undefined },
  };
  const read = (first: number, statuses: JobSessionStatus[]): Promise<unknown> =>
    readSessions(lists, { first }, { statuses });
  const page = read(3, ['FAILED', 'SUCCESS']);
  await Promise.all([page, read(3, ['SUCCESS', 'FAILED', 'SUCCESS']), read(3, ['FAILED', 'SUCCESS'])]);
  expect(opened).toBe(1);
  await read(4, ['FAILED', 'SUCCESS']);
  expect(opened).toBe(2);
});

test('a whole list that is looked through under many filters is primed once', async () => {
  await withGateway({ apiVersion: 'v4' }, async ({ ask, simulator }) => {
    await ask('{ backupServer { apiVersion } }');
    const rows = Array.from({ length: 1200 }, (_, index) => ({
      id: idOf(index),
      creationTime: '2026-01-01T00:00:00Z',
      endTime: '2026-01-01T00:01:00Z',
      status: 'Success',
    }));
    simulator.misbehave(({ path }) => path === 'JobSessions', { body: rows });
    const prime = jest.spyOn(DataLoader.prototype, 'prime');
    const { data, errors } = await ask(
      `{ ${many(50, (n) => `a${n}: jobSessions(first: 1, filter: { endedAfter: "2026-02-01T00:00:${n + 10}Z" }) { nodes { id } }`)} }`,
    );
    expect(errors).toBeUndefined();
    expect(data.a49.nodes).toEqual([]);
    expect(prime).toHaveBeenCalledTimes(1200);
  });
});

test('a field is worked out once for each row, however many aliases ask for it', async () => {
  await withGateway({}, async ({ ask }) => {
    const parse = jest.spyOn(Date, 'parse');
    const readId = jest.spyOn(Reader.prototype, 'id');
    const { data, errors } = await ask(
      `{ jobSessions(first: 30) { nodes { ${many(20, (n) => `d${n}: durationSeconds j${n}: job { id }`)} } } }`,
    );
    expect(errors).toBeUndefined();
    const nodes = data.jobSessions.nodes as Record<string, unknown>[];
    expect(nodes[29]?.['d19']).toEqual(expect.any(Number));
    expect(nodes[29]?.['j19']).toEqual(nodes[29]?.['j0']);
    const moments = parse.mock.calls.filter(([text]) => /^\d{4}-.*:\d\dZ$/.test(text)).length;
    expect(moments).toBeLessThanOrEqual(2 * 30);
    expect(readId.mock.calls.length).toBeLessThanOrEqual(31 + 30); // the rows, and a job for each at the most
  });
});

test('many records that refer to one thing wait for one promise', async () => {
  const isLoaded = { value: 0 };
  const api = {
    recall: () => undefined,
    keep: () => {
      isLoaded.value += 1;
    },
    requestsLeft: () => 100,
    readItem: (_: unknown, id: string) => Promise.resolve({ id }),
  } as unknown as Api;
  const loaders = createLoaders(api);
  const [first, second] = [loaders.relate(proxies, idOf(1)), loaders.relate(proxies, idOf(1))];
  expect(first).toBe(second);
  expect(loaders.relateJob(idOf(1), 'BACKUP')).toBe(loaders.relateJob(idOf(1), 'BACKUP'));
  expect(loaders.relateJob(idOf(1), 'BACKUP')).not.toBe(loaders.relateJob(idOf(1), 'COPY'));
  await first;
  expect(isLoaded.value).toBe(1);
});

test('a moment is earlier than another one as their sort keys are, and needs a key within one second alone', () => {
  const moments = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.05Z', '2026-01-01T00:00:01Z'];
  for (const bound of moments) {
    const isEarlier = isEarlierThan(bound);
    for (const moment of moments) expect(isEarlier(moment)).toBe(sortKey(moment) < sortKey(bound));
  }
  const pad = jest.spyOn(String.prototype, 'padEnd');
  expect(isEarlierThan('2026-01-01T00:00:00Z')('2025-12-31T23:59:59.9Z')).toBe(true);
  expect(pad).toHaveBeenCalledTimes(1); // the bound's own
});

describe('a list of equal values', () => {
  test('is looked through once', () => {
    let walks = 0;
    const list = Array.from({ length: 20_000 }, () => 'FAILED');
    const values = list[Symbol.iterator].bind(list);
    Object.defineProperty(list, Symbol.iterator, {
      value: () => {
        walks += 1;
        return values();
      },
    });
    for (let row = 0; row < 1000; row += 1) expect(distinct(list)).toEqual(['FAILED']);
    expect(walks).toBe(1);
  });

  test('is one value for the server, for the list and for its cursors', async () => {
    await withGateway({}, async ({ ask, token }) => {
      const query = `query ($s: [JobSessionStatus!], $after: String, $t: [LogItemType!]) {
        jobSessions(first: 2, after: $after, filter: { statuses: $s }) { pageInfo { endCursor } nodes { id log(first: 1, types: $t) { nodes { id } } } }
      }`;
      const repeated = { s: Array(100).fill('FAILED'), t: Array(100).fill('ERROR') };
      const first = await ask(query, repeated, { token });
      expect(first.errors).toBeUndefined();
      const [list] = first.upstream.filter(({ path }) => path === 'JobSessions');
      expect(list?.query).toMatchObject({ status: 'Failed', limit: '3' });
      const after = first.data.jobSessions.pageInfo.endCursor as string;
      const second = await ask(query, { s: ['FAILED'], t: ['ERROR'], after }, { token });
      expect(second.errors).toBeUndefined();
      expect(second.data.jobSessions.nodes).toHaveLength(2);
    });
  });
});

test('a link of megabytes is null, and is not split', () => {
  const split = jest.spyOn(String.prototype, 'split');
  const read = (href: string): unknown =>
    new Reader({ _links: { job: { href } } }, { resource: 'jobSession' }, () => undefined).link('job');
  expect(read(`/v5/Jobs/${idOf(1)}`)).toEqual({ collection: 'jobs', id: idOf(1) });
  split.mockClear();
  expect(read('/'.repeat(3_000_000))).toBeNull();
  expect(split).not.toHaveBeenCalled();
});
