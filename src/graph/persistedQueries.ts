import { hash } from 'node:crypto';
import type { ApolloServerOptionsWithGateway, ApolloServerPlugin, BaseContext } from '@apollo/server';
import { LRUCache } from 'lru-cache';
import type { TokenStore } from '../sharedStore.js';
import type { Context } from './context.js';

type Options = Exclude<ApolloServerOptionsWithGateway<BaseContext>['persistedQueries'], false | undefined>;

/** How many characters of queries are kept. Callers decide what is kept, so that this bounds what they can fill. */
const MAX_CHARACTERS = 4_000_000;

/** What an entry takes beside its query: a hash as its key, and its place. The shortest queries have fewer characters than that. */
const ENTRY_CHARACTERS = 400;

/** Apollo puts a word and a colon before the hash. */
const hashIn = (key: string): string => key.slice(key.lastIndexOf(':') + 1);

const keyOf = (sha256: string): string => `query ${sha256}`;

/** Automatic persisted queries of this process, and those that a token has registered with another instance. */
export type PersistedQueries = Readonly<{
  cache: NonNullable<Options['cache']>;
  /**
   * Looks for a query of which a request has the hash alone, if it is not known here: in what the caller's token has registered
   * with any instance. Only a text that `isGood` is taken.
   */
  learn: (sha256: string, store: TokenStore, isGood: (text: string) => boolean) => Promise<void>;
}>;

/** Those used least recently go first; their callers then send them anew. */
export function createPersistedQueries(): PersistedQueries {
  const queries = new LRUCache<string, string>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (query) => query.length + ENTRY_CHARACTERS,
  });
  return {
    cache: {
      get: (key) => Promise.resolve(queries.get(hashIn(key))),
      set: (key, query) => {
        queries.set(hashIn(key), query);
        return Promise.resolve();
      },
      delete: (key) => Promise.resolve(queries.delete(hashIn(key))),
    },
    learn: async (sha256, store, isGood) => {
      if (queries.has(sha256)) return;
      const text = await store.read(keyOf(sha256));
      if (typeof text === 'string' && hash('sha256', text) === sha256 && isGood(text)) queries.set(sha256, text);
    },
  };
}

/**
 * Tells the other instances of a query that was registered here, once the backup server has answered it: so no token puts
 * anything there that the server does not take.
 */
export function createRegistrationPlugin(): ApolloServerPlugin<Context> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse: ({ metrics, queryHash, source, contextValue: { queryStore, isAuthorized } }) => {
          if (metrics.persistedQueryRegister && isAuthorized()) queryStore?.write(keyOf(queryHash), source);
          return Promise.resolve();
        },
      }),
  };
}
