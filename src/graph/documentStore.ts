import type { ApolloServerOptionsWithGateway, BaseContext } from '@apollo/server';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

type Store = NonNullable<ApolloServerOptionsWithGateway<BaseContext>['documentStore']>;

/** How many characters of text the parsed documents that are kept have together. Callers decide what is kept. */
const MAX_CHARACTERS = 4_000_000;

/** What an entry takes beside its text: a hash as its key, and the nodes that the shortest document has. */
const ENTRY_CHARACTERS = 1000;

/** Parsed and valid documents of this process. Each node knows its place in the text, so that a document holds all of it, comments as well. */
export function createDocumentStore(): Store {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ loc }) => (loc?.source.body.length ?? 0) + ENTRY_CHARACTERS,
  });
  return {
    get: (hash) => Promise.resolve(documents.get(hash)),
    set: (hash, document) => {
      documents.set(hash, document);
      return Promise.resolve();
    },
    delete: (hash) => Promise.resolve(documents.delete(hash)),
  };
}
