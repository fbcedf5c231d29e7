import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, TEST_NOW_MS, withGateway, type Data, type Gateway } from '../helpers/gateway.js';

/** Readers that pass on every `endCursor`, also that of an empty page, and those that begin with an empty text. */

const SESSION = 'a8cf9a63-64c3-4748-9c95-b1fbac0cce1d';
const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const INFO = 'edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
const ofSession = (list: string) => `jobSession(id: "${SESSION}") { list: ${list} { ${INFO} } }`;

/** Each connection of the graph, with `first` and `after` in place of `$`. */
const lists: [string, string][] = [
  ['jobSessions', `list: jobSessions($) { ${INFO} }`],
  ['filtered jobSessions', `list: jobSessions($, filter: { statuses: [WARNING, STOPPED] }) { ${INFO} }`],
  ['Job.sessions', `job(id: "${JOB}") { list: sessions($) { ${INFO} } }`],
  ['log', ofSession('log($)')],
  ['log, newest first', ofSession('log($, order: DESC)')],
  ['log of some types', ofSession('log($, types: [SUCCESS])')],
  ['processedObjects', ofSession('processedObjects($)')],
  ['jobs', `list: jobs($) { ${INFO} }`],
  ['filtered jobs', `list: jobs($, filter: { type: BACKUP }) { ${INFO} }`],
  ['organizations', `list: organizations($) { ${INFO} }`],
  ['backupRepositories', `list: backupRepositories($) { ${INFO} }`],
  ['proxies', `list: proxies($) { ${INFO} }`],
];

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

async function readPage(
  selection: string,
  after: string | null,
  of = gateway,
): Promise<{ list: Data; codes: unknown[] }> {
  const query = `query ($after: String) { ${selection.replace('$', 'first: 1000, after: $after')} }`;
  const { data, errors = [] } = await of.ask(query, { after });
  return { list: (data.jobSession ?? data.job ?? data).list, codes: errors.map(({ extensions }) => extensions.code) };
}

describe.each(lists)('%s', (_, selection) => {
  test('gives back the cursor when nothing is after it', async () => {
    const all = await readPage(selection, null);
    expect(all.list.edges.length).toBeGreaterThan(0);
    const { endCursor } = all.list.pageInfo;
    for (let time = 1; time <= 2; time += 1) {
      const { list, codes } = await readPage(selection, endCursor);
      expect({ list, codes }).toEqual({
        list: { edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor } },
        codes: [],
      });
    }
  });

  test('starts with its first row when `after` is an empty text', async () => {
    const fromStart = await readPage(selection, null);
    expect(await readPage(selection, '')).toEqual(fromStart);
    expect(fromStart.list.pageInfo.hasPreviousPage).toBe(false);
  });

  test('refuses a blank, which is no cursor', async () => {
    expect((await readPage(selection, ' ')).codes).toEqual(['BAD_USER_INPUT']);
  });
});

test('an empty text written into the document is none, beside null in one operation', async () => {
  const { data, errors } = await gateway.ask(
    `{ a: jobSessions(first: 2, after: "") { ${INFO} } b: jobSessions(first: 2, after: null) { ${INFO} } c: proxies(after: "") { ${INFO} } }`,
  );
  expect(errors).toBeUndefined();
  expect(data.a).toEqual(data.b);
  expect(data.c.pageInfo.hasPreviousPage).toBe(false);
});

test('an empty page has no cursor when none was given', async () => {
  const { list } = await readPage(`list: jobSessions($, filter: { statuses: [] }) { ${INFO} }`, '');
  expect(list).toEqual({
    edges: [],
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
  });
});

test('a page that the scan limit ended has a cursor further down, and the one after the end gives it back', async () => {
  await withGateway({ scanLimitRows: 1000, apiVersion: 'v5', simulator: { days: 120 } }, async (limited) => {
    const selection = `list: jobSessions($, filter: { statuses: [NOT_CONFIGURED] }) { scanLimitReached ${INFO} }`;
    const cursors: (string | null)[] = [];
    for (let after: string | null = ''; ;) {
      const { list } = await readPage(selection, after, limited);
      expect(list.edges).toEqual([]);
      expect(list.pageInfo.hasPreviousPage).toBe(after !== '');
      cursors.push(list.pageInfo.endCursor as string | null);
      if (!list.pageInfo.hasNextPage) break;
      after = cursors.at(-1) ?? null;
    }
    expect(cursors.length).toBeGreaterThan(2);
    expect(cursors.at(-1)).toBe(cursors.at(-2));
    expect(new Set(cursors).size).toBe(cursors.length - 1);
  });
});

test('a tail of a log that grows shows each line once', async () => {
  let nowMs = TEST_NOW_MS;
  await withGateway({ simulator: { days: 1, nowMs: () => nowMs } }, async (growing) => {
    const { id } = growing.simulator.history.insert(JOB, 60, 24);
    const shown: string[] = [];
    let after: string | null = '';
    for (let second = 0; second <= 75; second += 5) {
      nowMs = TEST_NOW_MS + second * 1000;
      const { data } = await growing.ask(
        'query ($id: ID!, $after: String) { jobSession(id: $id) { log(first: 7, after: $after) { nodes { id } pageInfo { endCursor } } } }',
        { id, after },
      );
      const { nodes, pageInfo }: Data = data.jobSession.log;
      shown.push(...nodes.map((line: Data) => line.id as string));
      after = pageInfo.endCursor as string | null;
    }
    expect(shown).toHaveLength(24);
    expect(new Set(shown).size).toBe(24);
  });
});
