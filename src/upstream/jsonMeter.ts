/** What a body of JSON may consist of, whatever it says. */
export type JsonLimits = Readonly<{
  maxDepth: number;
  /** Of one object. */
  maxMembers: number;
  maxContainers: number;
  maxValues: number;
}>;

/**
 * Measures JSON while it is read: how deep it is nested, and how many objects, arrays and values there are. It is no parser,
 * and takes what is no JSON for what it looks like. `JSON.parse` needs seconds and gigabytes for 32 MB of `[{},{},…`, and
 * seconds for brackets a million deep.
 */
export type JsonMeter = Readonly<{
  /** Measures one chunk more; says what is too much, or null. */
  measure: (chunk: Uint8Array) => string | null;
  /** Objects and arrays so far, and the values of which they have more than one. */
  counts: () => Readonly<{ containers: number; values: number }>;
}>;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Texts up to this length are walked byte by byte, which is faster for them than a search. */
const SHORT_BYTES = 64;

/** Finds a byte in a chunk, from places that ascend. Each byte of the chunk is searched once. */
class Finder {
  readonly #chunk: Uint8Array;
  readonly #byte: number;
  #next = -1;

  constructor(chunk: Uint8Array, byte: number) {
    this.#chunk = chunk;
    this.#byte = byte;
  }

  /** Returns the next place of the byte; the length of the chunk when there is none. */
  from(at: number): number {
    if (this.#next < at) {
      const found = this.#chunk.indexOf(this.#byte, at);
      this.#next = found === -1 ? this.#chunk.length : found;
    }
    return this.#next;
  }
}

/** Creates a meter for one body, which comes in chunks. */
export function createJsonMeter({ maxDepth, maxMembers, maxContainers, maxValues }: JsonLimits): JsonMeter {
  let depth = 0;
  let containers = 0;
  let values = 0;
  let isInText = false;
  let isEscaped = false;
  /** Members so far of the object at each depth; -1 for an array. */
  const members: number[] = [];
  let mostMembers = 0;

  /** Measures one chunk, and skips texts. Returns the greatest depth. */
  function walk(chunk: Uint8Array): number {
    const { length } = chunk;
    const quotes = new Finder(chunk, QUOTE);
    const backslashes = new Finder(chunk, BACKSLASH);

    /** Returns the place of the next quote or backslash of a text; the length of the chunk when there is none. */
    const findInText = (start: number): number => {
      const near = Math.min(length, start + SHORT_BYTES);
      for (let at = start; at < near; at += 1) {
        const byte = chunk[at];
        if (byte === QUOTE || byte === BACKSLASH) return at;
      }
      return Math.min(quotes.from(near), backslashes.from(near));
    };

    let deepest = depth;
    let at = isEscaped ? 1 : 0;
    while (at < length) {
      if (isInText) {
        at = findInText(at);
        if (at === length) break;
        isInText = chunk[at] === BACKSLASH;
        at += isInText ? 2 : 1;
        continue;
      }
      const byte = chunk[at];
      at += 1;
      if (byte === QUOTE) {
        isInText = true;
      } else if (byte === COMMA) {
        values += 1;
        const count = members[depth] ?? -1;
        if (count >= 0) {
          members[depth] = count + 1;
          if (count >= mostMembers) mostMembers = count + 1;
        }
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        containers += 1;
        depth += 1;
        members[depth] = byte === OPEN_BRACE ? 0 : -1;
        if (depth > deepest) deepest = depth;
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        depth -= 1;
      }
    }
    isEscaped = at > length; // a backslash was the last byte
    return deepest;
  }

  return {
    measure: (chunk) => {
      const deepest = walk(chunk);
      if (deepest > maxDepth) return `JSON nested more than ${maxDepth} deep`;
      if (mostMembers >= maxMembers) return `JSON with an object of more than ${maxMembers} members`;
      if (containers > maxContainers) return `JSON with more than ${maxContainers} objects and arrays`;
      if (values > maxValues) return `JSON with more than ${maxValues} values`;
      return null;
    },
    counts: () => ({ containers, values }),
  };
}
