import { readdirSync, readFileSync } from 'node:fs';
import {
  buildASTSchema,
  parse,
  specifiedScalarTypes,
  printSchema as print,
  visit,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { gql } from 'graphql-tag';
import { resolvers } from './resolvers.js';
import { buildSubgraph, printSubgraph } from './subgraph.js';

const directory = new URL('../../schema/', import.meta.url);

/** What the type is named that no other subgraph may have by this name. */
const STATISTICS = 'Statistics';

function rename(document: DocumentNode, from: string, to: string): DocumentNode {
  return visit(document, { Name: (node) => (node.value === from ? { ...node, value: to } : undefined) });
}

/** Whether the type `Statistics` can have this name: nothing else in the graph has it, nor may have. */
export function isFreeTypeName(name: string): boolean {
  const isGraphqls =
    specifiedScalarTypes.some((scalar) => scalar.name === name) || /^(Mutation|Subscription)$/.test(name);
  return name === STATISTICS || (!isGraphqls && buildSchema().getType(name) === undefined);
}

/** Reads the subgraph's own types from the files in `schema/`, with a name for the type `Statistics` that is free. */
function readTypes(statisticsTypeName: string): DocumentNode {
  const files = readdirSync(directory).filter((file) => file.endsWith('.graphql'));
  const text = files
    .sort()
    .map((file) => readFileSync(new URL(file, directory), 'utf8'))
    .join('\n');
  return rename(gql(text), STATISTICS, statisticsTypeName);
}

/** Builds the subgraph's schema, with its resolvers. */
export function buildSchema(statisticsTypeName = STATISTICS): GraphQLSchema {
  return buildSubgraph(readTypes(statisticsTypeName), resolvers);
}

/** Returns the schema that a supergraph is composed from, committed as `schema.graphql`. `_service { sdl }` has Federation's own definitions as well. */
export function printSchema(statisticsTypeName = STATISTICS): string {
  return `${printSubgraph(readTypes(statisticsTypeName))}\n`;
}

/** The same for clients, committed as `api.graphql`: without what only a supergraph reads, which other tools do not know. */
export function printApiSchema(): string {
  const federation: ReadonlySet<string> = new Set(['key', 'shareable']);
  const api = visit(parse(printSchema()), {
    SchemaExtension: () => null,
    Directive: (node) => (federation.has(node.name.value) ? null : undefined),
  });
  return `${print(buildASTSchema(api))}\n`;
}
