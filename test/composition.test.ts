import { composeServices as composeByApollo } from '@apollo/composition';
import { describe, expect, test } from '@jest/globals';
import { composeServices as composeByTheGuild } from '@theguild/federation-composition';
import { readFileSync } from 'node:fs';
import { buildSchema, isObjectType, Kind, parse, print, valueFromASTUntyped, type DefinitionNode } from 'graphql';
import { printSchema } from '../src/graph/schema.js';

/** What a supergraph's owner composes: this subgraph alone, and with others. */

type Subgraph = Readonly<{ name: string; sdl: string }>;
type Composed = Readonly<{ sdl: string; problems: string[] }>;

const composers: Record<string, (subgraphs: Subgraph[]) => Composed> = {
  '@apollo/composition': (subgraphs) => {
    const services = subgraphs.map(({ name, sdl }) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) }));
    const { supergraphSdl = '', errors = [], hints = [] } = composeByApollo(services);
    return {
      sdl: supergraphSdl,
      problems: [...errors.map(String), ...hints.map((hint) => `hint ${hint.definition.code}: ${hint.message}`)],
    };
  },
  '@theguild/federation-composition': (subgraphs) => {
    const services = subgraphs.map(({ name, sdl }) => ({ name, url: `http://${name}`, typeDefs: parse(sdl) }));
    const { supergraphSdl = '', errors = [] } = composeByTheGuild(services);
    return { sdl: supergraphSdl, problems: errors.map(String) };
  },
};

/** The subgraphs that have a type of the supergraph, each with the key by which it knows it. */
function placesOf(supergraphSdl: string, typeName: string): string[] {
  const directives = buildSchema(supergraphSdl).getType(typeName)?.astNode?.directives ?? [];
  return directives
    .filter(({ name }) => name.value === 'join__type')
    .map(({ arguments: given = [] }) => {
      const told = new Map(given.map(({ name, value }) => [name.value, String(valueFromASTUntyped(value))]));
      return [told.get('graph'), told.get('key')].filter((part) => part !== undefined).join(' by ');
    })
    .sort();
}

function fieldsOf(supergraphSdl: string, typeName: string): string[] {
  const type = buildSchema(supergraphSdl).getType(typeName);
  return isObjectType(type) ? Object.keys(type.getFields()) : [];
}

const ours: Subgraph = { name: 'backup365', sdl: readFileSync('schema.graphql', 'utf8') };
const tickets: Subgraph = { name: 'tickets', sdl: readFileSync('examples/federation/tickets.graphql', 'utf8') };

const isShared = (node: DefinitionNode): boolean =>
  node.kind === Kind.ENUM_TYPE_DEFINITION ||
  node.kind === Kind.SCALAR_TYPE_DEFINITION ||
  (node.kind === Kind.OBJECT_TYPE_DEFINITION && node.name.value === 'PageInfo');

/** Another product's subgraph of this kind: the same scalars, enums and `PageInfo`, in use, around types of its own. */
function sibling(): Subgraph {
  const shared = parse(ours.sdl).definitions.filter(isShared);
  const enums = shared.filter((node) => node.kind === Kind.ENUM_TYPE_DEFINITION).map(({ name }) => name.value);
  const sdl = `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])
    ${shared.map(print).join('\n')}
    type Machine @key(fields: "id") {
      id: ID!
      sizeBytes: Long
      seenAt: DateTime
      ${enums.map((name) => `as${name}: ${name}`).join('\n')}
    }
    type MachineEdge { cursor: String! node: Machine }
    type MachineConnection { edges: [MachineEdge!]! pageInfo: PageInfo! }
    input MachineFilter { seenAfter: DateTime ${enums.map((name) => `is${name}: ${name}`).join('\n')} }
    type Query { machines(first: Int, after: String, filter: MachineFilter): MachineConnection }
  `;
  return { name: 'machines', sdl };
}

const otherStatistics: Subgraph = {
  name: 'shop',
  sdl: 'type Query { sales: Statistics } type Statistics { count: Int! isEstimated: Boolean }',
};

describe.each(Object.entries(composers))('%s', (_, compose) => {
  test('composes this subgraph alone', () => {
    expect(compose([ours]).problems).toEqual([]);
  });

  test('composes it with one that extends sessions and jobs by key and refers to them', () => {
    const { sdl, problems } = compose([ours, tickets]);
    expect(problems).toEqual([]);
    expect(placesOf(sdl, 'JobSession')).toEqual(['BACKUP365 by id', 'TICKETS by id']);
    expect(fieldsOf(sdl, 'JobSession')).toEqual(expect.arrayContaining(['status', 'log', 'tickets']));
    expect(placesOf(sdl, 'Job')).toEqual(['BACKUP365 by id', 'TICKETS by id']);
    expect(fieldsOf(sdl, 'Job')).toEqual(expect.arrayContaining(['name', 'latestSession', 'owner', 'tickets']));
  });

  test("composes it with another product's subgraph of this kind", () => {
    const { sdl, problems } = compose([ours, sibling(), tickets]);
    expect(problems).toEqual([]);
    for (const name of ['DateTime', 'Long', 'SortOrder', 'JobSessionStatus', 'PageInfo'])
      expect(placesOf(sdl, name)).toEqual(expect.arrayContaining(['BACKUP365', 'MACHINES']));
  });

  test.each(['', '@specifiedBy(url: "https://example.com/date-time")'])(
    'composes it with a subgraph whose `scalar DateTime %s` says something else of it',
    (directive) => {
      const clock = { name: 'clock', sdl: `type Query { now: DateTime } scalar DateTime ${directive}` };
      const { sdl, problems } = compose([ours, clock]);
      expect(problems.filter((problem) => !problem.startsWith('hint'))).toEqual([]);
      expect(placesOf(sdl, 'DateTime')).toEqual(['BACKUP365', 'CLOCK']);
    },
  );

  test('needs another name for `Statistics` beside a subgraph that has one, and takes it', () => {
    expect(compose([ours, otherStatistics]).problems).not.toEqual([]);
    const renamed = { name: 'backup365', sdl: printSchema('BackupStatistics') };
    const { sdl, problems } = compose([renamed, otherStatistics]);
    expect(problems).toEqual([]);
    expect(sdl).toContain('statistics: BackupStatistics');
  });
});
