import { readFileSync } from 'node:fs';
import { buildSchema, getNamedType, isLeafType, isObjectType, type GraphQLObjectType } from 'graphql';

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const ids: Readonly<Record<string, string>> = { jobSession: SESSION, job: JOB };

/** Selects every second field of a type that has no fields of its own, all that have some, and `id`. */
function select(type: GraphQLObjectType, half: number, above: readonly string[]): string {
  let leaves = half;
  const fields = Object.values(type.getFields()).flatMap(({ name, args, type: fieldType }) => {
    const named = getNamedType(fieldType);
    if (isLeafType(named)) return name === 'id' || leaves++ % 2 === 0 ? [name] : [];
    if (!isObjectType(named) || above.includes(named.name)) return [];
    const page = args.some((argument) => argument.name === 'first') ? '(first: 2)' : '';
    return [`${name}${page} ${select(named, half, [...above, named.name])}`];
  });
  return `{ __typename ${fields.join(' ')} }`;
}

/**
 * Returns two queries for each root field: together they ask for every field of the graph, and apart for one half of each type. So
 * a cache has to put together what it has of one thing.
 */
export function queryHalves(): string[] {
  const query = buildSchema(readFileSync('api.graphql', 'utf8')).getQueryType();
  return Object.values(query?.getFields() ?? {}).flatMap(({ name, args, type }) => {
    const named = getNamedType(type);
    const isById = args.some((argument) => argument.name === 'id');
    if (!isObjectType(named) || (isById && ids[name] === undefined)) return [];
    const given = isById ? `(id: "${ids[name] ?? ''}")` : args.length > 0 ? '(first: 2)' : '';
    return [0, 1].map((half) => `{ ${name}${given} ${select(named, half, [named.name])} }`);
  });
}
