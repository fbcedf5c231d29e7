import type { ApolloServerPlugin } from '@apollo/server';
import {
  BREAK,
  getVariableValues,
  Kind,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type OperationDefinitionNode,
} from 'graphql';
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
const MAX_SHAPE_CHARACTERS = 500;

/**
 * What of an operation's variables its cost can depend on: all but what ids and moments say, of which it is enough to know
 * which are the same. Null where they hold more than a few plain values.
 */
function shapeOf(
  { name, variableDefinitions = [] }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): string | null {
  let shape = name?.value ?? '';
  const texts: string[] = [];
  for (const { variable } of variableDefinitions) {
    const value = given[variable.name.value];
    if (typeof value === 'object' && value !== null) return null;
    const isText = typeof value === 'string' && value.length > MAX_WORD_CHARACTERS;
    if (isText && !texts.includes(value)) texts.push(value);
    shape += ` ${isText ? `#${texts.indexOf(value)}` : JSON.stringify(value)}`;
    if (shape.length > MAX_SHAPE_CHARACTERS) return null;
  }
  return shape;
}

/** Ids that stand in the document may be those of variables, too; then the shape of these does not tell which are the same. */
function hasTexts(document: DocumentNode): boolean {
  let isFound = false;
  visit(document, {
    StringValue: () => {
      isFound = true;
      return BREAK;
    },
  });
  return isFound;
}

/** Refuses an operation that would cost the server, or this process, too much, before the first request is sent for it. */
export function createCostPlugin(): ApolloServerPlugin<Context> {
  /** Of each document, the shapes of variables with which it was found good; null where it says nothing. */
  const good = new WeakMap<DocumentNode, Set<string> | null>();

  function shapesOf(document: DocumentNode): Set<string> | null {
    const known = good.get(document);
    if (known !== undefined) return known;
    const shapes = hasTexts(document) ? null : new Set<string>();
    good.set(document, shapes);
    return shapes;
  }

  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ schema, document, operation, request, contextValue: { maxRequests, variables } }) => {
          if (!operation) return Promise.resolve(); // none has that name, which execution tells
          const given = request.variables ?? {};
          const shapes = shapesOf(document);
          const shape = shapes && shapeOf(operation, given);
          if (shape === null || shapes?.has(shape) !== true) {
            const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: 1 });
            if (!coerced) return Promise.resolve(); // execution tells what is wrong with them
            const selections = { fragments: fragmentsOf(document), variableValues: coerced };
            const problem = problemWith(costOf(schema, operation, selections, maxRequests), maxRequests);
            if (problem) throw problem;
            if (shape !== null && shapes && shapes.size < MAX_REMEMBERED) shapes.add(shape);
          }
          variables.areGood = true;
          return Promise.resolve();
        },
      }),
  };
}
