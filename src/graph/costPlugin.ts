import type { ApolloServerPlugin } from '@apollo/server';
import { getVariableValues, Kind, type DocumentNode, type FragmentDefinitionNode } from 'graphql';
import type { Context } from './context.js';
import { costOf, MAX_FIELDS } from './cost.js';
import { tooComplex } from './tooComplex.js';

function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((node) => [node.name.value, node]));
}

/** Refuses an operation that would cost the server, or this process, too much, before the first request is sent for it. */
export function createCostPlugin(): ApolloServerPlugin<Context> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: ({ schema, document, operation, request, contextValue: { maxRequests } }) => {
          if (!operation) return Promise.resolve(); // none has that name, which execution tells
          const given = request.variables ?? {};
          const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: 1 });
          if (!coerced) return Promise.resolve(); // execution tells what is wrong with them
          const selections = { fragments: fragmentsOf(document), variableValues: coerced };
          const { requests, fields } = costOf(schema, operation, selections, maxRequests);
          if (requests > maxRequests) {
            throw tooComplex(
              `The operation can cost the backup server ${requests} requests; the limit is ${maxRequests}. Ask for fewer rows, or for less of each.`,
            );
          }
          if (fields > MAX_FIELDS) {
            throw tooComplex(
              `The answer can have ${fields} fields or more; the limit is ${MAX_FIELDS}. Ask for fewer rows, or for less of each.`,
            );
          }
          return Promise.resolve();
        },
      }),
  };
}
