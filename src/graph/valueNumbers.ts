/** Maximum length of a text that stands for itself, in characters. */
const SHORT_CHARACTERS = 64;

/**
 * Creates a function that returns a short key for a value of JSON: equal values have equal keys. It looks at each object and
 * long text once, so that it does not matter how often a variable is used.
 */
export function createNumbering(): (value: unknown) => string {
  const byObject = new Map<object, string>();
  const texts = new Map<string, string>();
  const containers = new Map<string, string>();

  function numberOf(text: string, sign: '#' | '@', among: Map<string, string>): string {
    const known = among.get(text) ?? `${sign}${among.size}`;
    among.set(text, known);
    return known;
  }

  function keyOf(value: unknown): string {
    if (typeof value === 'string' && value.length > SHORT_CHARACTERS) return numberOf(value, '#', texts);
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const known = byObject.get(value);
    if (known !== undefined) return known;
    const text = Array.isArray(value)
      ? `[${value.map(keyOf).join()}]`
      : `{${Object.entries(value)
          .map(([name, member]) => `${JSON.stringify(name)}:${keyOf(member)}`)
          .join()}}`;
    const key = text.length > SHORT_CHARACTERS ? numberOf(text, '@', containers) : text;
    byObject.set(value, key);
    return key;
  }
  return keyOf;
}
