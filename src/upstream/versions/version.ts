import { UpstreamError, type About } from '../errors.js';
import { isObject } from '../raw.js';
import type { Filters, ListName, Notice, Raw, Window } from '../resource.js';

export type Query = Readonly<Record<string, string>>;

/** Tells requests apart. Values hold no `&` or `=`: they are words, numbers, ids and moments. */
export function requestKey(path: string, query: Query): string {
  let key = path;
  for (const name in query) key += `&${name}=${query[name] ?? ''}`;
  return key;
}

/** Where a list is, and what of its filter is left to us. */
export type Place = Readonly<{
  path: string;
  query: Query;
  /** True when every row that the server answers is one that was asked for, so that a page of `first` rows suffices. */
  isExact: boolean;
  /** The order of rows that were asked for and, for `isReversed`, which the server cannot give: it is read whole. */
  order: 'ASC' | 'DESC';
  isReversed?: boolean;
  /** Where to look when this place is 404, or that the list is empty then; without it, 404 is an error. */
  whenMissing?: Place | 'empty';
}>;

/**
 * What one API version does differently. The canonical shape, which normalizers read, is that of v8; each version is
 * written as its difference from the next newer one.
 */
export type Version = Readonly<{
  name: string;
  /** The path that tells, without a token, whether this version is served. */
  probePath: string;
  /** Headers that each request needs beside the usual ones. */
  headers: Readonly<Record<string, string>>;
  /** What this version does not serve at all; asked for, it is null or an empty list without a request. */
  lacks: ReadonlySet<ListName | 'serviceInstance'>;
  /** The lists that take `offset` and `limit`. The others are asked without, and asked with them only once they answer in pages. */
  paged: ReadonlySet<ListName>;
  /** The list that a filter describes; null when it is certainly empty. */
  locate: Readonly<{ [Name in ListName]: (filter: Filters[Name]) => Place | null }>;
  /** What to add to the query of an item or list to get its plain or its extended view. */
  view: Readonly<{ [Name in ListName]?: (isExtended: boolean) => Query }>;
  /** Lifts this version's object to the canonical shape. */
  adapt: Readonly<{ [Name in ListName]?: (raw: Raw, notice: Notice) => Raw }>;
}>;

/** The longest array that is taken apart. One of sessions meets the default cap on bodies long before; one of nonsense does not. */
const MAX_ARRAY_ROWS = 250_000;

/** A list body, taken apart: a page, or all there is. */
export type Listing = Readonly<{ rows: readonly unknown[]; isWhole: boolean; hasMore: boolean }>;

/**
 * Envelopes follow endpoints and builds, not versions, so the reader looks at the body in hand: a bare array is the whole
 * list, an object with `results` a page. Page links are hints: a missing `next` ends the list, but what it says is never
 * followed (a v8 server may say `/v7/…`).
 */
export function readListing(body: unknown, window: Window, about: About): Listing {
  const bad = (reason: string): UpstreamError => new UpstreamError({ ...about, fault: 'badResponse', reason });
  if (Array.isArray(body)) {
    if (body.length > MAX_ARRAY_ROWS) throw bad(`more than ${MAX_ARRAY_ROWS} rows`);
    return { rows: body as readonly unknown[], isWhole: true, hasMore: false };
  }
  if (!isObject(body)) throw bad('neither a page nor an array');
  const { results, offset, limit, _links: links } = body;
  if (!Array.isArray(results)) throw bad('a page without results');
  if (typeof offset === 'number' && offset !== window.offset) throw bad('a page at another offset than asked');

  const isOverlong = results.length > window.limit; // what was not asked for is left for when it is
  const rows = (results as readonly unknown[]).slice(0, window.limit);
  const fullAt = typeof limit === 'number' && limit > 0 ? Math.min(limit, window.limit) : window.limit;
  const namesEnd = isObject(links) && 'self' in links && !('next' in links);
  return { rows, isWhole: false, hasMore: isOverlong || (rows.length > 0 && rows.length >= fullAt && !namesEnd) };
}
