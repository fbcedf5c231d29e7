import type { GraphQLResolveInfo } from 'graphql';
import { asError } from '../upstream/errors.js';
import { toUuid } from '../upstream/raw.js';
import { limitError, tellBadReference } from './answerSize.js';
import { badInput } from './badInput.js';
import type { Context } from './context.js';

/** Loads what a representation refers to: the entity, null when there is none, or an error; or a promise of those. */
export type ReferenceResolver = (representation: object, context: Context, info: GraphQLResolveInfo) => unknown;

/** An entity type: loads one of them, and notes the type of what was loaded. */
type EntityType = Readonly<{ load: ReferenceResolver; note: (entity: unknown) => unknown }>;

export type Entities = Readonly<{
  /** Resolves `_entities`: each representation for itself, so that one that fails is an error in its own place. */
  resolve: (
    source: unknown,
    args: Readonly<{ representations: readonly unknown[] }>,
    context: Context,
    info: GraphQLResolveInfo,
  ) => unknown[];
  /** Returns the type of an entity that `resolve` gave. */
  typeNameOf: (entity: object) => string | undefined;
}>;

/** Returns why a representation of a known type cannot be loaded, or null. Nothing but a UUID ever reaches a path. */
function problemOf(representation: object): Error | null {
  const id = 'id' in representation ? representation.id : undefined;
  return typeof id === 'string' && toUuid(id) !== null ? null : badInput('id', 'a UUID', id);
}

/** Creates the resolvers of `_entities` from one reference resolver per type. */
export function createEntities(resolvers: ReadonlyMap<string, ReferenceResolver>): Entities {
  /** Records belong to a cache that operations share, so their type is noted beside them and not in them. */
  const typeNames = new WeakMap<object, string>();
  const types = new Map<unknown, EntityType>();
  for (const [name, load] of resolvers) {
    const note = (entity: unknown): unknown => {
      if (typeof entity === 'object' && entity !== null) typeNames.set(entity, name);
      return entity;
    };
    types.set(name, { load, note });
  }

  function resolveOne(
    representation: unknown,
    context: Context,
    info: GraphQLResolveInfo,
    onError: (error: unknown) => Error | null,
  ): unknown {
    const fields = typeof representation === 'object' && representation !== null ? representation : {};
    const typename = '__typename' in fields ? fields.__typename : undefined;
    const type = types.get(typename);
    const problem = type
      ? problemOf(fields)
      : badInput('representations', "of this graph's entities, by their __typename", typename);
    if (!type || problem) return problem && tellBadReference(context.answerSize, problem);
    try {
      const entity = type.load(fields, context, info);
      // A rejection becomes a value: compiled code puts what is rejected at the end of the list.
      return entity instanceof Promise ? entity.then(type.note, onError) : type.note(entity);
    } catch (error) {
      return onError(error); // in its own place
    }
  }

  return {
    resolve: (_, { representations }, context, info) => {
      const onError = (error: unknown): Error | null => limitError(context.answerSize, asError(error));
      return representations.map((representation) => resolveOne(representation, context, info, onError));
    },
    typeNameOf: (entity) => typeNames.get(entity),
  };
}
