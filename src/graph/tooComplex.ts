import { GraphQLError } from 'graphql';

/** A document that is refused before anything is asked of the server. The message says what it has, and what it may have. */
export function tooComplex(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'QUERY_TOO_COMPLEX', http: { status: 400 } } });
}
