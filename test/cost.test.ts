import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { getNamedType, isObjectType, Kind, parse } from 'graphql';
import { costOf, type Cost } from '../src/graph/cost.js';
import { prices } from '../src/graph/prices.js';
import { buildSchema } from '../src/graph/schema.js';
import { startGateway, withGateway, type Gateway, type GraphError } from './helpers/gateway.js';

/** What an operation can cost is told before it is begun, and is what it costs at the most. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const schema = buildSchema();

function costIn(query: string, variableValues: Record<string, unknown> = {}): Cost {
  const document = parse(query);
  const [operation] = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('no operation');
  const fragments = Object.fromEntries(
    document.definitions
      .filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((node) => [node.name.value, node]),
  );
  return costOf(schema, operation, { fragments, variableValues }, 1000);
}

const requestsOf = (query: string, variables?: Record<string, unknown>): number => costIn(query, variables).requests;

test('every field that leads to another thing of the server has a price, and no other has', () => {
  const free =
    /^(Query\.(backupServer|_service|_entities)|PageInfo|.*Edge\.node|.*Connection\.(nodes|edges|pageInfo)|JobSession\.statistics|Job\.schedulePolicy)/;
  const expected = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) =>
      isObjectType(type)
        ? Object.values(type.getFields())
            .filter((field) => isObjectType(getNamedType(field.type)))
            .map((field) => `${type.name}.${field.name}`)
        : [],
    )
    .filter((name) => !free.test(name));
  const leaves = ['BackupServer.productVersion', 'BackupServer.installationId'];
  expect(Object.keys(prices).sort()).toEqual([...expected, ...leaves].sort());
});

describe('counted from the document and its variables', () => {
  test.each<[string, number]>([
    ['{ __typename backupServer { apiVersion } }', 0],
    [`{ jobSession(id: "${SESSION}") { id statistics { bottleneck } job { name } } }`, 2],
    [`{ jobSession(id: "${SESSION}") { job { id ...I } } } fragment I on Job { __typename }`, 1],
    [`{ a: jobSession(id: "${SESSION}") { id } b: jobSession(id: "${SESSION}") { job { name } } }`, 2],
    ['{ jobSessions(first: 50) { nodes { job { name } } } }', 3],
    ['{ jobSessions(first: 50) { edges { node { job { organization { name } repository { name } } } } } }', 5],
    ['{ jobSessions(first: 20) { nodes { log { nodes { message } } } edges { node { log { nodes { id } } } } } }', 21],
    ['{ jobSessions(first: 20) { nodes { a: log { nodes { id } } b: log(first: 5) { nodes { id } } } } }', 41],
    ['{ jobSessions(first: 20) { nodes { log { nodes { id } } job { name } } } }', 23],
    ['{ jobSessions { nodes { processedObjects { nodes { objectId } } } } }', 31],
    ['{ jobSessions(first: 0) { nodes { log { nodes { id } } } } }', 31],
    ['{ jobs { nodes { name latestSession { status } } } }', 3],
    ['{ jobs(filter: { type: COPY }) { nodes { sourceJob { name } } } }', 2],
    ['{ jobs { nodes { sessions { nodes { id } } } } }', 32],
    ['{ jobs(first: 3) { nodes { sessions(first: 4) { nodes { log { nodes { id } } } } } } }', 2 + 3 + 12],
    ['{ proxies { nodes { id } } backupRepositories { nodes { proxy { hostName } } } }', 2],
    ['{ backupServer { productVersion installationId } }', 1],
    ['{ jobSessions(first: 1000) { nodes { id } } }', 1],
    ['{ jobSessions(first: 1000, after: "x") { nodes { id } } }', 2],
    ['{ a: organizations { nodes { name } } b: organizations { nodes { isBackedUp } } }', 2],
    ['{ a: proxies { nodes { id } } b: proxies { edges { node { threadsNumber } } } }', 2],
    ['{ organizations { nodes { name } nodes { isBackedUp } } }', 1],
    ['{ a: jobs { nodes { organization { name } } } b: jobs { nodes { organization { isBackedUp } } } }', 4],
    [`{ a: organization(id: "${SESSION}") { id } b: organization(id: "${SESSION}") { isBackedUp } }`, 2],
    [`{ proxy(id: "${SESSION}") { id } }`, 1],
    [`{ job(id: "${SESSION}") { id } }`, 2],
    ['{ jobs(first: 20) { nodes { sessions(first: 1) { nodes { repository { name } } } } } }', 2 + 20 + 3],
  ])('%s: %i', (query, requests) => {
    expect(requestsOf(query)).toBe(requests);
  });

  test('rows, and what is skipped, come from the variables', () => {
    const query =
      'query ($n: Int, $no: Boolean!) { jobSessions(first: $n) { nodes { log @skip(if: $no) { nodes { id } } } } }';
    expect(requestsOf(query, { n: 100, no: false })).toBe(101);
    expect(requestsOf(query, { n: 100, no: true })).toBe(1);
    expect(requestsOf(query, { no: false })).toBe(31);
  });

  test('references are counted by type', () => {
    const refs = (count: number, __typename: string) =>
      Array.from({ length: count }, () => ({ __typename, id: SESSION }));
    const query =
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on JobSession { log { nodes { id } } } ... on Job { name } } }';
    expect(requestsOf(query, { r: [...refs(50, 'JobSession'), ...refs(50, 'Job'), ...refs(9, 'Nope')] })).toBe(
      1 + 50 + 2,
    );
    expect(requestsOf(query, { r: refs(2, 'JobSession') })).toBe(4);
    expect(requestsOf(query, { r: [7, null, { __typename: 'constructor' }] })).toBe(0);
  });
});

describe('the fields and the size of an answer', () => {
  test('are counted in each place, merged fields once', () => {
    const rows = (selection: string) =>
      costIn(`{ jobs(first: 100) { nodes { ${selection} ...F } } } fragment F on Job { id }`).fields;
    expect(rows('id id ... { id }')).toBe(rows('id'));
    const one = costIn('{ a: jobs(first: 100) { nodes { ...F } } } fragment F on Job { id name }').fields;
    const two = '{ a: jobs(first: 100) { nodes { ...F } } b: jobs(first: 100) { nodes { ...F } } }';
    expect(costIn(`${two} fragment F on Job { id name }`).fields).toBeGreaterThanOrEqual(2 * one);
  });

  test('grow with names, rows and texts', () => {
    const bytes = (query: string) => costIn(query).answerBytes;
    const short = bytes('{ jobs(first: 1000) { nodes { a: name } } }');
    expect(bytes(`{ jobs(first: 1000) { nodes { ${'a'.repeat(80)}: name } } }`) - short).toBe(79 * 1000);
    expect(bytes('{ jobs(first: 500) { nodes { a: name } } }')).toBeLessThan(short * 0.6);
    expect(bytes('{ jobs(first: 1000) { nodes { a: isEnabled } } }')).toBeLessThan(short * 0.4);
  });

  test('count a repeated relation as the work that it starts', () => {
    const relation = (alias: string) => `${alias}: job { id }`;
    const fields = (selection: string) => costIn(`{ jobSessions(first: 100) { nodes { ${selection} } } }`).fields;
    const once = fields(relation('a'));
    expect(fields(`${relation('a')} ${relation('b')}`) - once).toBe(4 * 100);
    expect(fields(`${relation('a')} repository { id }`) - once).toBe(2 * 100);
  });
});

describe('at the gateway', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());
  const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

  test('an operation that can cost more than the limit is refused before its first request; one at the limit is not', async () => {
    const query = 'query ($n: Int) { jobSessions(first: $n) { nodes { log(first: 1) { nodes { id } } } } }';
    const refused = await gateway.ask(query, { n: 120 });
    expect(refused).toMatchObject({ status: 400, upstream: [] });
    expect(refused.errors).toMatchObject([
      {
        extensions: { code: 'QUERY_TOO_COMPLEX' },
        message: expect.stringMatching(/\b121 requests; the limit is 120\b/),
      },
    ]);
    const { errors, upstream } = await gateway.ask(query, { n: 119 });
    expect(errors).toBeUndefined();
    expect(upstream).toHaveLength(120);
  });

  test('it is counted anew when other variables can cost more, though a document was found good before', async () => {
    const ids = (count: number, kind: string): string[] =>
      Array.from({ length: count }, (_, n) => `${kind}1111111-1111-4111-8111-${String(n).padStart(12, '0')}`);
    const literal = ids(70, '1');
    const query = `query (${literal.map((_, n) => `$v${n}: ID!`).join(' ')}) {
      ${literal.map((id, n) => `a${n}: jobSession(id: "${id}") { id } b${n}: jobSession(id: $v${n}) { id }`).join(' ')}
    }`;
    const variables = (values: string[]): Record<string, string> =>
      Object.fromEntries(values.map((value, n) => [`v${n}`, value]));
    // Seventy sessions when the variables name the same, else twice as many.
    for (const [kind, status] of [
      ['1', 200],
      ['2', 400],
      ['1', 200],
    ] as const) {
      expect((await gateway.ask(query, variables(ids(70, kind)))).status).toBe(status);
    }
    const count = 'query ($n: Int) { jobSessions(first: $n) { nodes { log(first: 1) { nodes { id } } } } }';
    for (const [n, status] of [
      [2, 200],
      [120, 400],
      [2, 200],
      [120, 400],
    ] as const) {
      expect((await gateway.ask(count, { n })).status).toBe(status);
    }
  });

  test('no operation sends more requests, or has a longer answer, than was priced', async () => {
    const { data } = await gateway.ask(
      '{ jobs(first: 50) { nodes { id } } organizations { nodes { id } } proxies { nodes { id } } backupRepositories { nodes { id } } jobSessions(first: 60) { nodes { id } } }',
    );
    const one = (list: string) => fc.constantFrom(...(data[list].nodes as { id: string }[]).map(({ id }) => id));
    const select = (...fields: fc.Arbitrary<string>[]) =>
      fc
        .tuple(...fields.map((field) => fc.option(field, { nil: '', freq: 1 })))
        .map((chosen) => `{ id ${chosen.join(' ')} }`);
    const text = (value: string) => fc.constant(value);
    const under = (name: string, inner: fc.Arbitrary<string>) => inner.map((selection) => `${name} ${selection}`);
    const organization = select(text('name'), text('isBackedUp'));
    const proxy = select(text('hostName'), text('threadsNumber'));
    const repository = select(text('name'), under('proxy', proxy));
    const job = (levels: number): fc.Arbitrary<string> =>
      levels === 0
        ? select(text('name'))
        : select(
            text('name'),
            under('organization', organization),
            under('repository', repository),
            under('sourceJob', job(levels - 1)),
            under('sessions(first: 2) { nodes', session(levels - 1)).map((part) => `${part} }`),
            under('latestSession', session(0)),
          );
    const session = (levels: number): fc.Arbitrary<string> =>
      levels === 0
        ? select(text('status'))
        : select(
            text('status log(first: 1) { nodes { message } }'),
            under('job', job(levels - 1)),
            under('repository', repository),
          );
    const byId = (name: string, list: string, inner: fc.Arbitrary<string>) =>
      fc.tuple(one(list), inner).map(([id, selection]) => `${name}(id: "${id}") ${selection}`);
    const listed = (name: string, inner: fc.Arbitrary<string>) =>
      fc
        .tuple(fc.integer({ min: 1, max: 5 }), inner)
        .map(([first, selection]) => `${name}(first: ${first}) { nodes ${selection} }`);
    const root = fc.oneof(
      byId('job', 'jobs', job(3)),
      byId('jobSession', 'jobSessions', session(3)),
      byId('organization', 'organizations', organization),
      byId('proxy', 'proxies', proxy),
      byId('backupRepository', 'backupRepositories', repository),
      listed('jobs', job(3)),
      listed('jobSessions', session(3)),
      listed('organizations', organization),
      listed('proxies', proxy),
      listed('backupRepositories', repository),
    );
    const documents = fc
      .array(root, { minLength: 1, maxLength: 5 })
      .map((roots) => `{ ${roots.map((field, index) => `a${index}: ${field}`).join(' ')} }`);
    let answered = 0;
    for (const query of fc.sample(documents, { numRuns: 60, seed: 365 })) {
      const cost = costIn(query);
      const { upstream, errors, text: answer, status } = await gateway.ask(query);
      if (status === 400) continue; // priced beyond the limit
      answered += 1;
      expect({ query, errors }).toEqual({ query, errors: undefined });
      expect({ query, isPriced: upstream.length <= cost.requests }).toEqual({ query, isPriced: true });
      expect({ query, isSized: answer.length <= cost.answerBytes }).toEqual({ query, isSized: true });
    }
    expect(answered).toBeGreaterThan(40);
  });

  test('none costs more than was told', async () => {
    for (const query of [
      `{ jobSession(id: "${SESSION}") { job { name repository { name } organization { name } } log { nodes { id } } } }`,
      '{ jobSessions(first: 50) { nodes { job { organization { name } repository { proxy { hostName } } } } } }',
      '{ jobs { nodes { latestSession { status } sessions(first: 2) { nodes { id } } sourceJob { name } } } }',
      '{ organizations { nodes { name } } proxies { nodes { id } } backupServer { productVersion } }',
    ]) {
      const { upstream, errors } = await gateway.ask(query);
      expect(errors).toBeUndefined();
      expect(upstream.length).toBeGreaterThan(0);
      expect(upstream.length).toBeLessThanOrEqual(requestsOf(query));
    }
  });

  test('what cannot be known before is counted while it is read, and fails at its own field', async () => {
    await withGateway(
      { maxRequests: 3, scanLimitRows: 1_000_000, simulator: { days: 150 } },
      async ({ ask, simulator }) => {
        // Nothing ended before that day, and each page of 500 is looked through to know it.
        const scan = await ask(
          '{ jobSessions(filter: { statuses: [QUEUED, NOT_CONFIGURED] }) { nodes { id } } proxies { nodes { id } } }',
        );
        expect(scan.data).toEqual({ jobSessions: null, proxies: { nodes: expect.any(Array) } });
        expect(scan.errors).toMatchObject([
          {
            path: ['jobSessions'],
            message: expect.stringContaining('The limit is 3 requests.'),
            extensions: { code: 'QUERY_TOO_COMPLEX' },
          },
        ]);
        expect(scan.upstream).toHaveLength(3);
        // The list of jobs holds none of them, so that each is read by itself, as far as that goes.
        simulator.misbehave(({ path }) => path === 'Jobs', { body: { offset: 0, limit: 1000, results: [] } });
        const { data, errors, upstream } = await ask(
          '{ jobSessions(first: 30, filter: { type: BACKUP }) { nodes { id job { name } } } }',
        );
        expect(upstream).toHaveLength(3);
        expect(data.jobSessions.nodes).toHaveLength(30);
        expect(new Set(codes(errors))).toEqual(new Set(['QUERY_TOO_COMPLEX']));
        expect(data.jobSessions.nodes.some(({ job }: { job: unknown }) => job !== null)).toBe(true);
      },
    );
  });
});
