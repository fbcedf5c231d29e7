import { MAX_TOKEN_BYTES, type NoToken } from '../upstream/operation.js';

// RFC 6750, section 2.1: the scheme's name in any case, one space or more, and a b64token.
const pattern = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i;

/** The token of the one Authorization header, taken from all headers as they came (name, value, name, value, …). */
export function readBearerToken(rawHeaders: readonly string[]): string | NoToken {
  const values = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization',
  );
  const [value] = values;
  if (value === undefined) return { missing: 'absent' };
  const token = values.length === 1 ? pattern.exec(value)?.[1] : undefined;
  if (token === undefined) return { missing: 'malformed' };
  return token.length <= MAX_TOKEN_BYTES ? token : { missing: 'tooLong' };
}
