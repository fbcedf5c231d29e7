import { readdirSync, readFileSync } from 'node:fs';
import { buildSubgraphSchema, printSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLSchema } from 'graphql';
import { gql } from 'graphql-tag';
import { guardEntities } from './entities.js';
import { resolvers } from './resolvers.js';

const directory = new URL('../../schema/', import.meta.url);

/** The subgraph's schema, from the files in `schema/`. */
export function buildSchema(): GraphQLSchema {
  const files = readdirSync(directory).filter((file) => file.endsWith('.graphql'));
  const text = files
    .sort()
    .map((file) => readFileSync(new URL(file, directory), 'utf8'))
    .join('\n');
  const schema = buildSubgraphSchema([{ typeDefs: gql(text), resolvers: { ...resolvers } }]);
  guardEntities(schema);
  return schema;
}

/** The schema as a supergraph is composed from it: what `_service { sdl }` answers, and what is committed as `schema.graphql`. */
export function printSchema(): string {
  return `${printSubgraphSchema(buildSchema())}\n`;
}
