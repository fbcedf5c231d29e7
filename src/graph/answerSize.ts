import type { GraphQLFieldResolver, GraphQLFormattedError } from 'graphql';
import { UpstreamError } from '../upstream/errors.js';
import type { Context } from './context.js';

/** Texts up to this length are bounded by the number of fields that an answer may have. */
const SHORT_CHARACTERS = 64;

/** How long all other texts of one answer may be together: a log of 50,000 lines, say. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** How many fields and rows may be told to be bad, each with an error of its own; and how many errors an answer has. */
export const MAX_ERRORS = 1000;

/** How many references may be told to be bad. */
const MAX_BAD_REFERENCES = 100;

/** What one answer has taken up so far. */
export type AnswerSize = { characters: number; badFields: number; badReferences: number };

export const emptyAnswer: Readonly<AnswerSize> = { characters: 0, badFields: 0, badReferences: 0 };

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
  const tell = (error: Error): Error | null => {
    answerSize.badFields += 1;
    return answerSize.badFields > MAX_ERRORS ? null : error;
  };
  if (value instanceof Error) return tell(value);
  if (Array.isArray(value) && value.some((row) => row instanceof Error)) {
    return value.map((row: unknown) => (row instanceof Error ? tell(row) : row));
  }
  return value;
};

/** How many characters of long texts there are in data, counted up to the limit. */
function longCharacters(data: object, counted: number): number {
  let total = counted;
  const count = (value: unknown): void => {
    if (typeof value === 'string') total += value.length > SHORT_CHARACTERS ? value.length : 0;
    else if (typeof value === 'object' && value !== null) total = longCharacters(value, total);
  };
  if (Array.isArray(data)) data.forEach(count);
  else for (const key in data) count((data as Record<string, unknown>)[key]);
  return total;
}

/** Counts the long texts of data that was read without `readField`. True if they are within their bound. */
export function hasRoomFor(data: object | null, answerSize: AnswerSize): boolean {
  if (data !== null) answerSize.characters = longCharacters(data, 0);
  return answerSize.characters <= MAX_CHARACTERS;
}

/** The errors of an answer within bounds: how many more there are is told by the last ones. */
export function boundErrors(
  errors: readonly GraphQLFormattedError[],
  { badFields, badReferences }: AnswerSize,
): readonly GraphQLFormattedError[] {
  const told = errors.slice(0, MAX_ERRORS);
  const tell = (count: number, what: string, code: unknown): GraphQLFormattedError[] =>
    count > 0 ? [{ message: `${count} more ${what}`, extensions: { code } }] : [];
  return [
    ...told,
    ...tell(badFields - MAX_ERRORS, 'fields or rows are null as they cannot be read.', 'UPSTREAM_BAD_RESPONSE'),
    ...tell(badReferences - MAX_BAD_REFERENCES, 'representations are null as they are none.', 'BAD_USER_INPUT'),
    ...tell(errors.length - MAX_ERRORS, 'fields are null for errors like the last.', told.at(-1)?.extensions?.['code']),
  ];
}
