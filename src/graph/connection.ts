import type { List } from '../upstream/api.js';
import { MAX_PAGE_ROWS } from '../upstream/api.js';
import type { Field } from '../upstream/resource.js';
import { badInput } from './badInput.js';
import { readCursor, writeCursor, type Anchor } from './cursor.js';

/** How many rows are looked at with one request where rows have to be picked out here. */
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

/** How rows of a list are known again. Lists without a stable order have no key: their cursors are positions. */
export type Order<Row> = Readonly<{
  key: (row: Row) => string | number | null;
  /** Below zero where `a` comes before `b` in the list. */
  compare: (a: string | number, b: string | number) => number;
}>;

export type ConnectionArguments = Readonly<{ first?: number | null; after?: string | null }>;

export type ConnectionSource<Row> = Readonly<{
  /** Names the list, its filter and its order: see `nameList`. */
  name: string;
  list: List<Row>;
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

function anchorAt<Row extends { readonly id: string }>(order: Order<Row> | null, { row, offset }: Placed<Row>): Anchor {
  return row instanceof Error ? { offset, id: null, key: null } : { offset, id: row.id, key: order?.key(row) ?? null };
}

/** -1, 0, 1: a row stands before, at or after the anchor; null where that cannot be told of this row. */
function sideOf<Row extends { readonly id: string }>(order: Order<Row>, anchor: Anchor, row: Field<Row>): -1 | 0 | 1 | null {
  if (row instanceof Error) return null;
  if (row.id === anchor.id) return 0;
  const key = order.key(row);
  if (key === null || anchor.key === null) return null;
  const side = order.compare(key, anchor.key);
  // Rows of the same moment as the anchor have no order of their own: they count as before it, until it is found.
  return side > 0 ? 1 : -1;
}

/**
 * Reads a page of a list whose rows move: new ones come in at the top while a client pages. A cursor is therefore the row
 * it stands at, not a position. Reading starts where that row was; rows found there that stand before it are newer ones
 * that pushed it on, and are passed over; if the first one stands after it, rows were deleted, and reading starts earlier.
 */
export async function readConnection<Row extends { readonly id: string }>(
  source: ConnectionSource<Row>,
  { first, after }: ConnectionArguments,
): Promise<Connection<Row>> {
  const count = rowCount(first);
  const anchor = after === null || after === undefined ? null : readCursor(source.name, after);
  const { list } = source;
  // Without an order, or an id, nothing is known of the anchor but its place.
  const order = anchor?.id == null || anchor.key === null ? null : source.order;

  const wanted = count + 1 + (order ? 1 : 0); // one more tells whether there is a next page; one more finds the anchor
  const limit = Math.min(MAX_PAGE_ROWS, list.isExact ? wanted : Math.max(wanted, SCAN_PAGE_ROWS));

  let offset = anchor === null ? 0 : order ? anchor.offset : anchor.offset + 1;
  let page = await list.readPage({ offset, limit });
  let looked = page.rows.length;
  for (let step = limit; anchor && order && offset > 0; step *= 2) {
    const [top] = page.rows;
    const side = top === undefined ? 1 : sideOf(order, anchor, top);
    if (side === -1 || side === 0 || looked >= source.scanLimitRows) break;
    offset = Math.max(0, offset - step);
    page = await list.readPage({ offset, limit });
    looked += page.rows.length;
  }

  const found: Placed<Row>[] = [];
  let isPast = order === null;
  let last: Placed<Row> | null = null;
  let hasNext = false;
  let scanLimitReached = false;
  for (;;) {
    for (const [index, row] of page.rows.entries()) {
      const placed = { row, offset: page.offset + index };
      if (!isPast && anchor && order) {
        const side = sideOf(order, anchor, row);
        if (side === 0) {
          isPast = true;
          continue;
        }
        if (side !== 1) continue;
        isPast = true; // the anchor is gone; what stood after it goes on
      }
      if (!(row instanceof Error) && !list.isExact && !source.keeps(row)) {
        last = placed;
        continue;
      }
      if (found.length === count) {
        hasNext = true;
        break;
      }
      found.push(placed);
      last = placed;
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
    page = await list.readPage({ offset: page.offset + page.rows.length, limit });
    looked += page.rows.length;
  }

  const write = (placed: Placed<Row> | undefined): string | null =>
    placed ? writeCursor(source.name, anchorAt(source.order, placed)) : null;
  // Still short of the anchor at the scan limit: it stands where it stood, only further down than it was.
  const stuck = anchor && !isPast ? writeCursor(source.name, { ...anchor, offset: page.offset + page.rows.length - 1 }) : null;
  return {
    get edges() {
      return found.map((placed) => ({ cursor: write(placed) ?? '', node: placed.row }));
    },
    get nodes() {
      return found.map(({ row }) => row);
    },
    get pageInfo() {
      const end = scanLimitReached ? (last ?? undefined) : found.at(-1);
      return {
        hasNextPage: hasNext,
        hasPreviousPage: anchor !== null,
        startCursor: write(found[0]),
        endCursor: scanLimitReached && stuck !== null ? stuck : write(end),
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
