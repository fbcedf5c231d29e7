import Negotiator from 'negotiator';

/** Maximum length of an `Accept` header, in characters. Browsers send 150; reading 32 kB of it takes a tenth of a second. */
const MAX_ACCEPT_CHARACTERS = 1000;

/** Returns the message of a 406: the header is too long, or else the given one, which names the types that are served. */
export function describeUnacceptable(accept: string | undefined, served: string): string {
  if (accept === undefined || accept.length <= MAX_ACCEPT_CHARACTERS) return served;
  return `The Accept header is longer than ${MAX_ACCEPT_CHARACTERS.toLocaleString('en-US')} characters.`;
}

/** Maximum number of remembered headers, and of characters in each: clients send the same few all the time. */
const MAX_REMEMBERED = 100;
const MAX_REMEMBERED_CHARACTERS = 200;

/** Rewrites `*` as `*\/*`, and removes `charset`: the gateway has UTF-8 alone. */
function modernize(accept: string): string {
  return accept
    .replace(/(^|,)\s*\*\s*(?=[,;]|$)/g, '$1*/*')
    .replace(/;\s*charset\s*=\s*(?:"[^"]*"|[^\s;,"]*)\s*(?=[,;]|$)/gi, '');
}

/** Chooses one of some media types by a request's `Accept` header; null when it takes none of them. */
export type Negotiate<T extends string> = (accept: string | undefined) => T | null;

/**
 * Creates a choice among media types by RFC 9110: by weight, then by how exactly each is named, then in the order of the header,
 * then in the order given here. An empty header counts as none.
 */
export function createNegotiation<T extends string>(types: readonly T[]): Negotiate<T> {
  const remembered = new Map<string, T | null>();

  function choose(accept: string): T | null {
    if (accept.length > MAX_ACCEPT_CHARACTERS) return null;
    const chosen = new Negotiator({ headers: { accept: modernize(accept) } }).mediaType(types);
    return types.find((type) => type === chosen) ?? null;
  }

  return (accept = '') => {
    const asked = /^[\s,]*$/.test(accept) ? '*/*' : accept; // empty members of a list do not count
    const known = remembered.get(asked);
    if (known !== undefined) return known;
    const chosen = choose(asked);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    if (asked.length <= MAX_REMEMBERED_CHARACTERS) remembered.set(asked, chosen);
    return chosen;
  };
}
