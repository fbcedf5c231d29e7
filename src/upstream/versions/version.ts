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
  /** True if the server may answer in the opposite order. The gateway then reads the list whole to turn it round. */
  mayBeReversed?: boolean;
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

/** Rows of a page when the request names no limit. */
const DEFAULT_LIMIT_ROWS = 30;

/** A list body, taken apart: a page, or all there is. */
export type Listing = Readonly<{ rows: readonly unknown[]; isWhole: boolean; hasMore: boolean }>;

/** Returns a count that the server gave as a number or as text; undefined for anything else. */
function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

/** True for a link, or the address of one. Some servers name links that they do not have, as null or ''. */
function isLink(value: unknown): boolean {
  if (!isObject(value)) return typeof value === 'string' && value !== '';
  return !('href' in value) || (typeof value['href'] === 'string' && value['href'] !== '');
}

/**
 * Returns whether rows follow a page. A `next` link or a `totalCount` that is not reached says so, however short the page
 * is: servers cap their pages. Otherwise a full page may have rows behind it, unless its links name no `next`.
 */
function hasRowsAfter({ links, totalCount, isFull, endOffset }: PageSigns): boolean {
  const namesLinks = isObject(links) && 'self' in links;
  if (isObject(links) && isLink(links['next'])) return true;
  return (totalCount !== undefined && totalCount > endOffset) || (isFull && !namesLinks);
}

/** Signs of a page that more rows follow. */
type PageSigns = Readonly<{ links: unknown; totalCount: number | undefined; isFull: boolean; endOffset: number }>;

/**
 * Envelopes follow endpoints and builds, not versions, so the reader looks at the body in hand: a bare array is the whole
 * list, an object with `results` a page. Links are never followed (a v8 server may say `/v7/…`). `isLimitAsked` is false
 * when the request named no limit.
 */
export function readListing(body: unknown, window: Window, about: About, isLimitAsked = true): Listing {
  const bad = (reason: string): UpstreamError => new UpstreamError({ ...about, fault: 'badResponse', reason });
  if (Array.isArray(body)) {
    if (body.length > MAX_ARRAY_ROWS) throw bad(`more than ${MAX_ARRAY_ROWS} rows`);
    return { rows: body as readonly unknown[], isWhole: true, hasMore: false };
  }
  if (!isObject(body)) throw bad('neither a page nor an array');
  const { results, _links: links } = body;
  if (results === null) return { rows: [], isWhole: false, hasMore: false }; // how some serializers write an empty list
  if (!Array.isArray(results)) throw bad('a page without results');
  if ((countOf(body['offset']) ?? window.offset) !== window.offset) throw bad('a page at another offset than asked');

  const isOverlong = results.length > window.limit; // what was not asked for is left for when it is
  const rows = (results as readonly unknown[]).slice(0, window.limit);
  const limit = countOf(body['limit']) ?? 0;
  const fullRows = limit > 0 ? Math.min(limit, window.limit) : isLimitAsked ? window.limit : DEFAULT_LIMIT_ROWS;
  const isFull = rows.length >= fullRows;
  const endOffset = window.offset + rows.length;
  const signs = { links, totalCount: countOf(body['totalCount']), isFull, endOffset };
  return { rows, isWhole: false, hasMore: isOverlong || (rows.length > 0 && hasRowsAfter(signs)) };
}

/** Returns true for a page that says to be the first. */
export const isFirstPage = (body: unknown): boolean => isObject(body) && countOf(body['offset']) === 0;
