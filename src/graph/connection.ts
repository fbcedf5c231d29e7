import type { List } from '../upstream/list.js';
import { MAX_PAGE_ROWS } from '../upstream/listReader.js';
import type { Field } from '../upstream/errors.js';
import type { Identified, Page } from '../upstream/resource.js';
import { badInput } from './badInput.js';
import {
  anchorAt,
  CollectedConnection,
  type Collected,
  type Connection,
  type Order,
  type Placed,
} from './connectionPage.js';
import { readCursor, type Anchor } from './cursor.js';

/** How many rows are looked at with one request where rows have to be picked out, or the cursor's row looked for. */
const SCAN_PAGE_ROWS = 500;

export type ConnectionArguments = Readonly<{ first?: number | null; after?: string | null }>;

export type ConnectionSource<Row> = Readonly<{
  /** Returns the name of the list, its filter and its order: see `nameList`. Called when a cursor is read or written. */
  listName: () => string;
  /** Called once the arguments have been found good. */
  open: () => Promise<List<Row>>;
  order: Order<Row> | null;
  /** Whether a row is one of those asked for, in a list that is not exact; or why that cannot be told. */
  keeps: (row: Row) => Field<boolean>;
  scanLimitRows: number;
}>;

export const ascending = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
export const descending = (a: string | number, b: string | number): number => ascending(b, a);

/** Returns how many rows are asked for; throws `BAD_USER_INPUT` for what `first` cannot be. */
export function rowCount(first: number | null | undefined): number {
  const count = first ?? 30;
  if (count < 1 || count > MAX_PAGE_ROWS) throw badInput('first', `a whole number from 1 to ${MAX_PAGE_ROWS}`, count);
  return count;
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

/** A row to be found again: what is known of it, and the order to find it by. */
type Sought<Row> = Readonly<{ anchor: Anchor; order: Order<Row> }>;

/**
 * The page to read on from. It begins where the sought row was, or earlier where rows before it were deleted: the further
 * back, the longer that takes, so each step is twice the one before.
 */
async function seek<Row extends Identified>(
  list: List<Row>,
  { anchor, order }: Sought<Row>,
  limit: number,
): Promise<Page<Row>> {
  let page = await list.readPage({ offset: anchor.offset, limit });
  for (let step = SCAN_PAGE_ROWS; page.offset > 0; step *= 2) {
    const [top] = page.rows;
    const side = top === undefined ? 'after' : sideOf(order, anchor, top);
    if (side === 'before' || side === 'at') break;
    page = await list.readPage({ offset: Math.max(0, page.offset - step), limit: Math.max(limit, SCAN_PAGE_ROWS) });
  }
  return page;
}

/** Takes rows that stand after the sought one, if they are asked for, until there are `count` of them. */
async function collect<Row extends Identified>(
  source: ConnectionSource<Row>,
  list: List<Row>,
  sought: Sought<Row> | null,
  start: Page<Row>,
  count: number,
  limit: number,
): Promise<Collected<Row>> {
  const found: Placed<Row>[] = [];
  let lastRow: Field<Row> | null = null;
  let lastOffset = 0;
  let beside: Placed<Row>[] = [];
  let isPast = sought === null;
  let looked = 0;

  /** True for one more than wanted: there is a next page. */
  const take = (row: Field<Row>, offset: number): boolean => {
    const verdict = row instanceof Error || list.isExact || source.keeps(row);
    if (verdict !== false && found.length === count) return true;
    if (verdict !== false) found.push({ row: verdict instanceof Error ? verdict : row, offset });
    lastRow = row;
    lastOffset = offset;
    return false;
  };
  const takeBeside = (): boolean => beside.some(({ row, offset }) => take(row, offset));

  for (let page = start; ;) {
    let offset = page.offset - 1;
    for (const row of page.rows) {
      offset += 1;
      const side = isPast || !sought ? 'after' : sideOf(sought.order, sought.anchor, row);
      if (side === 'at') {
        isPast = true;
        beside = [];
        lastRow = row;
        lastOffset = offset;
      } else if (side === 'beside') {
        beside.push({ row, offset });
      } else if (side === 'after') {
        // The sought row may be gone. Then what stood beside it may have been shown, or not: rather twice than not at all.
        const isFull = (!isPast && takeBeside()) || take(row, offset);
        if (isFull) return { found, hasNext: true, stoppedAt: null };
        isPast = true;
      }
    }
    if (!page.hasMore) return { found, hasNext: !isPast && takeBeside(), stoppedAt: null };
    // There may be more, or the rest holds none: to know would be to read it.
    if (found.length === count) return { found, hasNext: true, stoppedAt: null };

    looked += page.rows.length;
    const end = page.offset + page.rows.length;
    if (!page.isWhole && looked - found.length >= source.scanLimitRows) {
      // Still short of the sought row, a cursor stands at it as before, only further down than it was.
      const isShort = sought !== null && !isPast;
      return {
        found,
        hasNext: true,
        stoppedAt: isShort
          ? { ...sought.anchor, offset: end - 1 }
          : lastRow && anchorAt(source.order, { row: lastRow, offset: lastOffset }),
      };
    }
    page = await list.readPage({ offset: end, limit: isPast ? limit : Math.max(limit, SCAN_PAGE_ROWS) });
  }
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
  const anchor = after === null || after === undefined ? null : readCursor(source.listName(), after);
  const list = await source.open();
  // Without an order, or an id, nothing is known of the row but its place.
  const isKnown = anchor !== null && anchor.id !== null && anchor.key !== null;
  const sought = isKnown && source.order ? { anchor, order: source.order } : null;

  const wanted = count + 1 + (sought ? 1 : 0); // one more tells whether there is a next page; one more is the sought row
  const limit = Math.min(MAX_PAGE_ROWS, list.isExact ? wanted : Math.max(wanted, SCAN_PAGE_ROWS));
  const start = sought
    ? await seek(list, sought, limit)
    : await list.readPage({ offset: anchor === null ? 0 : anchor.offset + 1, limit });
  const collected = await collect(source, list, sought, start, count, limit);
  return new CollectedConnection(source, collected, anchor !== null);
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
