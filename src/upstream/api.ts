import pLimit from 'p-limit';
import type { Client } from './client.js';
import { UpstreamError, isNotFound, type About } from './errors.js';
import { isObject, Reader } from './raw.js';
import type { Field, Filters, Identified, ItemResource, ListName, Notice, Page, Raw, Resource, Window } from './resource.js';
import { normalizeServiceInstance, serviceInstancePath, type ServiceInstanceRecord } from './resources/serviceInstance.js';
import type { VersionFinder } from './versions/index.js';
import { readListing, type Listing, type Place, type Query, type Version } from './versions/version.js';

/** The longest page that is ever asked for. */
export const MAX_PAGE_ROWS = 1000;

/** The most rows of a collection (jobs, organizations, …) that are read to answer from it. */
const MAX_COLLECTION_ROWS = 10_000;

/** The one server, and what is shared by all who ask it: no token, no answer. */
export type BackupServer = Readonly<{
  client: Client;
  versions: VersionFinder;
  notice: Notice;
  maxConcurrency: number;
  scanLimitRows: number;
}>;

/** A list that can be read window by window. */
export type List<Row> = Readonly<{
  /** True when every row is one that was asked for; else the caller has to look. */
  isExact: boolean;
  readPage: (window: Window) => Promise<Page<Row>>;
}>;

/** The REST API in records, as one caller may see it, for the time of one operation. */
export type Api = Readonly<{
  version: () => Promise<Version>;
  scanLimitRows: number;
  /** One record; null when the server has none with this id, or this API version has no such thing. */
  readItem: <Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    id: string,
    isExtended: boolean,
  ) => Promise<Row | null>;
  openList: <Name extends ListName, Row extends Identified>(
    resource: Resource<Name, Row>,
    filter: Filters[Name],
  ) => Promise<List<Row>>;
  /** All rows of a small collection. */
  readCollection: <Name extends ListName, Row extends Identified>(
    resource: Resource<Name, Row>,
    filter: Filters[Name],
  ) => Promise<readonly Field<Row>[]>;
  readServiceInstance: () => Promise<ServiceInstanceRecord | null>;
  /** A record with nothing but its id, for who asks for no more. */
  referTo: <Name extends ListName, Row extends Identified>(resource: Resource<Name, Row>, id: string) => Row;
}>;

/** Why a caller has no bearer token. */
export type NoToken = Readonly<{ missing: 'absent' | 'malformed' }>;

function isExtended(filter: object): boolean {
  return 'isExtended' in filter && filter.isExtended === true;
}

/**
 * Opens the API for one operation. Nothing in it outlives the operation: what one caller may see is not what another may.
 * Identical requests are one, and never more than `maxConcurrency` are in flight.
 */
