import { createHash } from 'node:crypto';

/** Keeps these hashes apart from any other that a token may have somewhere. */
const PREFIX = 'backup365-gateway log fingerprint\0';

/**
 * Eight hex digits by which lines about one token can be found and compared: the same in every instance, and after a restart.
 * They are 32 bits of a hash of something random and much longer, so the token cannot be told from them.
 */
export function fingerprintOf(token: string): string {
  return createHash('sha256')
    .update(PREFIX + token)
    .digest('hex')
    .slice(0, 8);
}
