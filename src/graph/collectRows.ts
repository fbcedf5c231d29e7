import type { List } from '../upstream/list.js';
import type { Field } from '../upstream/errors.js';
import { PageWalk, type PlacedRow } from '../upstream/pageWalk.js';
import type { Identified, Page } from '../upstream/resource.js';
import type { ConnectionSource } from './connection.js';
import { anchorAt, type Collected, type Order, type Placed } from './connectionPage.js';
import type { Anchor } from './cursor.js';

/** Rows that one request reads while the gateway picks out rows or looks for the cursor's row. */
export const SCAN_PAGE_ROWS = 500;

/** A row to be found again: what is known of it, and the order to find it by. */
export type Sought<Row> = Readonly<{ anchor: Anchor; order: Order<Row> }>;

/**
 * Where a row stands, seen from the anchor. `beside` it are other rows with its key (the same moment, say), which have no
 * order of their own, and those that cannot be read.
 */
type Side = 'before' | 'beside' | 'after';

function sideOf<Row extends Identified>({ order, anchor }: Sought<Row>, row: Field<Row>): Side {
  if (row instanceof Error || anchor.key === null) return 'beside';
  const key = order.key(row);
  const side = key === null ? 0 : order.compare(key, anchor.key);
  return side < 0 ? 'before' : side > 0 ? 'after' : 'beside';
}

/** True for the sought row itself. Log lines may share an id, but not the number as well. */
function isAt<Row extends Identified>({ anchor, order }: Sought<Row>, row: Field<Row>): boolean {
  return !(row instanceof Error) && row.id === anchor.id && order.key(row) === anchor.key;
}

/**
 * Returns the page to read on from. It begins where the sought row was, or earlier if rows before it were deleted. Each
 * step back is twice the one before, because the number of deleted rows is not known.
 */
export async function seek<Row extends Identified>(
  list: List<Row>,
  sought: Sought<Row>,
  limit: number,
): Promise<Page<Row>> {
  const { anchor } = sought;
  let page = await list.readPage({ offset: anchor.offset, limit });
  const isCapped = page.hasMore && page.rows.length < limit;
  for (let step = isCapped ? page.rows.length : SCAN_PAGE_ROWS; page.offset > 0; step *= 2) {
    const [top] = page.rows;
    // One row alone does not show in which order the server gives rows.
    const isBefore = top !== undefined && page.rows.length > 1 && sideOf(sought, top) === 'before';
    if (isBefore || page.rows.some((row) => isAt(sought, row))) break;
    page = await list.readPage({ offset: Math.max(0, page.offset - step), limit: Math.max(limit, SCAN_PAGE_ROWS) });
  }
  return page;
}

/** Collects rows of one answer: the first `count` that match, after the sought one. */
class Collector<Row extends Identified> {
  readonly found: Placed<Row>[] = [];
  lastPlaced: Placed<Row> | null = null;
  readonly #source: ConnectionSource<Row>;
  readonly #sought: Sought<Row> | null;
  readonly #count: number;
  #isExact: boolean;
  #isPast: boolean;
  #beside: Placed<Row>[] = [];

  constructor(source: ConnectionSource<Row>, isExact: boolean, sought: Sought<Row> | null, count: number) {
    this.#source = source;
    this.#isExact = isExact;
    this.#sought = sought;
    this.#count = count;
    this.#isPast = sought === null;
  }

  /** False if the gateway must pick out rows itself. */
  get isExact(): boolean {
    return this.#isExact;
  }

  /** True once the sought row was passed. */
  get isPast(): boolean {
    return this.#isPast;
  }

  /** Takes one row. Returns true for one more than wanted: there is a next page. */
  #take(placed: Placed<Row>): boolean {
    const { row, offset } = placed;
    const verdict = row instanceof Error || this.#isExact || this.#source.keeps(row);
    if (verdict !== false && this.found.length === this.#count) return true;
    if (verdict !== false) this.found.push({ row: verdict instanceof Error ? verdict : row, offset });
    this.lastPlaced = placed;
    return false;
  }

  /** Takes the rows beside a sought row that is gone. They may have been returned before: better twice than never. */
  takeBeside(): boolean {
    return this.#beside.some((placed) => this.#take(placed));
  }

