import type { Place, Query } from './version.js';

/** A list in the server's own order that needs no filtering of ours. */
export function plain(path: string, query: Query = {}): Place {
  return { path, query, isExact: true, order: 'ASC' };
}

/** The entries that have a value. */
export function given(entries: Readonly<Record<string, string | null | undefined>>): Query {
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The one thing that was asked for; undefined for none or several, which no parameter takes. */
export function only<T>(things: readonly T[] | null | undefined): T | undefined {
  return things?.length === 1 ? things[0] : undefined;
}

/** `jobType` values. UNKNOWN has none, so it is picked out here. */
export const jobTypeQuery: Readonly<Record<string, string>> = { BACKUP: 'Backup', COPY: 'Copy' };
