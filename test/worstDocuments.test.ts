import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  getIntrospectionQuery,
  graphqlSync,
  Kind,
  parse,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
} from 'graphql';
import { createCompiler } from '../src/graph/compiled.js';
import { createContext } from '../src/graph/context.js';
import { costOf, MAX_ANSWER_BYTES, MAX_FIELDS, type Cost } from '../src/graph/cost.js';
import { extentOf } from '../src/graph/documentExtent.js';
import { createDocumentCheck, documentLimits } from '../src/graph/documentLimits.js';
import { buildSchema } from '../src/graph/schema.js';
import { selectsAny, selectsOnlyId } from '../src/graph/selection.js';
import { createGraph } from '../src/graph/server.js';
import { createSummary } from '../src/graph/summary.js';
import { createLog } from '../src/log.js';
import { startGateway, type Gateway, type GraphError } from './helpers/gateway.js';

/** The work that a document causes is bounded before it is executed, and does not grow with rows, aliases or places. */

const schema = buildSchema();
const ID = '11111111-1111-4111-8111-111111111111';
const many = (count: number, make: (index: number) => string, separator = ' '): string =>
  Array.from({ length: count }, (_, index) => make(index)).join(separator);
const nest = (levels: number): string => `${'... { '.repeat(levels)}id${' }'.repeat(levels)}`;
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

type Watched = Readonly<{
  document: DocumentNode;
  operation: OperationDefinitionNode;
  fragments: Record<string, FragmentDefinitionNode>;
  fields: FieldNode[];
  /** How many selections the document has as it is written. */
  written: number;
  /** How many selections were looked at since. */
  visits: () => number;
}>;

