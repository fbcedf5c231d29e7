import { hash } from 'node:crypto';

/**
 * What the log calls a token: 8 hexadecimal digits, the same in every instance and after a restart, so that lines can be compared.
 * They are 32 bits of a hash of something random that is much longer, from which it cannot be told.
 */
export function fingerprintOf(token: string): string {
  return hash('sha256', `backup365-gateway log fingerprint\0${token}`, 'hex').slice(0, 8);
}
