import type { ApolloServerOptionsWithGateway, BaseContext } from '@apollo/server';
import { visit, type DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

type Store = NonNullable<ApolloServerOptionsWithGateway<BaseContext>['documentStore']>;

/** How much memory the parsed documents that are kept may take, about. Callers decide what is kept. */
const MAX_BYTES = 32 * 1024 * 1024;

/** What a node takes, with its place in the text and its tokens; and an entry beside its nodes. */
const NODE_BYTES = 330;
const ENTRY_BYTES = 1000;

function sizeOf(document: DocumentNode): number {
  let nodes = 0;
  visit(document, {
    enter: () => {
      nodes += 1;
    },
  });
  return (document.loc?.source.body.length ?? 0) + nodes * NODE_BYTES + ENTRY_BYTES;
}

/** Parsed and valid documents of this process. Each node knows its place in the text, so that a document holds all of it, comments as well. */
export function createDocumentStore(): Store {
  const documents = new LRUCache<string, DocumentNode>({ maxSize: MAX_BYTES, sizeCalculation: sizeOf });
  return {
    get: (hash) => Promise.resolve(documents.get(hash)),
    set: (hash, document) => {
      documents.set(hash, document);
      return Promise.resolve();
    },
    delete: (hash) => Promise.resolve(documents.delete(hash)),
  };
}
