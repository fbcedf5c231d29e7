/** A text of an operator's without what stands before the `@` of a URL, which can be a password with anything in it. */
export const withoutPassword = (text: string): string => text.replace(/\/\/.*@/gs, '//***@');

/** Characters that nobody sees, or takes for a blank. */
const unseen = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** Quotes a text. Escapes every character that nobody would see. */
function quote(text: string): string {
  return JSON.stringify(text).replace(unseen, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** A text of an operator's in a message. */
export const showGiven = (text: string): string => quote(withoutPassword(text));

const MAX_SHOWN_CHARACTERS = 80;

/** A value of somebody else's JSON in a message: texts in quotes and cut off where they are long, objects and arrays by their kind alone. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return JSON.stringify(value);
  return quote(value.length > MAX_SHOWN_CHARACTERS ? `${value.slice(0, MAX_SHOWN_CHARACTERS)}…` : value);
}
