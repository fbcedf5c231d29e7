import { isUnionType, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import { asError } from '../upstream/errors.js';
import { toUuid } from '../upstream/raw.js';
import { tellBadReference } from './answerSize.js';
import { badInput } from './badInput.js';
import type { Context } from './context.js';

function problemOf(representation: unknown, entityNames: ReadonlySet<string>): Error | null {
  const fields = typeof representation === 'object' && representation !== null ? representation : {};
  const typename = '__typename' in fields ? fields.__typename : undefined;
  if (typeof typename !== 'string' || !entityNames.has(typename)) {
    return badInput('representations', "of this graph's entities, by their __typename", typename);
  }
  const id = 'id' in fields ? fields.id : undefined;
  return typeof id === 'string' && toUuid(id) !== null ? null : badInput('id', 'a UUID', id);
}

/**
 * Lets each representation of `_entities` stand for itself. The resolver that comes with the subgraph throws for all of them
 * when one has a type it does not know, and leaves those it had begun to answer unheard, which would end the process.
 */
export function guardEntities(schema: GraphQLSchema): void {
  const union = schema.getType('_Entity');
  const field = schema.getQueryType()?.getFields()['_entities'];
  const resolveAll = field?.resolve as
    GraphQLFieldResolver<unknown, Context, { representations: readonly unknown[] }> | undefined;
  if (!field || !resolveAll || !isUnionType(union)) throw new Error('the schema is no subgraph');
  const entityNames = new Set(union.getTypes().map(({ name }) => name));
  field.resolve = (source, { representations }: { representations: readonly unknown[] }, context: Context, info) =>
    representations.map((representation) => {
      const problem = problemOf(representation, entityNames);
      if (problem) return tellBadReference(context.answerSize, problem);
      try {
        const entities: unknown = resolveAll(source, { representations: [representation] }, context, info);
        const entity: unknown = Array.isArray(entities) ? entities[0] : entities;
        // Not rejected but given: compiled code puts what is rejected at the end of the list.
        return entity instanceof Promise ? entity.catch(asError) : entity;
      } catch (error) {
        return asError(error); // in its own place
      }
    });
}
