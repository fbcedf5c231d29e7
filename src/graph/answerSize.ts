import type { GraphQLFieldResolver, GraphQLFormattedError } from 'graphql';
import { UpstreamError } from '../upstream/errors.js';
import type { Context } from './context.js';
import { codeOf, type ErrorCode } from './formatError.js';

/** Texts up to this length are bounded by the number of fields that an answer may have. */
const SHORT_CHARACTERS = 64;

/** How long all other texts of one answer may be together: a log of 50,000 lines, say. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** Maximum number of errors in one answer. Fields and rows beyond it are null without one, and counted. */
export const MAX_ERRORS = 1000;

/** How many references may be told to be bad. */
const MAX_BAD_REFERENCES = 100;

/** Handlers of the value and of the error of a field that is resolved later. */
export type LaterHandlers = Readonly<{
  onValue: (value: unknown) => unknown;
  onError: (error: unknown) => Error | null;
}>;

/** What one answer has taken up so far. */
export type AnswerSize = {
  characters: number;
  /** Fields and rows that are null with an error of their own. */
  errors: number;
  /** Maximum of `errors`; see `maxErrorsOf`. */
  maxErrors: number;
  /** Fields and rows that are null without one, by the code that it would have had; null while there are none. */
  omitted: Map<ErrorCode, number> | null;
  badReferences: number;
  /** Created once per answer, because an answer can have a hundred thousand such fields; null before the first of them. */
  laterHandlers: LaterHandlers | null;
};

export const emptyAnswer: Readonly<AnswerSize> = {
  characters: 0,
  errors: 0,
  maxErrors: MAX_ERRORS,
  omitted: null,
  badReferences: 0,
  laterHandlers: null,
};

/** Counts an error that the answer has no room for. */
export function countOmitted(answerSize: AnswerSize, code: ErrorCode): void {
  answerSize.omitted ??= new Map();
  answerSize.omitted.set(code, (answerSize.omitted.get(code) ?? 0) + 1);
}

/** Returns the error that a field or row is null for; null once the answer has `maxErrors`, and then counts it. */
export function limitError(answerSize: AnswerSize, error: Error): Error | null {
  if (answerSize.errors < answerSize.maxErrors) {
    answerSize.errors += 1;
    return error;
  }
  countOmitted(answerSize, codeOf(error));
  return null;
}

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
    // Texts that are left out take no memory.
    answerSize.characters = Math.min(answerSize.characters + value.length, MAX_CHARACTERS + 1);
    if (answerSize.characters > MAX_CHARACTERS) {
      if (answerSize.errors >= answerSize.maxErrors) {
        countOmitted(answerSize, 'UPSTREAM_RESPONSE_TOO_LARGE');
        return null;
      }
      const reason = `more than ${MAX_CHARACTERS} characters in one answer`;
      return limitError(
        answerSize,
        new UpstreamError({ fault: 'tooLarge', resource: 'answer', field: fieldName, reason }),
      );
    }
  }
  if (value instanceof Error) return limitError(answerSize, value);
  if (Array.isArray(value) && value.some((row) => row instanceof Error)) {
    return value.map((row: unknown) => (row instanceof Error ? limitError(answerSize, row) : row));
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

/** Returns the errors of an answer within bounds. The last ones say how many more there are of each code. */
export function boundErrors(
  errors: readonly GraphQLFormattedError[],
  { omitted, badReferences }: AnswerSize,
): readonly GraphQLFormattedError[] {
  const told = errors.slice(0, MAX_ERRORS);
  const counts = new Map<unknown, number>(omitted);
  for (const { extensions } of errors.slice(MAX_ERRORS)) {
    counts.set(extensions?.['code'], (counts.get(extensions?.['code']) ?? 0) + 1);
  }
  const tell = (count: number, what: string, code: unknown): GraphQLFormattedError => ({
    message: `${count} more ${what}`,
    extensions: { code },
  });
  return [
    ...told,
    ...[...counts].map(([code, count]) =>
      code === 'UPSTREAM_BAD_RESPONSE'
        ? tell(count, 'fields or rows are null because they cannot be read.', code)
        : tell(count, 'fields are null because of errors with this code.', code),
    ),
    ...(badReferences > MAX_BAD_REFERENCES
      ? [tell(badReferences - MAX_BAD_REFERENCES, 'representations are invalid.', 'BAD_USER_INPUT')]
      : []),
  ];
}
