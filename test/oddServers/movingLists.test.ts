import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadConfig } from '../../src/config/load.js';
import { listJobs } from '../../src/graph/collectionFields.js';
import type { Connection } from '../../src/graph/connectionPage.js';
import { createContext, type Context } from '../../src/graph/context.js';
import { readLog, readProcessedObjects } from '../../src/graph/sessionFields.js';
import { readSessions } from '../../src/graph/sessions.js';
import { createSummary } from '../../src/graph/summary.js';
import { openWholeLog } from '../../src/graph/wholeLog.js';
import { jobSessions } from '../../src/upstream/resources/jobSession.js';
import { createUpstreamServer, type UpstreamServer } from '../../src/upstream/server.js';
import { JOB_IDS, MovingServer, SESSION_ID, type Habits, type Item, type ListKind } from '../helpers/movingServer.js';

/** Rows move under the reader. FC_RUNS=2000 looks longer, FC_SEED elsewhere. */
const parameters = { numRuns: Number(process.env['FC_RUNS'] ?? 100), seed: Number(process.env['FC_SEED'] ?? 365) };

const silent = (): void => undefined;
const { config } = loadConfig({}, [], []);
const options = {
  ...config,
  origin: 'http://127.0.0.1:1', // nothing is sent: each test answers in its place
  trust: { by: 'system' } as const,
  maxRequests: 5000,
};
let real: UpstreamServer;
beforeAll(() => {
  real = createUpstreamServer(options, { debug: silent, info: silent, warn: silent, error: silent });
});
afterAll(() => {
  real.close();
});

type Row = Readonly<{ id: string }>;

const room = { isReserved: true, estimate: silent, check: silent, reserve: silent, addTexts: silent };

/** Runs one operation of a caller. */
async function operate<T>(server: UpstreamServer, use: (context: Context) => Promise<T>): Promise<T> {
  const operation = server.begin({ requestId: 'r', token: 't' });
  try {
    return await use(createContext(server, operation, createSummary(), null, room));
  } finally {
    operation.end();
  }
}

type ReadPage = (context: Context, after: string | null) => Promise<Connection<Row>>;

/** Reads a list as a client does: page after page by cursor, each page an operation of its own. */
async function readAll(server: UpstreamServer, readPage: ReadPage): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < 500; page += 1) {
    const cursor: string | null = after;
    const { nodes, pageInfo }: Connection<Row> = await operate(server, (context) => readPage(context, cursor));
    for (const node of nodes) {
      if (node instanceof Error) throw node;
      ids.push(node.id);
    }
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
  }
  throw new Error('the list does not end');
}

async function download(server: UpstreamServer): Promise<string[]> {
  const ids: string[] = [];
  for await (const lines of openWholeLog(server, { requestId: 'r', token: 't' }, SESSION_ID).pages) {
    for (const line of lines) {
      if (line instanceof Error) throw line;
      ids.push(line.id);
    }
  }
  return ids;
}

const versions = ['v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8'] as const;
const moves = fc.array(fc.record({ kind: fc.constantFrom('start', 'delete', 'end'), at: fc.nat(200) }), {
  maxLength: 4,
});
const habits: fc.Arbitrary<Habits> = fc.record({
  version: fc.constantFrom(...versions),
  capRows: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(10_000)),
  signs: fc.constantFrom('next', 'totalCount', 'both', 'limit', 'always', 'beyond'),
  honoursFilters: fc.boolean(),
  honoursOrder: fc.boolean(),
  moves: fc.array(moves, { maxLength: 60 }),
});
const cases = fc.record({
  length: fc.nat(120),
  habits,
  first: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(1000)),
});
type Case = Readonly<{ length: number; habits: Habits; first: number }>;

type Reading = Readonly<{
  kind: ListKind;
  matches: (item: Item) => boolean;
  order: 'ASC' | 'DESC' | null;
  read: (server: UpstreamServer, first: number) => Promise<string[]>;
}>;

/** Reads a list while it moves, and compares with what was there all the time. */
async function check({ kind, matches, order, read }: Reading, { length, habits, first }: Case): Promise<void> {
  if (kind === 'objects' && habits.version < 'v7') return; // which serve none
  const moving = new MovingServer(kind, length, habits);
  const before = moving.list.items.filter(matches).map(({ id }) => id);
  const ids = await read(moving.inPlaceOf(real), first);
  const after = new Map(moving.list.items.map((item) => [item.id, item]));
  const isThere = (id: string): boolean => {
    const item = after.get(id);
    return item !== undefined && matches(item);
  };
  expect(before.filter((id) => isThere(id) && !ids.includes(id))).toEqual([]);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  expect(ids.filter((id) => after.has(id) && !isThere(id))).toEqual([]);
  if (order === null) return;
  const sorted = [...ids].sort();
  expect(ids).toEqual(order === 'ASC' ? sorted : sorted.reverse());
}

const sessionsBy = (filter: Parameters<typeof readSessions>[2], matches: Reading['matches']): Reading => ({
  kind: 'sessions',
  matches,
  order: 'DESC',
  read: (server, first) => readAll(server, ({ loaders }, after) => readSessions(loaders, { first, after }, filter)),
});
const logIn = (order: 'ASC' | 'DESC', types: ('SUCCESS' | 'WARNING')[] | null): Reading => ({
  kind: 'log',
  matches: ({ status }) => types === null || types.some((type) => type === status.toUpperCase()),
  order,
  read: (server, first) =>
    readAll(server, (context, after) =>
      readLog(context, context.loaders.referTo(jobSessions, SESSION_ID), { first, after, order, types }),
    ),
});
const objects: Reading = {
  kind: 'objects',
  matches: () => true,
  order: null,
  read: async (server) => {
    const page = await operate(server, (context) =>
      readProcessedObjects(context, context.loaders.referTo(jobSessions, SESSION_ID), { first: 1000 }),
    );
    return (page?.nodes ?? []).map((node) => (node instanceof Error ? 'an error' : node.id));
  },
};
const [jobId] = JOB_IDS;

describe('a list that moves gives each row that stays once', () => {
  test.each<[string, Reading]>([
    ['sessions', sessionsBy({}, () => true)],
    ['sessions of a job', sessionsBy({ jobId }, (item) => item.jobId === jobId)],
    ['sessions of one status', sessionsBy({ statuses: ['SUCCESS'] }, ({ status }) => status === 'Success')],
    [
      'sessions of several statuses',
      sessionsBy({ statuses: ['SUCCESS', 'RUNNING'] }, ({ status }) => status !== 'Warning'),
    ],
    ['a log', logIn('ASC', null)],
    ['a log, newest first', logIn('DESC', null)],
    ['a log of one type', logIn('ASC', ['SUCCESS'])],
    ['a log of two types, newest first', logIn('DESC', ['SUCCESS', 'WARNING'])],
    ['a download', { kind: 'log', matches: () => true, order: 'ASC', read: (server) => download(server) }],
    ['processed objects of one answer', objects],
    [
      'jobs',
      {
        kind: 'jobs',
        matches: () => true,
        order: null,
        read: (server, first) => readAll(server, (context, after) => listJobs(context, { first, after }, {})),
      },
    ],
  ])(
    '%s',
    async (_, reading) => {
      await fc.assert(
        fc.asyncProperty(cases, (example) => check(reading, example)),
        parameters,
      );
    },
    600_000, // of thousands of runs
  );
});
