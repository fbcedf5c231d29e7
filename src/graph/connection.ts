import type { List } from '../upstream/list.js';
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
  /** Whether a row is one of those asked for, in a list that is not exact; or why that cannot be told. */
  keeps: (row: Row) => Field<boolean>;
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

/** What was found from a page on. */
type Collected<Row> = Readonly<{
  found: readonly Placed<Row>[];
  hasNext: boolean;
  /** Where a client that goes on stands: the last row that was looked at, where the scan limit ended the search. */
  stoppedAt: Anchor | null;
}>;

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
  let last: Placed<Row> | null = null;
  let beside: Placed<Row>[] = [];
  let isPast = sought === null;
  let looked = 0;

  /** True for one more than wanted: there is a next page. */
  const take = ({ row, offset }: Placed<Row>): boolean => {
    const verdict = row instanceof Error || list.isExact || source.keeps(row);
    if (verdict !== false && found.length === count) return true;
    if (verdict !== false) found.push({ row: verdict instanceof Error ? verdict : row, offset });
    last = { row, offset };
    return false;
  };

  for (let page = start; ;) {
    for (const [index, row] of page.rows.entries()) {
      const placed = { row, offset: page.offset + index };
      const side = isPast || !sought ? 'after' : sideOf(sought.order, sought.anchor, row);
      if (side === 'at') {
        isPast = true;
        beside = [];
        last = placed;
      } else if (side === 'beside') {
        beside.push(placed);
      } else if (side === 'after') {
        // The sought row may be gone. Then what stood beside it may have been shown, or not: rather twice than not at all.
        const isFull = (!isPast && beside.some(take)) || take(placed);
        if (isFull) return { found, hasNext: true, stoppedAt: null };
        isPast = true;
      }
    }
    if (!page.hasMore) return { found, hasNext: !isPast && beside.some(take), stoppedAt: null };
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
        stoppedAt: isShort ? { ...sought.anchor, offset: end - 1 } : last && anchorAt(source.order, last),
      };
    }
    page = await list.readPage({ offset: end, limit: isPast ? limit : Math.max(limit, SCAN_PAGE_ROWS) });
  }
}

/**
 * A class, as V8 gives each object literal with getters a hidden class of its own. Those live among old objects, and would keep
 * the rows of all pages from being collected with the young ones.
 */
class CollectedConnection<Row extends Identified> implements Connection<Row> {
  readonly scanLimitReached: boolean;
  readonly #source: Pick<ConnectionSource<Row>, 'name' | 'order'>;
  readonly #collected: Collected<Row>;
  readonly #hasPrevious: boolean;

  constructor(source: ConnectionSource<Row>, collected: Collected<Row>, hasPrevious: boolean) {
    this.#source = source;
    this.#collected = collected;
    this.#hasPrevious = hasPrevious;
    this.scanLimitReached = collected.stoppedAt !== null;
  }

  #write(placed: Placed<Row> | undefined): string | null {
    return placed ? writeCursor(this.#source.name, anchorAt(this.#source.order, placed)) : null;
  }

  get edges(): Connection<Row>['edges'] {
    const { name, order } = this.#source;
    return this.#collected.found.map((placed) => ({
      cursor: writeCursor(name, anchorAt(order, placed)),
      node: placed.row,
    }));
  }

  get nodes(): Connection<Row>['nodes'] {
    return this.#collected.found.map(({ row }) => row);
  }

  get pageInfo(): Connection<Row>['pageInfo'] {
    const { found, hasNext, stoppedAt } = this.#collected;
    return {
      hasNextPage: hasNext,
      hasPreviousPage: this.#hasPrevious,
      startCursor: this.#write(found[0]),
      endCursor: stoppedAt ? writeCursor(this.#source.name, stoppedAt) : this.#write(found.at(-1)),
    };
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
  const anchor = after === null || after === undefined ? null : readCursor(source.name, after);
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
