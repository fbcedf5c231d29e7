import { GraphQLError } from 'graphql';
import { toUuid } from '../upstream/raw.js';

/** An argument that cannot be what was meant. The message says which, what was expected and what came. */
export function badInput(argument: string, expected: string, got: unknown): GraphQLError {
  const text = typeof got === 'string' ? JSON.stringify(got.length > 80 ? `${got.slice(0, 80)}…` : got) : String(got);
  const message = `Argument "${argument}" must be ${expected}; got ${text}.`;
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', argument } });
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
