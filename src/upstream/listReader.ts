import { UpstreamError, type About } from './errors.js';
import { isObject } from './raw.js';
import type { ListName, Raw, Window } from './resource.js';
import { mapInSlices, sortIndicesInSlices, type YieldToOthers } from './slices.js';
import { readListing, requestKey, type Listing, type Place, type Query, type Version } from './versions/version.js';

/** The longest page that is ever asked for. */
export const MAX_PAGE_ROWS = 1000;

export type Rank = ((raw: Raw) => string | number) | undefined;

/** Raw rows of lists, in whatever envelope they come. */
export type ListReader = Readonly<{
  /** The rows of a window, in the order that the place asks for. */
  readWindow: (name: ListName, place: Place, rank: Rank, window: Window) => Promise<Listing>;
  /** Every row there is, page after page; `tooLarge` when there are more than `maxRows`. */
  readWhole: (name: ListName, place: Place, maxRows: number) => Promise<readonly unknown[]>;
}>;

/**
 * Reads lists of one API version through `get`, which asks for each path and query once. `maxReversedRows` bounds what is
 * read of a list that the server cannot turn round. Others get a turn while a long list is sorted.
 */
export function createListReader(
  spoken: Version,
  get: (path: string, query: Query, about: About) => Promise<unknown>,
  maxReversedRows: number,
  yieldToOthers: YieldToOthers,
): ListReader {
  type Sorted = Map<object, Promise<readonly unknown[]>>;
  const sorted: Readonly<Record<Place['order'], Sorted>> = { ASC: new Map(), DESC: new Map() };
  const reversed = new Map<string, Promise<readonly unknown[]>>();
  /** Lists that came whole though they were asked for page by page: another page would be all of it again. */
  const wholes = new Map<string, Listing>();

  async function sort(
    rank: NonNullable<Rank>,
    order: Place['order'],
    rows: readonly unknown[],
  ): Promise<readonly unknown[]> {
    const ranks = await mapInSlices(rows, (row) => (isObject(row) ? rank(row) : ''), yieldToOthers);
    const sign = order === 'ASC' ? 1 : -1;
    const compare = (a: number, b: number): number => {
      const [before = '', after = ''] = [ranks[a], ranks[b]];
      return before < after ? -sign : before > after ? sign : a - b;
    };
    // Most servers have an order of their own, and tens of thousands of rows take long to sort.
    const isInOrder = ranks.every((_, index) => index === 0 || compare(index - 1, index) < 0);
    if (isInOrder) return rows;
    return (await sortIndicesInSlices(rows.length, compare, yieldToOthers)).map((index) => rows[index]);
  }

  /** A whole list's rows in order. Sorting thousands of rows is done once, however many windows are read. */
  function inOrder(
    rank: Rank,
    { order }: Place,
    rows: readonly unknown[],
  ): readonly unknown[] | Promise<readonly unknown[]> {
    if (!rank) return rows;
    const known = sorted[order].get(rows) ?? sort(rank, order, rows);
    sorted[order].set(rows, known);
    return known;
  }

  async function readListingAt(name: ListName, place: Place, window: Window): Promise<Listing> {
    const about = { resource: name };
    const { path, query } = place;
    const paging = { offset: String(window.offset), limit: String(window.limit) };
    if (!spoken.paged.has(name)) {
      // A list that takes no paging is asked without, until it has answered in a page: then the rest is in further ones.
      const first = readListing(await get(path, query, about), { ...window, offset: 0 }, about);
      if (first.isWhole || window.offset === 0) return first;
    }
    const key = requestKey(path, query);
    const whole = wholes.get(key);
    if (whole) return whole;
    const listing = readListing(await get(path, { ...query, ...paging }, about), window, about);
    if (listing.isWhole) wholes.set(key, listing);
    return listing;
  }

  async function readWhole(name: ListName, place: Place, maxRows: number): Promise<readonly unknown[]> {
    const all: unknown[] = [];
    for (;;) {
      const { rows, isWhole, hasMore } = await readListingAt(name, place, {
        offset: all.length,
        limit: MAX_PAGE_ROWS,
      });
      const isTooLong = isWhole ? rows.length > maxRows : hasMore && all.length + rows.length >= maxRows;
      if (isTooLong)
        throw new UpstreamError({ fault: 'tooLarge', resource: name, reason: `more than ${maxRows} rows` });
      if (isWhole) return rows;
      for (const row of rows) all.push(row);
      if (!hasMore) return all;
    }
  }

  function readReversed(name: ListName, place: Place): Promise<readonly unknown[]> {
    const key = requestKey(place.path, place.query);
    const rows = reversed.get(key) ?? readWhole(name, place, maxReversedRows);
    reversed.set(key, rows);
    return rows;
  }

  return {
    readWhole,
    readWindow: async (name, place, rank, window) => {
      const listing =
        place.isReversed === true
          ? { rows: await readReversed(name, place), isWhole: true, hasMore: false }
          : await readListingAt(name, place, window);
      if (!listing.isWhole) return listing;
      const end = window.offset + window.limit;
      const rows = (await inOrder(rank, place, listing.rows)).slice(window.offset, end);
      return { rows, isWhole: true, hasMore: listing.rows.length > end };
    },
  };
}
