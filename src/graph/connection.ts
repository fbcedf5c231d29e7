import type { List } from '../upstream/api.js';
import { MAX_PAGE_ROWS } from '../upstream/listReader.js';
import type { Field } from '../upstream/errors.js';
import type { Identified, Page } from '../upstream/resource.js';
import { badInput } from './badInput.js';
import { readCursor, writeCursor, type Anchor } from './cursor.js';

/** How many rows are looked at with one request where rows have to be picked out, or the cursor's row looked for. */
const SCAN_PAGE_ROWS = 500;

export type Edge<Row> = Readonly<{ cursor: string; node: Field<Row> }>;

/** A Relay connection. What costs work is computed when it is asked for. */
export type Connection<Row> = Readonly<{
  edges: readonly Edge<Row>[];
  nodes: readonly Field<Row>[];
  pageInfo: Readonly<{
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  }>;
  scanLimitReached: boolean;
}>;

/** How rows of a list are known again. Lists without a stable order have none: their cursors are positions. */
export type Order<Row> = Readonly<{
  key: (row: Row) => string | number | null;
  /** Below zero where `a` comes before `b` in the list. */
  compare: (a: string | number, b: string | number) => number;
}>;

export type ConnectionArguments = Readonly<{ first?: number | null; after?: string | null }>;

export type ConnectionSource<Row> = Readonly<{
  /** Names the list, its filter and its order: see `nameList`. */
  name: string;
  /** Called once the arguments have been found good. */
  open: () => Promise<List<Row>>;
  order: Order<Row> | null;
  /** Whether a row is one of those asked for, in a list that is not exact. */
  keeps: (row: Row) => boolean;
  scanLimitRows: number;
}>;

export const ascending = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
export const descending = (a: string | number, b: string | number): number => ascending(b, a);

function rowCount(first: number | null | undefined): number {
  const count = first ?? 30;
  if (count < 1 || count > MAX_PAGE_ROWS) throw badInput('first', `a whole number from 1 to ${MAX_PAGE_ROWS}`, count);
  return count;
}

/** A row with its place in the server's list. */
type Placed<Row> = Readonly<{ row: Field<Row>; offset: number }>;

function anchorAt<Row extends Identified>(order: Order<Row> | null, { row, offset }: Placed<Row>): Anchor {
  return row instanceof Error ? { offset, id: null, key: null } : { offset, id: row.id, key: order?.key(row) ?? null };
}

/**
 * Where a row stands, seen from the anchor. `beside` it are other rows with its key (the same moment, say), which have no
 * order of their own, and those that cannot be read.
 */
type Side = 'before' | 'at' | 'after' | 'beside';

function sideOf<Row extends Identified>(order: Order<Row>, anchor: Anchor, row: Field<Row>): Side {
  if (row instanceof Error || anchor.key === null) return 'beside';
  if (row.id === anchor.id) return 'at';
  const key = order.key(row);
  const side = key === null ? 0 : order.compare(key, anchor.key);
  return side < 0 ? 'before' : side > 0 ? 'after' : 'beside';
}

/**
 * Reads a page of a list whose rows move: new ones come in at the top while a client pages. A cursor is therefore the row
 * it stands at, not a position. Reading starts where that row was; rows found there that stand before it are newer ones
 * that pushed it on, and are passed over; if the first one does not, rows were deleted, and reading starts earlier.
 */
export async function readConnection<Row extends Identified>(
  source: ConnectionSource<Row>,
  { first, after }: ConnectionArguments,
): Promise<Connection<Row>> {
  const count = rowCount(first);
  const anchor = after === null || after === undefined ? null : readCursor(source.name, after);
  // Without an order, or an id, nothing is known of the anchor but its place.
  const order = anchor === null || anchor.id === null || anchor.key === null ? null : source.order;
  const list = await source.open();

  const wanted = count + 1 + (order ? 1 : 0); // one more tells whether there is a next page; one more finds the anchor
  const limit = Math.min(MAX_PAGE_ROWS, list.isExact ? wanted : Math.max(wanted, SCAN_PAGE_ROWS));
  let looked = 0;
  const readPage = async (offset: number, rows: number): Promise<Page<Row>> => {
    const page = await list.readPage({ offset, limit: rows });
    looked += page.rows.length;
    return page;
  };

  let page = await readPage(anchor === null ? 0 : order ? anchor.offset : anchor.offset + 1, limit);
  for (let step = limit; anchor && order && page.offset > 0 && looked < source.scanLimitRows; step *= 2) {
    const [top] = page.rows;
    const side = top === undefined ? 'after' : sideOf(order, anchor, top);
    if (side === 'before' || side === 'at') break;
    page = await readPage(Math.max(0, page.offset - step), Math.max(limit, SCAN_PAGE_ROWS));
  }

  const found: Placed<Row>[] = [];
  let last: Placed<Row> | null = null;
  /** Takes a row that stands after the anchor, if it was asked for. True for one more than wanted: there is a next page. */
  const take = (placed: Placed<Row>): boolean => {
    const { row } = placed;
    const isWanted = row instanceof Error || list.isExact || source.keeps(row);
    if (isWanted && found.length === count) return true;
    if (isWanted) found.push(placed);
    last = placed;
    return false;
  };

  let isPast = order === null;
  let hasNext = false;
  let beside: Placed<Row>[] = [];
  let scanLimitReached = false;
  for (;;) {
    for (const [index, row] of page.rows.entries()) {
      const placed = { row, offset: page.offset + index };
      const side = isPast || !anchor || !order ? 'after' : sideOf(order, anchor, row);
      if (side === 'at') {
        isPast = true;
        beside = [];
        last = placed;
      } else if (side === 'beside') {
        beside.push(placed);
      } else if (side === 'after') {
        // The anchor may be gone. Then what stood beside it may have been shown, or not: rather twice than not at all.
        hasNext = (!isPast && beside.some(take)) || take(placed);
        isPast = true;
      }
      if (hasNext) break;
    }
    if (hasNext || !page.hasMore) break;
    if (found.length === count) {
      hasNext = true; // or the rest holds none: to know would be to read it
      break;
    }
    if (looked - found.length >= source.scanLimitRows) {
      hasNext = true;
      scanLimitReached = true;
      break;
    }
    page = await readPage(page.offset + page.rows.length, isPast ? limit : Math.max(limit, SCAN_PAGE_ROWS));
  }
  if (!isPast && !page.hasMore) hasNext = beside.some(take);

  const write = (placed: Placed<Row> | null | undefined): string | null =>
    placed ? writeCursor(source.name, anchorAt(source.order, placed)) : null;
  const writeEnd = (): string | null => {
    if (!scanLimitReached) return write(found.at(-1));
    // Still short of the anchor, a cursor stands at it as before, only further down than it was.
    return anchor && !isPast
      ? writeCursor(source.name, { ...anchor, offset: page.offset + page.rows.length - 1 })
      : write(last);
  };
  return {
    get edges() {
      return found.map((placed) => ({ cursor: write(placed) ?? '', node: placed.row }));
    },
    get nodes() {
      return found.map(({ row }) => row);
    },
    get pageInfo() {
      return {
        hasNextPage: hasNext,
        hasPreviousPage: anchor !== null,
        startCursor: write(found[0]),
        endCursor: writeEnd(),
      };
    },
    scanLimitReached,
  };
}

/** A list that is wholly at hand. */
export function listOf<Row>(rows: readonly Field<Row>[]): List<Row> {
  return {
    isExact: true,
    readPage: ({ offset, limit }) =>
      Promise.resolve({ offset, rows: rows.slice(offset, offset + limit), hasMore: rows.length > offset + limit }),
  };
}
