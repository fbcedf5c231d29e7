import { UpstreamError, type About } from './errors.js';
import { MAX_PAGE_ROWS, PageWalk } from './pageWalk.js';
import { isObject } from './raw.js';
import type { ListName, Notice, Raw, Window } from './resource.js';
import { mapInSlices, sortIndicesInSlices, type YieldToOthers } from './slices.js';
import {
  isFirstPage,
  readListing,
  requestKey,
  type Listing,
  type Place,
  type Query,
  type Version,
} from './versions/version.js';

export type Rank = ((raw: Raw) => string | number) | undefined;

/** Raw rows of lists, in whatever envelope they come. */
export type ListReader = Readonly<{
  /** The rows of a window, in the order that the place asks for. */
  readWindow: (name: ListName, place: Place, rank: Rank, window: Window) => Promise<Listing>;
  /** Every row there is, page after page; `tooLarge` when there are more than `maxRows`. */
  readWhole: (name: ListName, place: Place, maxRows: number) => Promise<readonly unknown[]>;
}>;

export type ListReaderOptions = Readonly<{
  spoken: Version;
  /** Asks for each path and query once, unless `isFresh`. */
  get: (path: string, query: Query, about: About, isFresh: boolean) => Promise<unknown>;
  /** Bounds what is read of a list that the gateway must turn round. */
  maxReversedRows: number;
  /** Others get a turn while a long list is sorted. */
  yieldToOthers: YieldToOthers;
  notice: Notice;
}>;

/** Returns a raw row's identity: its id, and its number if it has one, because ids of log lines may repeat. */
function identify(row: unknown): string | null {
  if (!isObject(row) || typeof row['id'] !== 'string' || row['id'] === '') return null;
  const number = row['usn'];
  return typeof number === 'number' || typeof number === 'string' ? `${row['id']} ${number}` : row['id'];
}

/** Counts the pairs of neighbouring rows in the requested order and in the opposite one. Ignores rows without a rank. */
function countOrders(rank: NonNullable<Rank>, order: Place['order'], rows: readonly unknown[]) {
  let [asked, opposite] = [0, 0];
  let before: string | number | null = null;
  for (const row of rows) {
    const own = isObject(row) ? rank(row) : '';
    if (own === '' || own === -Infinity) continue;
    if (before !== null && own !== before) {
      if (own > before === (order === 'ASC')) asked += 1;
      else opposite += 1;
    }
    before = own;
  }
  return { asked, opposite };
}

/** Reads lists of one API version for one operation. */
export function createListReader(options: ListReaderOptions): ListReader {
  const { spoken, get, maxReversedRows, yieldToOthers, notice } = options;
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
    const isFresh = window.isFresh === true;
    const paging = { offset: String(window.offset), limit: String(window.limit) };
    let first: Listing | null = null;
    if (!spoken.paged.has(name)) {
      // A list that takes no paging is asked without, until it has answered in a page: then the rest is in further ones.
      const body = await get(path, query, about, isFresh && window.offset === 0);
      first = readListing(body, { ...window, offset: 0 }, about, false);
      if (first.isWhole || window.offset === 0) return first;
    }
    const key = requestKey(path, query);
    const whole = wholes.get(key);
    if (whole) return whole;
    const body = await get(path, { ...query, ...paging }, about, isFresh);
    // A server that begins anew does not page: its first answer was all there is.
    if (first && isFirstPage(body)) return { rows: first.rows, isWhole: true, hasMore: false };
    const listing = readListing(body, window, about);
    if (listing.isWhole) wholes.set(key, listing);
    return listing;
  }

  async function readWhole(name: ListName, place: Place, maxRows: number): Promise<readonly unknown[]> {
    const about = { resource: name };
    const tooLarge = (): UpstreamError =>
      new UpstreamError({ ...about, fault: 'tooLarge', reason: `more than ${maxRows} rows` });
    const readPage = async (window: Window): Promise<Listing & { offset: number }> => {
      const listing = await readListingAt(name, place, window);
      return { ...listing, offset: listing.isWhole ? 0 : window.offset };
    };
    const first = await readPage({ offset: 0, limit: MAX_PAGE_ROWS });
    if (first.isWhole && first.rows.length > maxRows) throw tooLarge();
    if (first.isWhole) return first.rows;
    const isUnique = name !== 'logItem' && name !== 'processedObject';
    const walk = new PageWalk({ readPage, identify, isUnique, about });
    const all: unknown[] = [];
    for (const { row } of walk.start(first, MAX_PAGE_ROWS)) all.push(row);
    while (walk.hasMore) {
      if (all.length >= maxRows) throw tooLarge();
      for (const { row } of await walk.next(MAX_PAGE_ROWS)) all.push(row);
    }
    return all;
  }

  async function readReversed(name: ListName, place: Place): Promise<Listing> {
    const key = requestKey(place.path, place.query);
    const rows = reversed.get(key) ?? readWhole(name, place, maxReversedRows);
    reversed.set(key, rows);
    return { rows: await rows, isWhole: true, hasMore: false };
  }

  /** Returns true if most rows at the beginning of a list come in the opposite order. */
  async function isReversedFromStart(name: ListName, place: Place, rank: NonNullable<Rank>): Promise<boolean> {
    const first = await readListingAt(name, place, { offset: 0, limit: MAX_PAGE_ROWS });
    const isSingle = first.rows.length === 1 && first.hasMore; // one row has no order
    const more = isSingle ? await readListingAt(name, place, { offset: 1, limit: MAX_PAGE_ROWS }) : null;
    const { asked, opposite } = countOrders(rank, place.order, [...first.rows, ...(more?.rows ?? [])]);
    return opposite > asked;
  }

  async function readInOrder(name: ListName, place: Place, rank: Rank, window: Window): Promise<Listing> {
    // What this operation has turned round once, it turns round for each window.
    const isReversed = place.isReversed === true || reversed.has(requestKey(place.path, place.query));
    if (isReversed) return readReversed(name, place);
    const listing = await readListingAt(name, place, window);
    if (listing.isWhole || !rank || place.mayBeReversed !== true) return listing;
    // A window can be out of order here and there. The beginning of the list decides, so that all windows are judged alike.
    const isSingle = listing.rows.length === 1 && listing.hasMore && window.limit > 1;
    const { asked, opposite } = countOrders(rank, place.order, listing.rows);
    const isSuspect = isSingle || (opposite > 0 && opposite >= asked);
    if (!isSuspect || !(await isReversedFromStart(name, place, rank))) return listing;
    notice({ resource: name, field: 'order', value: place.order, problem: 'rows come in the opposite order' });
    return readReversed(name, place);
  }

  return {
    readWhole,
    readWindow: async (name, place, rank, window) => {
      const listing = await readInOrder(name, place, rank, window);
      if (!listing.isWhole) return listing;
      const end = window.offset + window.limit;
      const rows = (await inOrder(rank, place, listing.rows)).slice(window.offset, end);
      return { rows, isWhole: true, hasMore: listing.rows.length > end };
    },
  };
}
