import type { ApolloServerOptionsWithGateway, BaseContext } from '@apollo/server';
import { LRUCache } from 'lru-cache';

type Options = Exclude<ApolloServerOptionsWithGateway<BaseContext>['persistedQueries'], false | undefined>;

/** How many characters of queries are kept. Callers decide what is kept, so that this bounds what they can fill. */
const MAX_CHARACTERS = 4_000_000;

/** What an entry takes beside its query: a hash as its key, and its place. The shortest queries have fewer characters than that. */
const ENTRY_CHARACTERS = 400;

/** Automatic persisted queries of this process. Those used least recently go first; their callers then send them anew. */
export function createPersistedQueryCache(): NonNullable<Options['cache']> {
  const queries = new LRUCache<string, string>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (query) => query.length + ENTRY_CHARACTERS,
  });
  return {
    get: (hash) => Promise.resolve(queries.get(hash)),
    set: (hash, query) => {
      queries.set(hash, query);
      return Promise.resolve();
    },
    delete: (hash) => Promise.resolve(queries.delete(hash)),
  };
}
