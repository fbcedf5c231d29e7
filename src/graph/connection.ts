import type { List } from '../upstream/list.js';
import { MAX_PAGE_ROWS } from '../upstream/pageWalk.js';
import type { Field } from '../upstream/errors.js';
import type { Identified, ListName, Notice } from '../upstream/resource.js';
import { badInput } from './badInput.js';
import { collectRows, seek, SCAN_PAGE_ROWS } from './collectRows.js';
import { CollectedConnection, readAfter, sortCollected, type Connection, type Order } from './connectionPage.js';
import { readCursor } from './cursor.js';

export type ConnectionArguments = Readonly<{ first?: number | null; after?: string | null }>;

export type ConnectionSource<Row> = Readonly<{
  resource: ListName;
  /** Returns the name of the list, its filter and its order: see `nameList`. Called when a cursor is read or written. */
  listName: () => string;
  /** Called once the arguments have been found good. */
  open: () => Promise<List<Row>>;
  order: Order<Row> | null;
  /** Returns a text that no other row of the list has. */
  identify: (row: Row) => string;
  /** True if two rows with one identity are one row. */
  isUnique: boolean;
  /** Whether a row is one of those asked for, in a list that is not exact; or why that cannot be told. */
  keeps: (row: Row) => Field<boolean>;
  /** Returns the name of a filter that a row shows the server to ignore; null if the row shows none. */
  ignoredFilter: (row: Row) => string | null;
  notice: Notice;
  scanLimitRows: number;
}>;

export { ascending, descending } from './connectionPage.js';

/** Returns how many rows are asked for; throws `BAD_USER_INPUT` for what `first` cannot be. */
export function rowCount(first: number | null | undefined): number {
  const count = first ?? 30;
  if (count < 1 || count > MAX_PAGE_ROWS) throw badInput('first', `a whole number from 1 to ${MAX_PAGE_ROWS}`, count);
  return count;
}

/**
 * Reads a page of a list whose rows move: new ones come in at the top while a client pages. A cursor is therefore the row
 * it stands at, not a position: rows found in its place that stand before it are newer ones that pushed it on, and are
 * passed over.
 */
export async function readConnection<Row extends Identified>(
  source: ConnectionSource<Row>,
  { first, after }: ConnectionArguments,
): Promise<Connection<Row>> {
  const count = rowCount(first);
  const cursor = readAfter(after);
  const anchor = cursor === null ? null : readCursor(source.listName(), cursor);
  const list = await source.open();
  // Without an order, or an id, nothing is known of the row but its place.
  const isKnown = anchor !== null && anchor.id !== null && anchor.key !== null;
  const sought = isKnown && source.order ? { anchor, order: source.order } : null;

  const wanted = count + 1 + (sought ? 1 : 0); // one more tells whether there is a next page; one more is the sought row
  const limit = Math.min(MAX_PAGE_ROWS, list.isExact ? wanted : Math.max(wanted, SCAN_PAGE_ROWS));
  const start = sought
    ? await seek(list, sought, limit)
    : await list.readPage({ offset: anchor === null ? 0 : anchor.offset + 1, limit });
  const collected = await collectRows(source, list, sought, start, count, limit);
  return new CollectedConnection(source, sortCollected(source, collected, sought?.anchor.key ?? null), cursor);
}

/** A list that is wholly at hand. */
export function listOf<Row>(rows: readonly Field<Row>[]): List<Row> {
  return {
    isExact: true,
    readPage: ({ offset, limit }) =>
      Promise.resolve({
        offset,
        rows: rows.slice(offset, offset + limit),
        hasMore: rows.length > offset + limit,
        isWhole: true,
      }),
  };
}
