import {
  buildSubgraph as buildByApollo,
  FEDERATION_UNNAMED_SUBGRAPH_NAME as UNNAMED,
  printSchema as printByApollo,
} from '@apollo/federation-internals';
import { describe, expect, test } from '@jest/globals';
import {
  graphql,
  parse,
  print,
  printSchema as printAny,
  visit,
  type DocumentNode,
  type GraphQLResolveInfo,
} from 'graphql';
import { emptyAnswer } from '../src/graph/answerSize.js';
import type { Context } from '../src/graph/context.js';
import { createEntities, type ReferenceResolver } from '../src/graph/entities.js';
import { printDocument } from '../src/graph/printDocument.js';
import type { resolvers } from '../src/graph/resolvers.js';
import { DateTime } from '../src/graph/scalars.js';
import { buildSchema, printSchema } from '../src/graph/schema.js';
import { buildSubgraph } from '../src/graph/subgraph.js';

describe.each(['Statistics', 'BackupStatistics'])('the subgraph with a type named %s', (statisticsTypeName) => {
  /** What Apollo's own library makes of the committed types. It is a development dependency, for its licence. */
  const reference = () => buildByApollo(UNNAMED, '', parse(printSchema(statisticsTypeName)), false);

  test("prints the types that Apollo's library prints", () => {
    expect(printSchema(statisticsTypeName)).toBe(`${reference().toString()}\n`);
  });

  test("answers _service with the text that Apollo's library answers", async () => {
    const { data, errors } = await graphql({
      schema: buildSchema(statisticsTypeName),
      source: '{ _service { sdl } }',
    });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ _service: { sdl: printByApollo(reference().schema) } });
  });

  test("has the types, fields and directives of the schema that Apollo's library builds", () => {
    expect(printAny(buildSchema(statisticsTypeName))).toBe(printAny(reference().schema.toGraphQLJSSchema()));
  });
});

describe('buildSubgraph', () => {
  const types = parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    type Query { one: Int }
    type Job @key(fields: "id") { id: ID! }
  `);
  const load: NonNullable<NonNullable<typeof resolvers.Job>['__resolveReference']> = () => Promise.resolve(null);

  test('builds a schema from types and resolvers', () => {
    const schema = buildSubgraph(types, { Job: { __resolveReference: load } });
    expect(schema.getType('_Entity')?.toConfig()).toMatchObject({ types: [schema.getType('Job')] });
  });

  test.each([
    ['a type', { Job: { __resolveReference: load }, Proxy: {} }, 'The resolvers of Proxy name no object type'],
    ['a scalar', { Job: { __resolveReference: load }, DateTime }, 'The resolver of DateTime names no scalar'],
    ['a field', { Job: { __resolveReference: load, name: () => 'x' } }, 'The resolver of Job.name names no field'],
  ])('throws when a resolver names %s that the schema lacks', (_, given, message) => {
    expect(() => buildSubgraph(types, given)).toThrow(message);
  });

  test('throws when an entity has no reference resolver', () => {
    expect(() => buildSubgraph(types, {})).toThrow('The entity Job has no reference resolver');
  });

  test('throws when the types use a directive of Federation that they do not import', () => {
    const tagged = parse('type Query { one: Int @tag(name: "x") } type Job @key(fields: "id") { id: ID! }');
    expect(() => buildSubgraph(tagged, { Job: { __resolveReference: load } })).toThrow('Unknown directive "@tag"');
  });
});

describe('createEntities', () => {
  const id = 'be376069-2865-4156-a9bc-825cef7d687e';
  const info = {} as GraphQLResolveInfo;

  function resolve(load: ReferenceResolver, representations: readonly unknown[]) {
    const entities = createEntities(new Map([['Job', load]]));
    const context = { answerSize: { ...emptyAnswer } } as Context;
    return { entities, results: entities.resolve(undefined, { representations }, context, info) };
  }
  const job = { __typename: 'Job', id };

  test('notes the type of a record without changing the record', async () => {
    const record = Object.freeze({ id });
    const { entities, results } = resolve(() => Promise.resolve(record), [job]);
    expect(await Promise.all(results)).toEqual([record]);
    expect(entities.typeNameOf(record)).toBe('Job');
  });

  test.each([
    ['is not there', () => Promise.resolve(null), null],
    ['is not there at once', () => null, null],
    ['is rejected', () => Promise.reject(new Error('gone')), new Error('gone')],
    [
      'throws',
      () => {
        throw new Error('gone');
      },
      new Error('gone'),
    ],
  ])('gives a value in its own place when an entity %s', async (_, load, expected) => {
    const other = { id: 'other' };
    let count = 0;
    const { results } = resolve(() => ((count += 1) === 2 ? load() : other), [job, job, job]);
    expect(await Promise.all(results)).toEqual([other, expected, other]);
  });

  test.each([
    ['null', null],
    ['a text', 'Job'],
    ['a type that is no entity', { __typename: 'Statistics', id }],
    ['a type named like a property of objects', { __typename: 'constructor', id }],
    ['a job whose id is no UUID', { __typename: 'Job', id: '../Organizations' }],
    ['a job without an id', { __typename: 'Job' }],
  ])('gives an error without loading anything when a representation is %s', (_, representation) => {
    const { results } = resolve(() => ({ id: 'loaded' }), [representation, job]);
    expect(results).toEqual([
      expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) }),
      { id: 'loaded' },
    ]);
  });

  test('makes no promise for an entity that is there at once', () => {
    const { results } = resolve(() => job, Array(1000).fill(job));
    expect(results.filter((result) => result instanceof Promise)).toEqual([]);
  });
});

test('printDocument prints all that a schema document can have', () => {
  const text = String.raw`
    "The schema"
    schema @link(url: "x") { query: Query mutation: Mutation }
    extend schema @other
    "A directive"
    directive @other("An argument" count: Int = 1, names: [String!] = ["a"]) repeatable on SCHEMA | FIELD_DEFINITION
    scalar Text @specifiedBy(url: "https://example.com")
    extend scalar Text @other
    interface Node implements Base & Other @other { id: ID! }
    extend interface Node { more: Int }
    type Query implements Node & Base @key(fields: "id") {
      id: ID!
      "A text with \"quotes\""
      old(a: Int = 3, "Described" b: [In!]! = [{ c: RED }] @other): Text @deprecated(reason: "no \"longer\"")
    }
    type Nothing
    extend type Query { more: Int }
    union Both @other = Query | Nothing
    extend union Both = Mutation
    "A colour" enum Colour @other { "Red" RED GREEN @deprecated }
    extend enum Colour { BLUE }
    input In @other { c: Colour = RED @other "Ends with a quote\"" d: Int }
    extend input In { e: Int }
    """
    Several lines

    with \""" in them
    """
    type Mutation { a: Int }
  `;
  /** The text alone: a description in block quotes says the same as one in plain quotes. */
  const normalize = (document: DocumentNode): string =>
    print(visit(document, { StringValue: (node) => ({ ...node, block: false }) }));
  expect(normalize(parse(printDocument(parse(text))))).toBe(normalize(parse(text)));
});
