import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { createCompiler } from '../src/graph/compiled.js';
import { buildSchema } from '../src/graph/schema.js';
import { startGateway, type Gateway } from './helpers/gateway.js';

/** Documents that come again are compiled: what they are answered with is the same, and nothing of a caller's becomes code. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const schema = buildSchema();

/** The second time, as the first time a document is only remembered. */
function isCompiled(text: string): boolean {
  const { find: compiledOf } = createCompiler(schema);
  const document = parse(text);
  expect(compiledOf(document)).toBeNull();
  return compiledOf(document) !== null;
}

test.each([
  'query ($id: ID!) { jobSession(id: $id) { id status job { name } } }',
  'query ($n: Int = 5) { recent: jobSessions(first: $n, filter: { type: BACKUP, statuses: [FAILED] }) { nodes { ...F } } } fragment F on JobSession { id }',
  'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Job { name } } }',
  '{ organizations { nodes { name } } }',
  'query ($f: JobSessionFilter, $t: JobType) { jobSessions(first: 3, filter: { type: $t }) { nodes { id } } b: jobSessions(filter: $f) { nodes { id } } }',
])('compiled: %s', (text) => {
  expect(isCompiled(text)).toBe(true);
});

test.each([
  ['a text in an argument', `{ jobSession(id: "${SESSION}") { id } }`],
  ['a block text', `{ jobSession(id: """${SESSION}""") { id } }`],
  ['a text as a default', `query ($id: ID = "${SESSION}") { job(id: $id) { id } }`],
  ['a text in an object', '{ jobSessions(filter: { jobId: "x" }) { nodes { id } } }'],
  ['a text in a list', '{ _entities(representations: ["x"]) { __typename } }'],
  [
    'a word in a reference',
    '{ _entities(representations: [__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74dfoo]) { __typename } }',
  ],
  [
    'a reference in parts',
    'query ($id: ID!) { _entities(representations: [{ __typename: Job, id: $id }]) { __typename } }',
  ],
  [
    'a variable in a list',
    'query ($s: JobSessionStatus!) { jobSessions(filter: { statuses: [FAILED, $s] }) { nodes { id } } }',
  ],
  ['a variable that every object has', 'query ($__proto__: Int) { jobSessions(first: $__proto__) { nodes { id } } }'],
  ['a condition', 'query ($a: Boolean!) { jobs { nodes { id name @include(if: $a) } } }'],
  [
    'a fragment that is spread twice',
    '{ jobs { nodes { ...F } } job: jobs { nodes { ...F } } } fragment F on Job { id }',
  ],
  [
    'fragments that spread each other twice',
    `{ jobs { nodes { ...F0 } } } ${Array.from({ length: 40 }, (_, n) => `fragment F${n} on Job { id ...F${n + 1} ...F${n + 1} }`).join(' ')} fragment F40 on Job { id }`,
  ],
  ['a number with a fraction', '{ jobSessions(first: 1.5) { nodes { id } } }'],
  ['an alias that code reads otherwise', '{ __proto__: organizations { nodes { id } } }'],
  ['an alias that joins with another name', '{ job_name: organizations { nodes { id } } }'],
  ['an alias as lists are numbered', '{ idx0: organizations { nodes { id } } }'],
  ['the schema', '{ __schema { types { name } } }'],
  ['several operations', 'query A { __typename } query B { __typename }'],
])('not compiled: %s', (_, text) => {
  expect(isCompiled(text)).toBe(false);
});

test('a text that graphql-jit takes for a date of its own is no code, however often it comes', () => {
  const { find: compiledOf } = createCompiler(schema);
  const name = 'compiledTextRan';
  const text = `{ job(id: "__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d0),x:(globalThis.${name}=1") { id } }`;
  const document = parse(text);
  for (let time = 0; time < 3; time += 1) expect(compiledOf(document)).toBeNull();
  expect(name in globalThis).toBe(false);
});

