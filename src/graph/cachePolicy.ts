import type { ApolloServerPlugin } from '@apollo/server';
import {
  getNamedType,
  isCompositeType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import type { Lifetime } from '../upstream/sharing.js';
import type { Context } from './context.js';

/** What does not change any more can still be deleted, or no longer be this caller's to see. */
const LONG_SECONDS = 3600;

/** Jobs, organizations, repositories, proxies and the server change when somebody changes them, or runs them. */
const SHORT_SECONDS = 30;

/** How long a type's values may be kept; those of others, which may change any time, for `SHORT_SECONDS`. */
export const maxAgeSeconds: Readonly<Record<string, number>> = {
  Query: LONG_SECONDS, // says nothing itself
  JobSession: LONG_SECONDS, // shortened by what the sessions of the answer are
  'JobSession.statistics': LONG_SECONDS, // a field, as the type can have another name
  LogItem: LONG_SECONDS,
  LogItemConnection: LONG_SECONDS,
  LogItemEdge: LONG_SECONDS,
  ProcessedObject: LONG_SECONDS,
  ProcessedObjectConnection: LONG_SECONDS,
  ProcessedObjectEdge: LONG_SECONDS,
  PageInfo: LONG_SECONDS,
  JobSessionConnection: 0, // one more can start any time
  'Job.latestSession': 0,
  __Schema: 0,
  __Type: 0,
  _Service: 0,
};

/** How long an answer to a document may be kept, in seconds, whatever the answer is: the least of all that it asks for. */
function ageOfDocument(schema: GraphQLSchema, document: DocumentNode): number {
  const types = new TypeInfo(schema);
  const ages: number[] = [];
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: ({ name }) => {
        const type = getNamedType(types.getType());
        if (!isCompositeType(type)) return;
        const field = maxAgeSeconds[`${types.getParentType()?.name ?? ''}.${name.value}`];
        ages.push(field ?? maxAgeSeconds[type.name] ?? SHORT_SECONDS);
      },
    }),
  );
  return ages.length === 0 ? 0 : Math.min(...ages);
}

/** The `Cache-Control` of an answer without errors: for the caller alone, by what it holds. */
function describe(ageSeconds: number, sessions: Lifetime | undefined): string {
  if (sessions === undefined) return 'no-store';
  const seconds = sessions === 'brief' ? Math.min(ageSeconds, SHORT_SECONDS) : ageSeconds;
  return seconds === 0 ? 'private, no-cache' : `private, max-age=${seconds}`;
}

/**
 * Says how long the caller may keep an answer: never anybody else, not at all what has an error or a running session in it.
 * What a document says of it is found once, so that no field has to be watched.
 */
export function createCachePlugin(): ApolloServerPlugin<Context> {
  const ages = new WeakMap<DocumentNode, number>();

  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: ({ document, schema, response: { body, http }, contextValue: { loaders } }) => {
          const isGood = body.kind === 'single' && body.singleResult.errors === undefined;
          if (!document || !isGood) {
            http.headers.set('cache-control', 'no-store');
            return Promise.resolve();
          }
          const age = ages.get(document) ?? ageOfDocument(schema, document);
          ages.set(document, age);
          http.headers.set('cache-control', describe(age, loaders.lifetime()));
          return Promise.resolve();
        },
      }),
  };
}
