import { readdirSync, readFileSync } from 'node:fs';
import { buildSubgraphSchema, printSubgraphSchema } from '@apollo/subgraph';
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
import { guardEntities } from './entities.js';
import { resolvers } from './resolvers.js';

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

/** The subgraph's schema, from the files in `schema/`, with a name for the type `Statistics` that is free. */
export function buildSchema(statisticsTypeName = STATISTICS): GraphQLSchema {
  const files = readdirSync(directory).filter((file) => file.endsWith('.graphql'));
  const text = files
    .sort()
    .map((file) => readFileSync(new URL(file, directory), 'utf8'))
    .join('\n');
  const typeDefs = rename(gql(text), STATISTICS, statisticsTypeName);
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: { ...resolvers } }]);
  guardEntities(schema);
  return schema;
}

/** The schema as a supergraph is composed from it: what `_service { sdl }` answers, and what is committed as `schema.graphql`. */
export function printSchema(statisticsTypeName?: string): string {
  return `${printSubgraphSchema(buildSchema(statisticsTypeName))}\n`;
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
