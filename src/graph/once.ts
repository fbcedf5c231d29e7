import { MAX_CURSOR_CHARACTERS } from './cursor.js';
import type { ConnectionArguments } from './connection.js';

/** Calls `make` for the first field of an operation with a key; the others get the same promise. */
export type Once = <Value>(key: string, make: () => Promise<Value>) => Promise<Value>;

/** Made for one operation, and never shared. A key begins with the kind of its value. */
export function createOnce(): Once {
  const known = new Map<string, Promise<unknown>>();
  return (key, make) => {
    const pending = (known.get(key) as ReturnType<typeof make> | undefined) ?? make(); // set below, for this very key
    known.set(key, pending);
    return pending;
  };
}

/** Returns the key of a page of a list; null if its cursor is longer than any, because a key is compared for each row. */
export function pageKey(list: string, { first, after }: ConnectionArguments): string | null {
  return (after?.length ?? 0) > MAX_CURSOR_CHARACTERS ? null : `${list} ${first ?? ''} ${after ?? ''}`;
}
