import type { JobFilter, JobSessionFilter, LogItemType, SortOrder } from '../graph/generated.js';
import type { Field, UpstreamError } from './errors.js';
import type { Reader } from './raw.js';

/** A JSON object as received. What its fields hold is not known: `raw.ts` is where trust begins. */
export type Raw = Readonly<Record<string, unknown>>;

/** Tells the log, once per value, of something in a body that the gateway does not know or cannot read. */
export type Notice = (what: Readonly<{ resource: string; field: string; value: string; problem: string }>) => void;

/** A window of a list, as it is asked for. */
export type Window = Readonly<{
  offset: number;
  limit: number;
  /** True to ask the server again, even if this operation has read the window before. */
  isFresh?: boolean;
}>;

/** A window of a list, as it was answered. A row that could not be read is the error that says why. */
export type Page<Row> = Readonly<{
  offset: number;
  rows: readonly Field<Row>[];
  /** False when the list is known to end with this page. */
  hasMore: boolean;
  /** True when all of the list is at hand, so that further pages cost no request. */
  isWhole: boolean;
}>;

/** What each list can be narrowed by, whatever the API version; `Version.locate` says how. */
export type Filters = {
  jobSession: JobSessionFilter;
  logItem: Readonly<{ sessionId: string; types: readonly LogItemType[] | null; order: SortOrder }>;
  processedObject: Readonly<{ sessionId: string }>;
  job: JobFilter;
  copyJob: JobFilter;
  organization: Readonly<{ isExtended: boolean }>;
  backupRepository: Readonly<Record<string, never>>;
  proxy: Readonly<{ isExtended: boolean }>;
};

export type ListName = keyof Filters;

/** One kind of thing that the REST API serves, as data: where it is and how a raw object becomes a record. */
export type Resource<Name extends ListName, Row extends Identified> = Readonly<{
  name: Name;
  normalize: (read: Reader) => Row;
  /** What a bare array is sorted by, before it is windowed; the server's order where absent. */
  rank?: (raw: Raw) => string | number;
}>;

/** A resource whose items can be asked for by id. */
export type ItemResource<Name extends ListName, Row extends Identified> = Resource<Name, Row> &
  Readonly<{
    /** The path segment before an item's id. */
    path: string;
    /**
     * How several ids are read, as the API takes one at a time: a small collection by its list, from two ids on; sessions,
     * which grow without bound, by a page of the newest, from three on.
     */
    batch: 'collection' | 'newest';
    /** The filter of the whole list. */
    whole: (isExtended: boolean) => Filters[Name];
    /** Puts an error into the fields that the plain view does not have; absent where all have one view. */
    inPlainView?: (row: Row, error: UpstreamError) => Row;
  }>;

export type Identified = Readonly<{ id: string }>;
