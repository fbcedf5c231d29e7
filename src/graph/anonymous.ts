import { GraphQLError, parse } from 'graphql';
import { UpstreamError } from '../upstream/errors.js';
import type { NoToken } from '../upstream/operation.js';

/**
 * Maximum number of tokens and characters in a document of a caller without a bearer token. Longer ones take long to parse and
 * validate, and nothing of them would be answered. The usual introspection query has 184 tokens and 2,000 characters.
 */
const MAX_DOCUMENT_TOKENS = 300;
const MAX_DOCUMENT_CHARACTERS = 16 * 1024;

/** Maximum number of root fields and representations that are each refused by an error of their own. */
const MAX_REFUSED_FIELDS = 100;

function refuse({ missing }: NoToken): GraphQLError {
  const originalError = new UpstreamError({ fault: 'unauthenticated', resource: 'authorization', reason: missing });
  const extensions = { code: 'UNAUTHENTICATED', http: { status: 401 } };
  return new GraphQLError(originalError.message, { originalError, extensions }); // worded by `formatError`
}

/** Returns the refusal of a long document without a bearer token, before it is validated; null when it is short. */
export function refuseLongDocument(text: string, noToken: NoToken): GraphQLError | null {
  if (text.length > MAX_DOCUMENT_CHARACTERS) return refuse(noToken);
  try {
    parse(text, { maxLexicalTokens: MAX_DOCUMENT_TOKENS, noLocation: true });
    return null;
  } catch (error) {
    const isLong = error instanceof GraphQLError && error.message.includes(' tokens. Parsing aborted.');
    return isLong ? refuse(noToken) : null; // no GraphQL: the next check says where
  }
}

/** Returns the refusal of an operation without a bearer token that asks for many things; null when it asks for few. */
export function refuseManyFields(rootFields: number, representations: number, noToken: NoToken): GraphQLError | null {
  return rootFields + representations > MAX_REFUSED_FIELDS ? refuse(noToken) : null;
}
