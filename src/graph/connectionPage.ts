import type { Field } from '../upstream/errors.js';
import type { Identified, ListName, Notice } from '../upstream/resource.js';
import { writeCursor, type Anchor } from './cursor.js';

/** Returns the cursor to read on from; null for none, and for an empty text: clients send one before they have a cursor. */
export const readAfter = (after: string | null | undefined): string | null =>
  after === undefined || after === '' ? null : after;

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
  /** False if the server gave the rows in another order. */
  isInServerOrder: boolean;
}>;

/** Order by which rows of a list are found again. Lists without a stable order have none: their cursors are positions. */
export type Order<Row> = Readonly<{
  key: (row: Row) => string | number | null;
  /** Below zero where `a` comes before `b` in the list. */
  compare: (a: string | number, b: string | number) => number;
}>;

/** A row with its place in the server's list. */
export type Placed<Row> = Readonly<{ row: Field<Row>; offset: number }>;

/** Returns what a cursor at a row holds. Without an order, the place alone: a processed object's id can be any text. */
export function anchorAt<Row extends Identified>(order: Order<Row> | null, { row, offset }: Placed<Row>): Anchor {
  return row instanceof Error || order === null
    ? { offset, id: null, key: null }
    : { offset, id: row.id, key: order.key(row) };
}

export const ascending = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);
export const descending = (a: string | number, b: string | number): number => ascending(b, a);

/** Rows found from a page on. */
export type Collected<Row> = Readonly<{
  found: readonly Placed<Row>[];
  /** Row that `endCursor` stands at, if it is not the last one found. Null makes `endCursor` the page's own `after`. */
  readOnAfter?: Placed<Row> | null | undefined;
  /** False if the server gave the rows in another order, and they were sorted. */
  isInServerOrder?: boolean;
  hasNext: boolean;
  /** Last row that was looked at, when the scan limit ended the search: a client reads on from there. */
  stoppedAt: Anchor | null;
}>;

/** Source of rows, and the log that receives order problems. */
type SortSource<Row> = Readonly<{ resource: ListName; order: Order<Row> | null; notice: Notice }>;

/**
 * Sorts the rows of an answer that the server gave in another order, and logs that once. `keyBefore` is that of the row before the
 * first one. Rows without a key keep their neighbour.
 */
export function sortCollected<Row extends Identified>(
  { resource, order, notice }: SortSource<Row>,
  collected: Collected<Row>,
  keyBefore: string | number | null,
): Collected<Row> {
  if (order === null) return collected;
  const { found } = collected;
  let key = keyBefore;
  let isInOrder = true;
  const keyed: { placed: Placed<Row>; key: string | number | null }[] = [];
  for (const placed of found) {
    const own = placed.row instanceof Error ? null : order.key(placed.row);
    if (own !== null && key !== null && order.compare(key, own) > 0) isInOrder = false;
    key = own ?? key;
    keyed.push({ placed, key });
  }
  if (isInOrder) return collected;
  notice({ resource, field: 'order', value: 'rows', problem: 'rows come in another order than asked for' });
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key !== null) - Number(b.key !== null);
    return order.compare(a.key, b.key);
  });
  return { ...collected, found: keyed.map(({ placed }) => placed), readOnAfter: found.at(-1), isInServerOrder: false };
}

/** List of a page. Its name is computed when a cursor is written. */
type Source<Row> = Readonly<{ listName: () => string; order: Order<Row> | null }>;

/**
 * A class, as V8 gives each object literal with getters a hidden class of its own. Those live among old objects, and would keep
 * the rows of all pages from being collected with the young ones. Each part is made once, however many aliases ask for it.
 */
export class CollectedConnection<Row extends Identified> implements Connection<Row> {
  readonly scanLimitReached: boolean;
  readonly isInServerOrder: boolean;
  readonly #source: Source<Row>;
  readonly #collected: Collected<Row>;
  readonly #after: string | null;
  #name: string | null = null;
  #edges: Connection<Row>['edges'] | null = null;
  #nodes: Connection<Row>['nodes'] | null = null;
  #pageInfo: Connection<Row>['pageInfo'] | null = null;

  /** `after` is the page's argument. An empty page returns it as `endCursor`, so that a client does not start over. */
  constructor(source: Source<Row>, collected: Collected<Row>, after: string | null) {
    this.#source = source;
    this.#collected = collected;
    this.#after = after;
    this.scanLimitReached = collected.stoppedAt !== null;
    this.isInServerOrder = collected.isInServerOrder ?? true;
  }

  #write(anchor: Anchor): string {
    this.#name ??= this.#source.listName();
    return writeCursor(this.#name, anchor);
  }

  /** Returns the cursor of a row. The last one's is where the answer ends in the server's list, so that reading on is complete. */
  #cursorOf(placed: Placed<Row>): string {
    const { found, readOnAfter } = this.#collected;
    const isLast = placed === found.at(-1);
    return this.#write(anchorAt(this.#source.order, (isLast && readOnAfter) || placed));
  }

  get edges(): Connection<Row>['edges'] {
    this.#edges ??= this.#collected.found.map((placed) => ({ cursor: this.#cursorOf(placed), node: placed.row }));
    return this.#edges;
  }

  get nodes(): Connection<Row>['nodes'] {
    this.#nodes ??= this.#collected.found.map(({ row }) => row);
    return this.#nodes;
  }

  get pageInfo(): Connection<Row>['pageInfo'] {
    const { found, hasNext, stoppedAt, readOnAfter } = this.#collected;
    if (this.#pageInfo) return this.#pageInfo;
    const [first, last] = [found[0], readOnAfter === null ? undefined : found.at(-1)];
    this.#pageInfo = {
      hasNextPage: hasNext,
      hasPreviousPage: this.#after !== null,
      startCursor: first ? this.#cursorOf(first) : null,
      endCursor: stoppedAt ? this.#write(stoppedAt) : last ? this.#cursorOf(last) : this.#after,
    };
    return this.#pageInfo;
  }
}