  /** Applies the filter to the rows that were found before the gateway knew that the server ignores it. */
  #pickAgain(): void {
    const taken = this.found.splice(0);
    for (const placed of taken) {
      const verdict = placed.row instanceof Error || this.#source.keeps(placed.row);
      if (verdict !== false) this.found.push(verdict instanceof Error ? { ...placed, row: verdict } : placed);
    }
  }

  /** Looks for rows that a filter of the server should have left out. One is enough to trust it no longer. */
  #distrust(rows: readonly PlacedRow<Field<Row>>[]): void {
    const { resource, ignoredFilter, notice } = this.#source;
    for (const { row } of rows) {
      const filter = row instanceof Error ? null : ignoredFilter(row);
      if (filter === null) continue;
      this.#isExact = false;
      this.#pickAgain();
      notice({ resource, field: 'filter', value: filter, problem: 'the server ignores this filter' });
      return;
    }
  }

  /** Takes the rows of a page. Returns true when there is a next page. */
  takePage(rows: readonly PlacedRow<Field<Row>>[]): boolean {
    if (this.#isExact) this.#distrust(rows);
    const sought = this.#sought;
    if (sought === null || this.#isPast) return rows.some((placed) => !this.#isAdded(placed) && this.#take(placed));
    const atIndex = rows.findIndex(({ row }) => isAt(sought, row));
    const at = rows[atIndex];
    if (at) {
      this.#isPast = true;
      this.lastPlaced = at;
      return rows.slice(atIndex + 1).some((placed) => this.#take(placed));
    }
    return rows.some((placed) => this.#takeIfAfter(sought, placed));
  }

  /** True for a row that was added meanwhile, before rows that were taken. A reader gets it by reading anew. */
  #isAdded({ row, isBehind }: PlacedRow<Field<Row>>): boolean {
    const { order } = this.#source;
    const last = this.lastPlaced?.row ?? null;
    if (isBehind || order === null || last === null || last instanceof Error || row instanceof Error) return false;
    const [key, lastKey] = [order.key(row), order.key(last)];
    return key !== null && lastKey !== null && order.compare(key, lastKey) < 0;
  }

  #takeIfAfter(sought: Sought<Row>, placed: Placed<Row>): boolean {
    if (this.#isPast) return this.#take(placed);
    const side = sideOf(sought, placed.row);
    if (side === 'before') return false;
    if (side === 'beside') {
      this.#beside.push(placed);
      return false;
    }
    const isFull = this.takeBeside() || this.#take(placed);
    this.#isPast = true;
    return isFull;
  }
}

/** Collects the rows of one answer from a page on: the first `count` after the sought row that match. */
export async function collectRows<Row extends Identified>(
  source: ConnectionSource<Row>,
  list: List<Row>,
  sought: Sought<Row> | null,
  start: Page<Row>,
  count: number,
  limit: number,
): Promise<Collected<Row>> {
  const collector = new Collector(source, list.isExact, sought, count);
  const { found } = collector;
  const walk = new PageWalk<Field<Row>>({
    readPage: list.readPage,
    identify: (row) => (row instanceof Error ? (row.details.id ?? null) : source.identify(row)),
    isUnique: source.isUnique,
    about: { resource: source.resource },
  });
  let looked = 0;
  let rows = walk.start(start, limit);
  for (;;) {
    if (collector.takePage(rows)) return { found, hasNext: true, stoppedAt: null };
    if (!walk.hasMore) {
      return { found, hasNext: !collector.isPast && collector.takeBeside(), stoppedAt: null };
    }
    // There may be more, or the rest holds none: to know would be to read it.
    if (found.length === count) return { found, hasNext: true, stoppedAt: null };

    looked += rows.length;
    if (!walk.isWhole && looked - found.length >= source.scanLimitRows) {
      // Still short of the sought row, a cursor stands at it as before, only further down than it was.
      const isShort = sought !== null && !collector.isPast;
      const last = collector.lastPlaced;
      const stoppedAt = isShort
        ? { ...sought.anchor, offset: walk.endOffset - 1 }
        : last && anchorAt(source.order, last);
      return { found, hasNext: true, stoppedAt };
    }
    const isPicking = !collector.isExact || !collector.isPast;
    rows = await walk.next(isPicking ? Math.max(limit, SCAN_PAGE_ROWS) : limit);
  }
}