export function openApi(server: BackupServer, token: string | NoToken): Api {
  const limit = pLimit(server.maxConcurrency);
  const bodies = new Map<string, Promise<unknown>>();
  const sorted = new WeakMap<object, readonly Raw[]>();

  /** No token, no request: not even one that asks for the version. */
  async function version(): Promise<Version> {
    if (typeof token === 'string') return server.versions.current();
    throw new UpstreamError({ fault: 'unauthenticated', resource: 'authorization', reason: token.missing });
  }

  async function send(spoken: Version, path: string, query: Query, about: About): Promise<unknown> {
    try {
      return await server.client.get({
        path: `${spoken.name}/${path}`,
        query,
        headers: spoken.headers,
        token: typeof token === 'string' ? token : null,
        about,
      });
    } catch (error) {
      // Gone, or unknown where it was known: the server may come back as another version. Paths with an id tell nothing.
      const fault = error instanceof UpstreamError ? error.details.fault : undefined;
      if (fault === 'unavailable' || (fault === 'notFound' && !path.includes('/'))) server.versions.forget(fault);
      throw error;
    }
  }

  function get(spoken: Version, path: string, query: Query, about: About): Promise<unknown> {
    const key = `${path}?${new URLSearchParams(query).toString()}`;
    const body = bodies.get(key) ?? limit(() => send(spoken, path, query, about));
    bodies.set(key, body);
    return body;
  }

  function normalize<Name extends ListName, Row extends Identified>(
    spoken: Version,
    resource: Resource<Name, Row>,
    body: unknown,
    id?: string,
  ): Row {
    const about = { resource: resource.name, id };
    const adapt = spoken.adapt[resource.name];
    const canonical = adapt && isObject(body) ? adapt(body, server.notice) : body;
    const row = resource.normalize(new Reader(canonical, about, server.notice));
    if (id !== undefined && row.id !== id) {
      throw new UpstreamError({ ...about, fault: 'badResponse', field: 'id', reason: 'another id than asked' });
    }
    return row;
  }

  /** A row that cannot be read spoils its own place in a list, not the list. */
  function normalizeRow<Name extends ListName, Row extends Identified>(
    spoken: Version,
    resource: Resource<Name, Row>,
    body: unknown,
  ): Field<Row> {
    try {
      return normalize(spoken, resource, body);
    } catch (error) {
      if (error instanceof UpstreamError) return error;
      throw error;
    }
  }

  /** A whole list's rows in the order asked for. Sorting 1,000s of rows is done once, however many windows are read. */
  function inOrder(rank: ((raw: Raw) => string | number) | undefined, place: Place, rows: readonly unknown[]): readonly unknown[] {
    if (!rank) return rows;
    const known = sorted.get(rows);
    if (known) return known;
    const ranked = rows.map((row, index) => ({ row, index, rank: isObject(row) ? rank(row) : '' }));
    const sign = place.order === 'ASC' ? 1 : -1;
    ranked.sort((a, b) => (a.rank < b.rank ? -sign : a.rank > b.rank ? sign : a.index - b.index));
    const ordered = ranked.map(({ row }) => row as Raw);
    sorted.set(rows, ordered);
    return ordered;
  }

  async function readListingAt(spoken: Version, name: ListName, place: Place, query: Query, window: Window): Promise<Listing> {
    const about = { resource: name };
    // A list that takes no paging is asked without, until it has answered in a page: then the rest is in further ones.
    const asksForWindow = spoken.paged.has(name);
    const paging = { offset: String(window.offset), limit: String(window.limit) };
    if (asksForWindow) return readListing(await get(spoken, place.path, { ...query, ...paging }, about), window, about);

    const firstBody = await get(spoken, place.path, query, about);
    const first = readListing(firstBody, { offset: 0, limit: window.limit }, about);
    if (first.isWhole || window.offset === 0) return first;
    return readListing(await get(spoken, place.path, { ...query, ...paging }, about), window, about);
  }

  /** Every row there is, page after page. */
  async function readWhole(spoken: Version, name: ListName, place: Place, query: Query, maxRows: number): Promise<readonly unknown[]> {
    const all: unknown[] = [];
    for (;;) {
      const window = { offset: all.length, limit: MAX_PAGE_ROWS };
      const { rows, isWhole, hasMore } = await readListingAt(spoken, name, place, query, window);
      if (isWhole) return rows;
      for (const row of rows) all.push(row);
      if (!hasMore) return all;
      if (all.length >= maxRows) {
        throw new UpstreamError({ fault: 'tooLarge', resource: name, reason: `more than ${maxRows} rows` });
      }
    }
  }

  function openPlace<Name extends ListName, Row extends Identified>(
    spoken: Version,
    resource: Resource<Name, Row>,
    place: Place,
    viewQuery: Query,
  ): List<Row>['readPage'] {
    const query = { ...viewQuery, ...place.query };
    let reversed: Promise<readonly unknown[]> | undefined;
    return async (window) => {
      let listing: Listing;
      if (place.isReversed === true) {
        reversed ??= readWhole(spoken, resource.name, place, query, server.scanLimitRows);
        listing = { rows: await reversed, isWhole: true, hasMore: false };
      } else {
        listing = await readListingAt(spoken, resource.name, place, query, window);
      }
      const end = window.offset + window.limit;
      const rows = listing.isWhole ? inOrder(resource.rank, place, listing.rows).slice(window.offset, end) : listing.rows;
      return {
        offset: window.offset,
        rows: rows.map((row) => normalizeRow(spoken, resource, row)),
        hasMore: listing.isWhole ? listing.rows.length > end : listing.hasMore,
      };
    };
  }

  const emptyPage = (window: Window): Page<never> => ({ offset: window.offset, rows: [], hasMore: false });

  return {
    version,
    scanLimitRows: server.scanLimitRows,

    readItem: async (resource, id, extended) => {
      const spoken = await version();
      if (spoken.lacks.has(resource.name)) return null;
      const query = spoken.view[resource.name]?.(extended) ?? {};
      try {
        const about = { resource: resource.name, id };
        return normalize(spoken, resource, await get(spoken, `${resource.path}/${id}`, query, about), id);
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    },

    openList: async (resource, filter) => {
      const spoken = await version();
      const place = spoken.lacks.has(resource.name) ? null : spoken.locate[resource.name](filter);
      if (place === null) return { isExact: true, readPage: (window) => Promise.resolve(emptyPage(window)) };
      const viewQuery = spoken.view[resource.name]?.(isExtended(filter)) ?? {};
      const readPage = openPlace(spoken, resource, place, viewQuery);
      const { whenMissing } = place;
      if (whenMissing === undefined) return { isExact: place.isExact, readPage };
      const readInstead = whenMissing === 'empty' ? emptyPage : openPlace(spoken, resource, whenMissing, viewQuery);
      return {
        isExact: place.isExact && (whenMissing === 'empty' || whenMissing.isExact),
        readPage: async (window) => {
          try {
            return await readPage(window);
          } catch (error) {
            if (isNotFound(error)) return readInstead(window);
            throw error;
          }
        },
      };
    },

    readCollection: async (resource, filter) => {
      const spoken = await version();
      const place = spoken.lacks.has(resource.name) ? null : spoken.locate[resource.name](filter);
      if (place === null) return [];
      const query = { ...spoken.view[resource.name]?.(isExtended(filter)), ...place.query };
      try {
        const rows = await readWhole(spoken, resource.name, place, query, MAX_COLLECTION_ROWS);
        return rows.map((row) => normalizeRow(spoken, resource, row));
      } catch (error) {
        if (place.whenMissing === 'empty' && isNotFound(error)) return [];
        throw error;
      }
    },

    readServiceInstance: async () => {
      const spoken = await version();
      if (spoken.lacks.has('serviceInstance')) return null;
      const about = { resource: 'serviceInstance' };
      return normalizeServiceInstance(new Reader(await get(spoken, serviceInstancePath, {}, about), about, server.notice));
    },

    referTo: (resource, id) => resource.normalize(new Reader({ id }, { resource: resource.name, id }, server.notice)),
  };
}
