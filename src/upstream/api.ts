import { UpstreamError, isNotFound, type About, type Field } from './errors.js';
import { emptyPage, keepPages, type List } from './list.js';
import { createListReader, type ListReader } from './listReader.js';
import { createNormalizer } from './normalizer.js';
import { halfOfRemainingMs, type Operation } from './operation.js';
import { Reader } from './raw.js';
import type { Filters, Identified, ItemResource, ListName, Notice, Page, Resource, Window } from './resource.js';
import {
  normalizeServiceInstance,
  serviceInstancePath,
  type ServiceInstanceRecord,
} from './resources/serviceInstance.js';
import type { UpstreamServer } from './server.js';
import { mapInSlices } from './slices.js';
import type { Lifetime } from './sharing.js';
import { isOddRefusal } from './versions/search.js';
import { requestKey, type Place, type Query, type Version } from './versions/version.js';

/** The most rows of a collection (jobs, organizations, …) that are read to answer from it. */
const MAX_COLLECTION_ROWS = 10_000;

/** The most pages of lists that one operation remembers: cursors can ask for each row of a long list to be the first of one. */
const MAX_REMEMBERED_PAGES = 500;

/** The REST API in records, as one caller may see it, for the time of one operation. */
export type Api = Readonly<{
  /** The version that is spoken; refused to a caller without a token, as everything is. */
  version: () => Promise<Version>;
  scanLimitRows: number;
  /** How many more requests the operation may cost. */
  requestsLeft: () => number;
  notice: Notice;
  /** One record; null when the server has none with this id, or this API version has no such thing. */
  readItem: <Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    id: string,
    isExtended: boolean,
  ) => Promise<Row | null>;
  openList: <Name extends ListName, Row extends Identified>(
    resource: Resource<Name, Row>,
    filter: Filters[Name],
    lifetime?: Lifetime,
  ) => Promise<List<Row>>;
  /** All rows of a small collection. The same list is the same array, however often it is read. */
  readCollection: <Name extends ListName, Row extends Identified>(
    resource: Resource<Name, Row>,
    filter: Filters[Name],
  ) => Promise<readonly Field<Row>[]>;
  /** What an earlier operation of this token was told of a thing that a record of this operation refers to; see `Share`. */
  recall: <Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    id: string,
    isExtended: boolean,
  ) => Row | undefined;
  /** Keeps what the server told of such a thing for later operations. */
  keep: <Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    row: Row,
    isExtended: boolean,
  ) => void;
  /** Lets others go on now and then while rows of a resource are looked through; rejects once the operation is over. */
  yieldToOthers: (resource: ListName) => Promise<void>;
  readServiceInstance: () => Promise<ServiceInstanceRecord | null>;
  /** A record with nothing but its id, for who asks for no more. */
  referTo: <Name extends ListName, Row extends Identified>(resource: Resource<Name, Row>, id: string) => Row;
}>;

/**
 * Opens the API for one operation. Nothing in it outlives the operation but what the operation's `Share` keeps for the same
 * token: what one caller may see is not what another may. Identical requests are one.
 */
