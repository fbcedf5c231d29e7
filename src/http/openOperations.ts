import { overloaded } from '../upstream/errors.js';
import type { NoToken } from '../upstream/operation.js';

/** Operations and downloads that are being answered. */
export type OpenOperations = Readonly<{
  /** Counts one more until the returned function is called; throws `overloaded` when there are too many. */
  enter: (token: string | NoToken) => () => void;
  count: () => number;
}>;

/** Open operations that are allowed even where fewer connections are. */
const MIN_OPEN = 4096;

/** Returns how many operations may be open: one on each connection, or more. */
export const maxOpenFor = (maxConnections: number): number => Math.max(MIN_OPEN, maxConnections);

/** One token's part of all open operations. */
const TOKEN_SHARE = 3 / 4;

/** Callers without a token are refused soon: they count as one. */
const NO_TOKEN = '';

/** Bounds how many operations are open at once: in all, and for one token. */
export function createOpenOperations(maxOpen: number): OpenOperations {
  const maxPerToken = Math.ceil(maxOpen * TOKEN_SHARE);
  const ofToken = new Map<string, number>();
  let total = 0;

  return {
    count: () => total,
    enter: (token) => {
      const key = typeof token === 'string' ? token : NO_TOKEN;
      const own = ofToken.get(key) ?? 0;
      if (total >= maxOpen || own >= maxPerToken) {
        const reason = total >= maxOpen ? `${total} operations are open` : `${own} operations of one token are open`;
        throw overloaded({ resource: 'operation' }, 'operations', reason);
      }
      total += 1;
      ofToken.set(key, own + 1);
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        total -= 1;
        const left = (ofToken.get(key) ?? 1) - 1;
        if (left === 0) ofToken.delete(key);
        else ofToken.set(key, left);
      };
    },
  };
}
