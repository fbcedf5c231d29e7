import type { GraphQLFieldResolver, GraphQLFormattedError } from 'graphql';
import { UpstreamError } from '../upstream/errors.js';
import type { Context } from './context.js';
import type { ErrorCode } from './formatError.js';

/** Texts up to this length are bounded by the number of fields that an answer may have. */
const SHORT_CHARACTERS = 64;

/** How long all other texts of one answer may be together: a log of 50,000 lines, say. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** How many fields of records may be told to be bad, each with an error of its own. */
const MAX_BAD_FIELDS = 1000;

/** How many references may be told to be bad. */
const MAX_BAD_REFERENCES = 100;

/** What one answer has taken up so far. */
export type AnswerSize = { characters: number; badFields: number; badReferences: number };

/** The error for a bad reference, or null once there were enough of them. */
export function tellBadReference(answerSize: AnswerSize, problem: Error): Error | null {
  answerSize.badReferences += 1;
  return answerSize.badReferences > MAX_BAD_REFERENCES ? null : problem;
}

/**
 * Gives a field of a record as it is; it is the resolver of all fields that have none of their own. A server that sends texts of
 * megabytes, or nothing but bad fields, is thus bounded where its rows are multiplied: by the aliases of a document.
 */
export const readField: GraphQLFieldResolver<unknown, Context> = (source, _, { answerSize }, { fieldName }) => {
  const value: unknown =
    typeof source === 'object' && source !== null ? (source as Record<string, unknown>)[fieldName] : undefined;
  if (typeof value === 'string' && value.length > SHORT_CHARACTERS) {
    answerSize.characters += value.length;
    if (answerSize.characters > MAX_CHARACTERS) {
      const reason = `more than ${MAX_CHARACTERS} characters in one answer`;
      throw new UpstreamError({ fault: 'tooLarge', resource: 'answer', field: fieldName, reason });
    }
  }
  if (value instanceof Error) {
    answerSize.badFields += 1;
    if (answerSize.badFields > MAX_BAD_FIELDS) return null;
  }
  return value;
};

/** Errors for all that is bad and has none of its own. */
export function tellRest({ badFields, badReferences }: AnswerSize): readonly GraphQLFormattedError[] {
  const tell = (count: number, what: string, code: ErrorCode): GraphQLFormattedError[] =>
    count > 0 ? [{ message: `${count} more ${what}`, extensions: { code } }] : [];
  return [
    ...tell(badFields - MAX_BAD_FIELDS, 'fields are null as they cannot be read.', 'UPSTREAM_BAD_RESPONSE'),
    ...tell(badReferences - MAX_BAD_REFERENCES, 'representations are null as they are none.', 'BAD_USER_INPUT'),
  ];
}
