/** A text of an operator's without what stands before the `@` of a URL, which can be a password with anything in it. */
export const withoutPassword = (text: string): string => text.replace(/\/\/.*@/gs, '//***@');

/** A text of an operator's in a message. */
export const showGiven = (text: string): string => JSON.stringify(withoutPassword(text));

const MAX_SHOWN_CHARACTERS = 80;

/** A value of somebody else's JSON in a message: texts in quotes and cut off where they are long, objects and arrays by their kind alone. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  const isLong = typeof value === 'string' && value.length > MAX_SHOWN_CHARACTERS;
  return JSON.stringify(isLong ? `${value.slice(0, MAX_SHOWN_CHARACTERS)}…` : value);
}
