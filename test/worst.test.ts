import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { parse, validate } from 'graphql';
import { createDocumentCheck } from '../src/graph/documentLimits.js';

/** `scripts/worst/`, the search for documents that block the event loop: what it sends, its server, and one short run. */

// Paths in variables, as scripts have no types.
const [seedsPath, schemaPath, serverPath, randomPath, candidatesPath, mutationsPath] = [
  'seeds/index',
  'schema',
  'server',
  'random',
  'candidates',
  'mutations',
].map((name) => `../scripts/worst/${name}.mjs`) as [string, string, string, string, string, string];

const { seeds, validSeeds } = await import(seedsPath);
const { schema } = await import(schemaPath);
const checkDocument = createDocumentCheck();

const isLegal = (query: string): boolean =>
  checkDocument(query) === null && validate(schema, parse(query)).length === 0;

test('every seed that fits the schema is within the limits on documents when it is small', () => {
  const illegal = (validSeeds as string[]).filter((name) => !isLegal(seeds[name](0.01).query));
  expect(illegal).toEqual([]);
});

test('most mutations of legal documents are legal, and not the document that they began with', async () => {
  const { createRandom } = await import(randomPath);
  const { createBreeder, fromSeed } = await import(candidatesPath);
  const { createMutations } = await import(mutationsPath);
  const random = createRandom(1);
  const breeder = createBreeder(random, createMutations(random, {}));
  const parents = ['allOfSessions', 'allOfJobs', 'cursors', 'overlapFragments'].map((name) => fromSeed(name, 0.02));
  const children = Array.from({ length: 200 }, (_, index) => breeder.mutate(parents[index % 4], parents, false));
  const legal = children.filter((child) => child && isLegal(child.query));
  expect(legal.length).toBeGreaterThan(100);
  expect(new Set(legal.map(({ query }) => query)).size).toBeGreaterThan(80);
});

let server: { origin: string; close: () => Promise<void> };
beforeAll(async () => {
  server = await (await import(serverPath)).startServer();
});
afterAll(() => server.close());

async function read(path: string, token: string | null): Promise<{ status: number; body: any }> {
  const response = await fetch(`${server.origin}${path}`, {
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });
  return { status: response.status, body: await response.json() };
}

test.each([
  ['JobSessions', 1000],
  ['Jobs', 2500],
  ['CopyJobs', 500],
  ['Organizations', 1000],
  ['BackupRepositories', 300],
  ['Proxies', 100],
])('the fake server serves all rows of %s in pages', async (collection, count) => {
  const last = count - 10;
  const { body } = await read(`/v8/${collection}?offset=${last}&limit=1000`, 'plain-1');
  expect(body.results).toHaveLength(10);
  expect(body._links.next).toBeUndefined();
  const [row] = body.results;
  expect((await read(`/v8/${collection}/${row.id}`, 'plain-1')).body).toEqual(row);
});

test('the fake server misbehaves as the token asks', async () => {
  expect((await read('/v8/Jobs', 'forbidden-1')).status).toBe(403);
  expect((await read('/v8/Jobs', null)).status).toBe(401);
  expect((await read('/v8/Jobs', 'arrays-1')).body).toHaveLength(2500);
  expect((await read('/v8/Jobs?limit=1', 'badRows-1')).body.results[0].id).toBe('none');
});

test('a short search measures documents of every category and exits 0 when they meet the goals', async () => {
  const goals = ['--token-goal-ms', '1000000', '--no-token-goal-ms', '1000000'];
  const options = [
    '--minutes',
    '0.08',
    '--seed',
    '1',
    '--top',
    '1',
    '--copies',
    '2',
    '--families',
    'directives,comment',
    ...goals,
  ];
  const search = spawn(process.execPath, ['scripts/worst/run.mjs', ...options]);
  const [output, errors, [code]] = await Promise.all([text(search.stdout), text(search.stderr), once(search, 'exit')]);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  const titles = [...output.matchAll(/^## (.*)$/gm)].map(([, title]) => title);
  expect(titles).toEqual([
    'token, longest block',
    'token, most memory',
    'no token, longest block',
    'no token, most memory',
  ]);
  expect(output.match(/\| 200 [^|]* \| \[(directives|comment) at /g)?.length).toBeGreaterThan(0);
}, 60_000);