describe('the third answer is the first one', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
    const { simulator } = gateway;
    simulator.misbehave(({ path }) => path.startsWith('Proxies'), { status: 403 });
    simulator.misbehave(({ path, query }) => path === 'BackupRepositories' && query['limit'] !== undefined, {
      body: { offset: 0, limit: 1000, results: [{ id: 'none' }, { id: SESSION, name: 7, capacityBytes: 2 ** 60 }] },
    });
  });
  afterAll(() => gateway.close());

  const fields =
    'id status creationTime endTime durationSeconds type statistics { processingRateBytesPerSecond bottleneck }';
  test.each<[string, string, Record<string, unknown>]>([
    ['a session', `query ($id: ID!) { jobSession(id: $id) { ${fields} job { id name } } }`, { id: SESSION }],
    ['a bad id', 'query ($id: ID!) { jobSession(id: $id) { id } backupServer { apiVersion } }', { id: 'none' }],
    ['no such session', 'query ($id: ID!) { jobSession(id: $id) { id } }', { id: SESSION.replace('be', '00') }],
    ['a variable that is missing', 'query ($id: ID!) { jobSession(id: $id) { id } }', {}],
    ['a variable of another type', 'query ($n: Int) { jobSessions(first: $n) { nodes { id } } }', { n: 'x' }],
    [
      'a nested variable',
      'query ($f: JobSessionFilter) { jobSessions(filter: $f) { nodes { id } } }',
      { f: { type: 1 } },
    ],
    ['a count out of range', 'query ($n: Int) { jobSessions(first: $n) { nodes { id } } }', { n: 5000 }],
    [
      'skipped and included',
      'query ($a: Boolean!, $b: Boolean!) { jobSessions(first: 2) { nodes { id @skip(if: $a) status @include(if: $b) job @include(if: $b) { name } } } }',
      { a: true, b: false },
    ],
    [
      'sessions, jobs and logs',
      `query { jobSessions(first: 5) { nodes { ${fields} job { name organization { name } } log(first: 3) { nodes { message durationSeconds } } } pageInfo { hasNextPage endCursor } } }`,
      {},
    ],
    ['edges', 'query { jobSessions(first: 3) { edges { cursor node { id } } scanLimitReached } }', {}],
    [
      'a relation that is refused',
      'query { jobs { nodes { name repository { proxy { hostName } } } } proxies { nodes { id } } }',
      {},
    ],
    ['rows and fields that cannot be read', 'query { backupRepositories { nodes { id name capacityBytes } } }', {}],
    [
      'references that are refused early and late',
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Job { name } ... on Proxy { hostName } ... on JobSession { status } } }',
      {
        r: [
          { __typename: 'Proxy', id: SESSION },
          { __typename: 'JobSession', id: SESSION },
          { __typename: 'Proxy', id: SESSION.replace('be', '11') },
          { __typename: 'Job', id: '00b96531-1a68-4c90-a398-91141ffedb3b' },
        ],
      },
    ],
    [
      'an empty list for an object',
      'query ($f: JobSessionFilter) { jobSessions(filter: $f) { nodes { id } } }',
      { f: [] },
    ],
    [
      'fragments under conditions',
      'query ($a: Boolean!, $b: Boolean!) { jobs { nodes { id ...F @include(if: $a) ...F @include(if: $b) } } } fragment F on Job { name }',
      { a: false, b: true },
    ],
    [
      'references, bad ones among them',
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on JobSession { status } ... on Job { name } } }',
      {
        r: [
          { __typename: 'JobSession', id: SESSION },
          { __typename: 'Job', id: 'none' },
          { __typename: 'Nothing', id: SESSION },
          { __typename: 'Job', id: '00b96531-1a68-4c90-a398-91141ffedb3b' },
        ],
      },
    ],
  ])('%s', async (_, query, variables) => {
    const answers = [];
    for (let time = 0; time < 3; time += 1) {
      const { status, text, upstream } = await gateway.ask(query, variables);
      const paths = upstream.map(({ path }) => path).sort();
      answers.push({ status, answer: JSON.parse(text.replaceAll(/"requestId":"[^"]*"/g, '"requestId":""')), paths });
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(Object.keys(answers[0]?.answer as object).length).toBeGreaterThan(0);
  });
});