export function openApi(server: UpstreamServer, operation: Operation, get = server.get): Api {
  const { token, share } = operation;
  const bodies = new Map<string, Promise<unknown>>();
  const normalizer = createNormalizer(server.notice);
  /** Pages that were read: a whole list is looked through once for each filter, in the same windows. */
  const pages = new Map<string, Promise<unknown>>();
  const collections = new Map<string, Promise<readonly unknown[]>>();
  let session: Promise<{ spoken: Version; lists: ListReader }> | undefined;
  let versionName = '';

  /** No token, no request: not even one that asks for the version. */
  async function speak(): Promise<{ spoken: Version; lists: ListReader }> {
    if (typeof token !== 'string') {
      throw new UpstreamError({ fault: 'unauthenticated', resource: 'authorization', reason: token.missing });
    }
    const spoken = await server.version(operation);
    versionName = spoken.name;
    const yieldToOthers = (): Promise<void> => operation.breathe({ resource: 'list' });
    const lists = createListReader({
      spoken,
      get: (path, query, about, isFresh) => getOnce(spoken, path, query, about, isFresh),
      maxReversedRows: server.scanLimitRows,
      yieldToOthers,
      notice: server.notice,
    });
    return { spoken, lists };
  }

  /** One version for all of an operation, whatever happens to the server meanwhile. */
  function begin(): Promise<{ spoken: Version; lists: ListReader }> {
    session ??= speak();
    return session;
  }

  async function send(spoken: Version, path: string, query: Query, about: About): Promise<unknown> {
    try {
      return await get(operation, {
        path: `${spoken.name}/${path}`,
        query,
        headers: spoken.headers,
        token: typeof token === 'string' ? token : null,
        about,
        ...(query['extendedView'] === 'true' && { timeoutMs: halfOfRemainingMs(operation) }), // the plain view may follow
      });
    } catch (error) {
      // Gone, or unknown where it was known: the server may come back as another version.
      if (!(error instanceof UpstreamError)) throw error;
      const { fault } = error.details;
      // It may be the thing with the id that is gone, and some servers have no copy jobs.
      const mayLackIt = path.includes('/') || about.resource === 'copyJob';
      if (fault === 'notFound' && mayLackIt) server.doubtVersion();
      else if (fault === 'unavailable' || fault === 'notFound') server.forgetVersion(error.details);
      else if (isOddRefusal(error.details) && error.details.errorCode === undefined) server.doubtVersion();
      throw error;
    }
  }

  function getOnce(spoken: Version, path: string, query: Query, about: About, isFresh = false): Promise<unknown> {
    const key = requestKey(path, query);
    const known = isFresh ? undefined : bodies.get(key);
    const body = known ?? send(spoken, path, query, about);
    bodies.set(key, body);
    return body;
  }

  /** Where a list is, in the view that its filter asks for; null when it is certainly empty. */
  function locate<Name extends ListName>(spoken: Version, name: Name, filter: Filters[Name]): Place | null {
    if (spoken.lacks.has(name)) return null;
    const place = spoken.locate[name](filter);
    const isExtended = 'isExtended' in filter && filter.isExtended;
    return place && { ...place, query: { ...spoken.view[name]?.(isExtended), ...place.query } };
  }

  const itemKey = ({ name }: Readonly<{ name: ListName }>, id: string, isExtended: boolean): string =>
    `${versionName} ${name} ${id} ${isExtended}`;

  return {
    version: async () => (await begin()).spoken,
    scanLimitRows: server.scanLimitRows,
    requestsLeft: operation.requestsLeft,
    notice: server.notice,

    readItem: async (resource, id, isExtended) => {
      const { spoken } = await begin();
      if (spoken.lacks.has(resource.name)) return null;
      const query = spoken.view[resource.name]?.(isExtended) ?? {};
      try {
        const body = await getOnce(spoken, `${resource.path}/${id}`, query, { resource: resource.name, id });
        return normalizer.readItem(spoken, resource, body, id);
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    },

    openList: async (resource, filter, lifetime) => {
      const { spoken, lists } = await begin();
      const place = locate(spoken, resource.name, filter);
      if (place === null) return { isExact: true, readPage: (window) => Promise.resolve(emptyPage(window)) };
      type PageOfRows = Page<ReturnType<typeof resource.normalize>>;
      const readPage = async (where: Place, window: Window): Promise<PageOfRows> => {
        const { rows, hasMore, isWhole } = await lists.readWindow(resource.name, where, resource.rank, window);
        await operation.breathe({ resource: resource.name });
        const records = rows.map((row) => normalizer.readRow(spoken, resource, row));
        return { offset: window.offset, rows: records, hasMore, isWhole };
      };
      const readAt = async (where: Place, window: Window): Promise<PageOfRows> => {
        const list = `${resource.name} ${where.order} ${requestKey(where.path, where.query)}`;
        const key = `${list} ${window.offset} ${window.limit}`;
        const known = pages.get(key) as Promise<PageOfRows> | undefined; // set below, for this very resource
        if (known && window.isFresh !== true) {
          await operation.breathe({ resource: resource.name });
          return known;
        }
        const page = readPage(where, window);
        if (pages.size < MAX_REMEMBERED_PAGES) pages.set(key, page);
        return page;
      };
      const { whenMissing } = place;
      const list: List<ReturnType<typeof resource.normalize>> = {
        isExact: place.isExact && (typeof whenMissing !== 'object' || whenMissing.isExact),
        readPage: async (window) => {
          try {
            return await readAt(place, window);
          } catch (error) {
            if (whenMissing === undefined || !isNotFound(error)) throw error;
            return whenMissing === 'empty' ? emptyPage(window) : readAt(whenMissing, window);
          }
        },
      };
      return lifetime ? keepPages(list, operation, [spoken.name, resource.name, filter], lifetime) : list;
    },

    readCollection: async (resource, filter) => {
      const { spoken, lists } = await begin();
      const place = locate(spoken, resource.name, filter);
      if (place === null) return [];
      const { name } = resource;
      const read = async (): Promise<readonly Field<ReturnType<typeof resource.normalize>>[]> => {
        try {
          const rows = await lists.readWhole(name, place, MAX_COLLECTION_ROWS);
          const yieldToOthers = (): Promise<void> => operation.breathe({ resource: name });
          return await mapInSlices(rows, (row) => normalizer.readRow(spoken, resource, row), yieldToOthers);
        } catch (error) {
          if (place.whenMissing === 'empty' && isNotFound(error)) return [];
          throw error;
        }
      };
      const key = `${name} ${requestKey(place.path, place.query)}`;
      const known = collections.get(key) as ReturnType<typeof read> | undefined; // set below, for this very resource
      const collection = known ?? read();
      collections.set(key, collection);
      return collection;
    },

    recall: (resource, id, isExtended) => {
      const key = itemKey(resource, id, isExtended);
      const row = share.recall(key) as ReturnType<typeof resource.normalize> | undefined; // kept below
      if (row) operation.costs?.recalled(resource.name, key);
      return row;
    },
    keep: (resource, row, isExtended) => {
      share.keep(itemKey(resource, row.id, isExtended), row, 'brief');
    },

    yieldToOthers: (resource) => operation.breathe({ resource }),

    readServiceInstance: async () => {
      const { spoken } = await begin();
      if (spoken.lacks.has('serviceInstance')) return null;
      const about = { resource: 'serviceInstance' };
      const body = await getOnce(spoken, serviceInstancePath, {}, about);
      return normalizeServiceInstance(new Reader(body, about, server.notice));
    },

    referTo: (resource, id) => resource.normalize(new Reader({ id }, { resource: resource.name, id }, server.notice)),
  };
}
