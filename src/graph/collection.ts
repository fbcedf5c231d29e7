import type { Field, UpstreamError } from '../upstream/errors.js';
import type { Identified } from '../upstream/resource.js';
import { mapInSlices, SLICE_ROWS, sortIndicesInSlices, type YieldToOthers } from '../upstream/slices.js';
import { ascending, rowCount, type ConnectionArguments } from './connection.js';
import { CollectedConnection, readAfter, type Connection, type Placed } from './connectionPage.js';
import { readCursor } from './cursor.js';

/** Rows of a collection in order, each beside its sort key. Rows that cannot be read come last, without a key. */
export type SortedRows<Row> = Readonly<{
  rows: readonly Field<Row>[];
  keys: readonly string[];
  /** Why a part of the collection could not be read; absent when all of it is there. */
  missing?: UpstreamError;
}>;

/** Returns a row's sort key, which no other row has. */
export type KeyOf<Row> = (row: Row) => string;

/** Sorts rows; computes each key once. Others get a turn while the list is long. */
export async function sortRows<Row>(
  rows: readonly Field<Row>[],
  keyOf: KeyOf<Row>,
  yieldToOthers: YieldToOthers,
): Promise<SortedRows<Row>> {
  const keys = await mapInSlices(rows, (row) => (row instanceof Error ? null : keyOf(row)), yieldToOthers);
  const compare = (a: number, b: number): number => {
    const [before, after] = [keys[a] ?? null, keys[b] ?? null];
    if (before === null || after === null) return before === after ? 0 : before === null ? 1 : -1;
    return ascending(before, after);
  };
  const order = await sortIndicesInSlices(rows.length, compare, yieldToOthers);
  const sortedKeys: string[] = [];
  const sortedRows: Field<Row>[] = [];
  for (const index of order) {
    const [row, key] = [rows[index], keys[index] ?? null];
    if (row !== undefined) sortedRows.push(row);
    if (key !== null) sortedKeys.push(key);
  }
  return { rows: sortedRows, keys: sortedKeys };
}

/** Says if a row matches a filter; or why that cannot be told. */
export type Matches<Row> = (row: Row) => Field<boolean> | Promise<Field<boolean>>;

/** Returns the rows that match, in the same order. Rows of which that cannot be told are errors, and come last. */
export async function filterRows<Row>(
  { rows, keys }: SortedRows<Row>,
  matches: Matches<Row>,
  yieldToOthers: YieldToOthers,
): Promise<SortedRows<Row>> {
  const matching: Field<Row>[] = [];
  const matchingKeys: string[] = [];
  const errors: Field<Row>[] = [];
  for (let start = 0; start < rows.length; start += SLICE_ROWS) {
    if (rows.length > SLICE_ROWS) await yieldToOthers();
    const slice = rows.slice(start, start + SLICE_ROWS);
    const verdicts = slice.map((row) => (row instanceof Error ? row : matches(row)));
    const known = verdicts.some((verdict) => verdict instanceof Promise)
      ? await Promise.all(verdicts.map((verdict) => Promise.resolve(verdict)))
      : verdicts;
    for (const [index, row] of slice.entries()) {
      const verdict = known[index];
      const key = keys[start + index];
      if (verdict instanceof Error) errors.push(verdict);
      else if (verdict === true && key !== undefined) {
        matching.push(row);
        matchingKeys.push(key);
      }
    }
  }
  return { rows: [...matching, ...errors], keys: matchingKeys };
}

/** Merges two sorted lists into one. */
export async function mergeRows<Row>(
  left: SortedRows<Row>,
  right: SortedRows<Row>,
  yieldToOthers: YieldToOthers,
): Promise<SortedRows<Row>> {
  if (right.rows.length === 0) return left;
  if (left.rows.length === 0) return right;
  const rows: Field<Row>[] = [];
  const keys: string[] = [];
  let [l, r] = [0, 0];
  while (l < left.keys.length || r < right.keys.length) {
    if (keys.length > 0 && keys.length % SLICE_ROWS === 0) await yieldToOthers();
    const [a, b] = [left.keys[l], right.keys[r]];
    const isLeft = b === undefined || (a !== undefined && a <= b);
    const [key, row] = isLeft ? [a, left.rows[l]] : [b, right.rows[r]];
    if (isLeft) l += 1;
    else r += 1;
    if (key === undefined || row === undefined) continue; // each row has a key, so there is none such
    keys.push(key);
    rows.push(row);
  }
  return { rows: [...rows, ...left.rows.slice(l), ...right.rows.slice(r)], keys };
}

/** Returns how many keys are not after this one. */
function countUpTo(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A sorted collection to read pages of. */
export type CollectionSource<Row> = Readonly<{
  /** Returns the name of the collection and its filter: see `nameList`. Called when a cursor is read or written. */
  listName: () => string;
  keyOf: KeyOf<Row>;
  /** Called once the arguments have been found good. */
  read: () => Promise<SortedRows<Row>>;
}>;

/**
 * Returns a page of a sorted collection. The place of a cursor is looked up by its key, not by walking the list. When a part
 * of the collection is missing, each page ends with the error in the place of a row, because each may lack rows. That place
 * comes on top of `first`, and `endCursor` stands at the row before it.
 */
export async function readCollectionPage<Row extends Identified>(
  { listName, keyOf, read }: CollectionSource<Row>,
  { first, after }: ConnectionArguments,
): Promise<Connection<Row>> {
  const count = rowCount(first);
  const cursor = readAfter(after);
  const anchor = cursor === null ? null : readCursor(listName(), cursor);
  const { rows, keys, missing } = await read();
  const start = anchor === null ? 0 : typeof anchor.key === 'string' ? countUpTo(keys, anchor.key) : anchor.offset + 1;
  const found: Placed<Row>[] = rows.slice(start, start + count).map((row, index) => ({ row, offset: start + index }));
  const last = found.at(-1) ?? null;
  if (missing) found.push({ row: missing, offset: start + found.length });
  const collected = { found, readOnAfter: last, hasNext: rows.length > start + count, stoppedAt: null };
  return new CollectedConnection({ listName, order: { key: keyOf, compare: ascending } }, collected, cursor);
}

/** Sorts a list once; the key of a row depends on its collection alone. */
export type SortOnce = <Row>(
  rows: readonly Field<Row>[],
  keyOf: KeyOf<Row>,
  yieldToOthers: YieldToOthers,
) => Promise<SortedRows<Row>>;

/** Made for one operation: many root fields share the sorted lists. */
export function createSortOnce(): SortOnce {
  const sorted = new Map<readonly unknown[], Promise<SortedRows<unknown>>>();
  return <Row>(rows: readonly Field<Row>[], keyOf: KeyOf<Row>, yieldToOthers: YieldToOthers) => {
    const known = sorted.get(rows) as Promise<SortedRows<Row>> | undefined; // set below, for these very rows
    const pending = known ?? sortRows(rows, keyOf, yieldToOthers);
    sorted.set(rows, pending);
    return pending;
  };
}
