import { GraphQLError } from 'graphql';
import { toUuid } from '../upstream/raw.js';

const MAX_SHOWN_CHARACTERS = 80;

/** Objects of a caller's are not turned to text: that can fail. */
function describe(got: unknown): string {
  return typeof got === 'object' && got !== null ? 'an object or array' : String(got);
}

/** An argument that cannot be what was meant. The message says which, what was expected and what came. */
export function badInput(argument: string, expected: string, got: unknown): GraphQLError {
  const text = typeof got === 'string' ? JSON.stringify(got.slice(0, MAX_SHOWN_CHARACTERS)) : describe(got);
  const shown = text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
  const message = `Argument "${argument}" must be ${expected}; got ${shown}.`;
  // One for each row of an answer, and its message says all: a stack takes longer than the error.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', argument } });
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

/** A caller's id in lower case. Nothing else than a UUID ever reaches a path. */
export function uuidArgument(argument: string, value: string): string {
  const id = typeof (value as unknown) === 'string' ? toUuid(value) : null; // `_entities` takes anything
  if (id === null) throw badInput(argument, 'a UUID, such as be376069-2865-4156-a9bc-825cef7d687e', value);
  return id;
}

/** The same for an optional id. */
export function optionalUuidArgument(argument: string, value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : uuidArgument(argument, value);
}