/** Parses a document that counts how many of its selections are looked at. */
function watch(text: string): Watched {
  const document = parse(text, { noLocation: true });
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('no operation');
  const fields: FieldNode[] = [];
  let written = 0;
  let visits = 0;
  visit(document, {
    Field: (node) => {
      fields.push(node);
    },
    SelectionSet: (node) => {
      const { selections } = node;
      written += selections.length;
      Object.defineProperty(node, 'selections', {
        get: () => {
          visits += selections.length;
          return selections;
        },
      });
    },
  });
  visits = 0;
  const fragments = Object.fromEntries(
    document.definitions
      .filter((node) => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((node) => [node.name.value, node]),
  );
  return { document, operation, fragments, fields, written, visits: () => visits };
}

const price = ({ operation, fragments }: Watched, variableValues: Record<string, unknown> = {}): Cost =>
  costOf(schema, operation, { fragments, variableValues }, 120);

describe('what a selection asks for', () => {
  const text = `query ($t: Boolean!) { jobSessions(first: 1000) { nodes { ${many(200, (n) => `a${n}: job { ...F }`)} } } }
    fragment F on Job { id ${nest(60)} ${many(100, () => 'name @skip(if: $t)')} ...G } fragment G on Job { id ...H } fragment H on Job { id }`;

  test.each([
    ['only the id', selectsOnlyId, true],
    ['any of some names', (selected: Parameters<typeof selectsOnlyId>[0]) => selectsAny(selected, names), false],
  ])('is found out once per operation, however many rows and aliases there are: %s', (_, ask, expected) => {
    const { fields, fragments, written, visits } = watch(text);
    const jobs = fields.filter(({ name }) => name.value === 'job').map((node) => [node]);
    expect(jobs).toHaveLength(200);
    const variableValues = { t: true };
    const answers = new Set<boolean>();
    for (let row = 0; row < 100; row += 1) {
      for (const fieldNodes of jobs) answers.add(ask({ fieldNodes, fragments, variableValues }));
    }
    expect([...answers]).toEqual([expected]);
    expect(visits()).toBeLessThanOrEqual(2 * written); // once for directives, once for fields
  });
  const names = new Set(['region']);

  test('depends on the variables of the operation', () => {
    const { fields, fragments } = watch(text);
    const fieldNodes = fields.filter(({ name }) => name.value === 'job').slice(0, 1);
    expect(selectsOnlyId({ fieldNodes, fragments, variableValues: { t: true } })).toBe(true);
    expect(selectsOnlyId({ fieldNodes, fragments, variableValues: { t: false } })).toBe(false);
    expect(selectsOnlyId({ fieldNodes, fragments, variableValues: { t: true } })).toBe(true);
  });
});

describe('the price', () => {
  test('looks at each fragment once per type, however many places lead to it', () => {
    const levels = 5;
    const watched = watch(
      `{ job(id: "${ID}") { ...F0 } } ${many(levels, (n) => `fragment F${n} on Job { ${many(6, (k) => `a${k}: sourceJob { ...F${n + 1} }`)} }`)} fragment F${levels} on Job { ${nest(70)} }`,
    );
    expect(price(watched).fields).toBeGreaterThan(6 ** levels);
    expect(watched.visits()).toBeLessThanOrEqual(4 * watched.written);
  });

  test('stops at its limit', () => {
    const watched = watch(
      `{ jobs(first: 1000) { nodes { ...F0 } } } ${many(8, (n) => `fragment F${n} on Job { ${many(20, (k) => `a${k}: sourceJob { ...F${n + 1} }`)} }`)} fragment F8 on Job { id }`,
    );
    const { fields } = price(watched);
    expect(fields).toBeGreaterThan(MAX_FIELDS);
    expect(fields).toBeLessThan(2 * MAX_FIELDS);
  });

  test('looks at a variable once, however many aliases use it', () => {
    let reads = 0;
    const statuses = new Proxy(Array<string>(100).fill('FAILED'), {
      get: (target, name, receiver): unknown => {
        if (typeof name === 'string' && /^\d+$/.test(name)) reads += 1;
        return Reflect.get(target, name, receiver);
      },
    });
    const watched = watch(
      `query ($s: [JobSessionStatus!]) { ${many(100, (n) => `a${n}: jobSessions(first: 1, filter: { statuses: $s }) { nodes { id } }`)} }`,
    );
    expect(price(watched, { s: statuses }).requests).toBe(1);
    expect(reads).toBeLessThanOrEqual(100);
  });

  test.each([
    [
      'a page of 1,000 rows with all relations',
      `{ jobSessions(first: 1000) { nodes { ...S job { ...J organization { ...O } repository { ...R proxy { ...P } } sourceJob { ...J } latestSession { ...S } } repository { ...R proxy { ...P } } } pageInfo { hasNextPage endCursor } } }
      fragment S on JobSession { id status type creationTime endTime durationSeconds progress details statistics { transferredDataBytes processedObjects bottleneck } }
      fragment J on Job { id name description type isEnabled lastRun nextRun lastStatus }
      fragment O on Organization { id name type region isBackedUp lastBackupTime }
      fragment R on BackupRepository { id name path capacityBytes freeSpaceBytes retentionType }
      fragment P on Proxy { id hostName port status type }`,
    ],
    [
      'fifty aliases',
      `{ ${many(50, (n) => `s${n}: jobSessions(first: 30, filter: { jobId: "${ID.replace(/..$/, String(10 + n))}" }) { nodes { id status endTime job { id name } } }`)} }`,
    ],
  ])('lets ordinary use through: %s', (_, text) => {
    expect(createDocumentCheck()(text)).toBeNull();
    const { requests, fields, answerBytes } = price(watch(text));
    expect(requests).toBeLessThanOrEqual(120);
    expect(fields).toBeLessThanOrEqual(MAX_FIELDS);
    expect(answerBytes).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
  });
});

describe('a document is refused before it is validated', () => {
  const refusalOf = (text: string): string | undefined => createDocumentCheck()(text)?.message;

  test.each([
    [
      'inline fragments that are nested',
      `{ jobs { nodes { ${nest(300)} } } }`,
      /30\d levels of fields and fragments; the/,
    ],
    [
      'a fragment that nothing spreads',
      `{ backupServer { apiVersion } } fragment F on Job { ${many(16, () => `... { ${many(72, () => 'sourceJob { id }')} }`)} }`,
      /pairs of fields with one name in one place/,
    ],
    [
      'fragments that nest themselves',
      '{ jobs { nodes { ...A } } } fragment A on Job { sourceJob { ...A } }',
      /levels of fields and fragments; the limit is 80|levels of fields; the limit is 16/,
    ],
    [
      'fragments that multiply',
      `{ job(id: "${ID}") { ...F0 } } ${many(6, (n) => `fragment F${n} on Job { ${many(8, (k) => `a${k}: sourceJob { ...F${n + 1} }`)} }`)} fragment F6 on Job { id }`,
      /10001 fields and fragments or more with its fragments written out; the limit is 10000/,
    ],
    [
      'skipped fields that multiply',
      `query ($t: Boolean!) { jobs { nodes { ${many(200, (n) => `a${n}: sourceJob { ...F }`)} } } } fragment F on Job { id ${many(90, () => 'name @skip(if: $t)')} }`,
      /10001 fields and fragments or more/,
    ],
    [
      'equal names in inline fragments',
      `{ jobs { nodes { ${many(16, () => `... { ${many(250, () => 'id')} }`)} } } }`,
      /pairs of fields with one name in one place; the limit is 60000/,
    ],
    [
      'equal names at each level',
      `{ job(id: "${ID}") { ${many(9, () => `sourceJob { ${many(9, () => `sourceJob { ${many(9, () => 'sourceJob { id }')} }`)} }`)} } }`,
      /pairs of fields with one name in one place/,
    ],
    [
      'a long list',
      `{ jobSessions(filter: { statuses: [${many(101, () => 'FAILED')}] }) { nodes { id } } }`,
      /101 values in one list/,
    ],
    ['a long text', `{ jobs(after: "${'x'.repeat(2001)}") { nodes { id } } }`, /2001 characters in one text/],
    ['thousands of lines', `${'\n'.repeat(3000)}{ __typename }`, /3001 lines; the limit is 3000/],
    ['thousands of lines of another kind', `${'\r'.repeat(3000)}{ __typename }`, /3001 lines/],
    ['a very long comment', `#${'x'.repeat(100_000)}\n{ __typename }`, /100016 characters; the limit is 100000/],
    ['the SDL in one field', `{ _service { ${many(5, (n) => `a${n}: sdl`)} } }`, /5 fields that tell the schema/],
    [
      'the schema by aliases',
      `{ __schema { types { fields { type { fields { ${many(240, (n) => `a${n}: name`)} } } } } } }`,
      /values or more in those that tell the schema; the limit is 200000/,
    ],
  ])('for %s', (_, text, message) => {
    expect(refusalOf(text)).toMatch(message);
  });

  test.each([
    [
      'the introspection of tools, twice',
      `{ ...A } ${getIntrospectionQuery().replace('query IntrospectionQuery', 'fragment A on Query')}`,
    ],
    [
      'components with fragments of their own',
      `{ jobSessions(first: 50) { nodes { ${many(40, (n) => `...F${n}`)} } } } ${many(40, (n) => `fragment F${n} on JobSession { id status endTime job { id name organization { id name } } }`)}`,
    ],
    [
      'what a router asks for entities',
      `query ($r: [_Any!]!) { _entities(representations: $r) { ${['Job', 'JobSession', 'Proxy'].map((type) => `... on ${type} { __typename id ... on ${type} { id } }`).join(' ')} } }`,
    ],
    [
      'fragments that spread each other, which validation tells',
      '{ jobs { nodes { ...A } } } fragment A on Job { ...B } fragment B on Job { ...A }',
    ],
  ])('not for %s', (_, text) => {
    expect(refusalOf(text)).toBeUndefined();
  });

  test('the estimate for the schema is not below what it has', () => {
    const text = getIntrospectionQuery();
    let values = 0;
    const count = (value: unknown): void => {
      values += Array.isArray(value) || value === undefined ? 0 : 1;
      if (typeof value === 'object' && value !== null) Object.values(value).forEach(count);
    };
    count(graphqlSync({ schema, source: text }).data);
    const { schemaValues } = extentOf(parse(text), documentLimits.expanded);
    expect(values).toBeGreaterThan(1000);
    expect(schemaValues).toBeGreaterThanOrEqual(values);
    expect(2 * schemaValues).toBeLessThanOrEqual(documentLimits.schemaValues);
  });

  test('no more of it is measured than its limit', () => {
    const { document, visits } = watch(
      `{ job(id: "${ID}") { ...F0 } } ${many(12, (n) => `fragment F${n} on Job { ${many(12, (k) => `a${k}: sourceJob { ...F${n + 1} }`)} }`)} fragment F12 on Job { id }`,
    );
    expect(extentOf(document, 1000).expanded).toBe(1001);
    expect(visits()).toBeLessThan(3000);
  });
});

test('a long document is not compiled, however plain it is', () => {
  const isCompiled = (text: string): boolean => {
    const { find: compiledOf } = createCompiler(schema);
    const document = parse(text);
    compiledOf(document);
    return compiledOf(document) !== null;
  };
  const document = (count: number): string => `{ jobs { nodes { ${many(count, (n) => `a${n}: name`)} } } }`;
  expect(isCompiled(document(200))).toBe(true);
  expect(isCompiled(document(249))).toBe(false);
});

describe('at the gateway', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  test('an operation without a token is not priced: it is refused field by field, as one that is cheap', async () => {
    const { status, data, errors, upstream } = await gateway.ask(
      '{ __typename jobSessions(first: 1000) { nodes { log { nodes { id } } } } }',
      {},
      { token: null },
    );
    expect({ status, data, upstream }).toEqual({
      status: 200,
      data: { __typename: 'Query', jobSessions: null },
      upstream: [],
    });
    expect(codes(errors)).toEqual(['UNAUTHENTICATED']);
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['a document of more than 300 tokens', `{ ${'jobs { nodes { id } } '.repeat(45)} }`, {}],
    ['a document of more than 16,384 characters', `{ __typename } #${'x'.repeat(16_384)}`, {}],
    ['more than 100 root fields', `{ ${many(101, (n) => `a${n}: __typename`)} }`, {}],
    [
      'more than 100 representations',
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      { r: Array.from({ length: 101 }, () => ({ __typename: 'Job', id: 'be376069-2865-4156-a9bc-825cef7d687e' })) },
    ],
  ])('an operation without a token is refused as a whole when it has %s', async (_, query, variables) => {
    const { status, headers, data, errors, upstream } = await gateway.ask(query, variables, { token: null });
    expect({ status, data, upstream }).toEqual({ status: 401, data: undefined, upstream: [] });
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(codes(errors)).toEqual(['UNAUTHENTICATED']);
    expect(errors?.[0]?.message).toMatch(/^This field needs the header/);
  });

  test('references beyond their number are refused before any is read', async () => {
    const { status, errors, upstream } = await gateway.ask(
      `query ($r: [_Any!]!) { ${many(199, (n) => `a${n}: _entities(representations: $r) { __typename }`)} }`,
      { r: Array(600).fill(7) },
    );
    expect({ status, upstream }).toEqual({ status: 400, upstream: [] });
    expect(codes(errors)).toEqual(['QUERY_TOO_COMPLEX']);
    expect(errors?.[0]?.message).toBe(`The operation has ${199 * 600} representations; the limit is 1000.`);
  });

  test.each<[string, string, Record<string, unknown>, string]>([
    [
      'a list',
      'query ($v: [JobSessionStatus!]) { jobSessions(filter: { statuses: $v }) { nodes { id } } }',
      { v: Array(20_000).fill('FAILED') },
      'Variable "$v" must have at most 100 values; it has 20000.',
    ],
    [
      'a list in an object',
      'query ($v: JobSessionFilter) { jobSessions(filter: $v) { nodes { id } } }',
      { v: { statuses: Array(101).fill('FAILED') } },
      'Variable "$v.statuses" must have at most 100 values; it has 101.',
    ],
    [
      'an object',
      'query ($v: JobFilter) { jobs(filter: $v) { nodes { id } } }',
      { v: Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`field${n}`, n])) },
      'Variable "$v" must have at most 4 fields; it has 5000.',
    ],
    [
      'a text',
      'query ($v: String) { jobs(after: $v) { nodes { id } } }',
      { v: 'x'.repeat(200_000) },
      'Variable "$v" must have at most 16000 characters; it has 200000.',
    ],
  ])('a variable that is too large is refused, with a token or without: %s', async (_, query, variables, message) => {
    for (const options of [{}, { token: null }]) {
      const { status, errors, data, upstream } = await gateway.ask(query, variables, options);
      expect({ status, data, upstream }).toEqual({ status: 400, data: undefined, upstream: [] });
      expect(errors).toMatchObject([{ message, extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });

  test('an answer of too many bytes is refused, and tells how many', async () => {
    const query = `{ jobSessions(first: 1000) { nodes { ${many(95, (n) => `${`a${n}`.padEnd(80, 'x')}: details`)} } } }`;
    const { errors, upstream } = await gateway.ask(query);
    expect(codes(errors)).toEqual(['QUERY_TOO_COMPLEX']);
    expect(errors?.[0]?.message).toMatch(/The answer can have \d+\.\d MiB or more; the limit is 8\.0 MiB/);
    expect(upstream).toEqual([]);
  });

  test('the size of an answer is reserved, and keeps compiled code away, also when the document comes again', async () => {
    const graph = await createGraph({
      introspection: true,
      trustedDocuments: null,
      federatedTracing: false,
      statisticsTypeName: 'Statistics',
      log: createLog('silent', { write: () => undefined }),
    });
    const reserved: number[] = [];
    const compiled: boolean[] = [];
    const run = async (query: string, n: number) => {
      const operation = gateway.server.begin({ requestId: 'test', token: gateway.token, span: null });
      const contextValue = createContext(gateway.server, operation, createSummary(), null, {
        isReserved: false,
        estimate: (bytes) => reserved.push(bytes),
        check: () => undefined,
        reserve: () => undefined,
        addTexts: () => undefined,
      });
      const { body } = await graph.executeOperation({ query, variables: { n } }, { contextValue });
      operation.end();
      compiled.push(contextValue.compiling.isAllowed);
      return body.kind === 'single' ? body.singleResult : {};
    };
    const query = 'query ($n: Int) { jobSessions(first: $n) { nodes { id status } } }';
    const size = price(watch(query), { n: 3 }).answerBytes;
    expect((await run(query, 3)).errors).toBeUndefined();
    expect((await run(query, 3)).errors).toBeUndefined();
    expect(reserved).toEqual([size, size]);
    expect(compiled).toEqual([true, true]);

    const wide = `query ($n: Int) { jobSessions(first: $n) { nodes { ${many(30, (n) => `a${n}: status`)} } } }`;
    for (const n of [800, 1000, 1000]) expect((await run(wide, n)).errors).toBeUndefined();
    expect(compiled.slice(2)).toEqual([true, false, false]);
    await graph.stop();
  });
});
