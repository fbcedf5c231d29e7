import type { ApolloServerPlugin } from '@apollo/server';
import { getVariableValues, Kind, type GraphQLError, type DocumentNode, type FragmentDefinitionNode } from 'graphql';
import type { Context } from './context.js';
import { costOf, MAX_FIELDS, type Cost } from './cost.js';
import { tooComplex } from './tooComplex.js';

function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((node) => [node.name.value, node]));
}

/** A supergraph's router asks for as many entities as its other subgraph has rows on a page. */
const MAX_REPRESENTATIONS = 1000;

/** Why an operation is refused; null when it is not. */
function problemWith({ requests, fields, representations }: Cost, maxRequests: number): GraphQLError | null {
  const lessOf = 'Ask for fewer rows, or for less of each.';
  if (representations > MAX_REPRESENTATIONS) {
    return tooComplex(`The operation has ${representations} representations; the limit is ${MAX_REPRESENTATIONS}.`);
  }
  if (requests > maxRequests) {
    return tooComplex(
      `The operation can cost the backup server ${requests} requests; the limit is ${maxRequests}. ${lessOf}`,
    );
  }
  if (fields > MAX_FIELDS) {
    return tooComplex(`The answer can have ${fields} fields or more; the limit is ${MAX_FIELDS}. ${lessOf}`);
  }
  return null;
}

/** Texts up to this length may be enum values, on which the cost can depend; others are ids and the like. */
const MAX_WORD_CHARACTERS = 32;

const MAX_REMEMBERED = 50;

/**
 * What of an operation's variables its cost can depend on: all but what ids and moments say, of which it is enough to know
 * which are the same. Null where they hold more than plain values.
 */
function shapeOf(operationName: string | undefined, variables: Readonly<Record<string, unknown>>): string | null {
  let shape = operationName ?? '';
  const texts: string[] = [];
  for (const name in variables) {
    const value = variables[name];
    if (typeof value === 'object' && value !== null) return null;
    const isText = typeof value === 'string' && value.length > MAX_WORD_CHARACTERS;
    if (isText && !texts.includes(value)) texts.push(value);
    shape += ` ${name}=${isText ? `#${texts.indexOf(value)}` : JSON.stringify(value)}`;
  }
  return shape;
}

/** Refuses an operation that would cost the server, or this process, too much, before the first request is sent for it. */
export function createCostPlugin(): ApolloServerPlugin<Context> {
  /** Of each document, the variables with which it was found good. */
  const good = new WeakMap<DocumentNode, Set<string>>();

  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ schema, document, operation, request, contextValue: { maxRequests } }) => {
          if (!operation) return Promise.resolve(); // none has that name, which execution tells
          const given = request.variables ?? {};
          const shape = shapeOf(request.operationName, given);
          const shapes = good.get(document) ?? new Set();
          if (shape !== null && shapes.has(shape)) return Promise.resolve();
          const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: 1 });
          if (!coerced) return Promise.resolve(); // execution tells what is wrong with them
          const selections = { fragments: fragmentsOf(document), variableValues: coerced };
          const problem = problemWith(costOf(schema, operation, selections, maxRequests), maxRequests);
          if (problem) throw problem;
          if (shape !== null && shapes.size < MAX_REMEMBERED) good.set(document, shapes.add(shape));
          return Promise.resolve();
        },
      }),
  };
}
