import DataLoader from 'dataloader';
import type { Api } from '../upstream/api.js';
import type { List } from '../upstream/list.js';
import { asError, UpstreamError, type Fault, type Field } from '../upstream/errors.js';
import type { Filters, Identified, ItemResource, ListName, Resource } from '../upstream/resource.js';
import { copyJobs, jobs, type JobRecord } from '../upstream/resources/job.js';
import type { Lifetime } from '../upstream/sharing.js';
import { jobSessions, lifetimeOf, type JobSessionRecord } from '../upstream/resources/jobSession.js';
import { createSortOnce, type SortOnce } from './collection.js';
import { listOf } from './connection.js';
import { createViews } from './extendedView.js';
import { createLatestSessionLoader } from './latestSession.js';
import { createOnce, type Once } from './once.js';

/** The window of the newest sessions that is looked at where several sessions are asked for. */
const NEWEST = { offset: 0, limit: 200 } as const;

/** From how many ids on a list is read instead of each of them. */
export const LIST_FROM = { collection: 2, newest: 3 } as const;

/** After so many reads by id, one after the other, the list of a collection is read instead. */
export const MAX_SINGLE_READS = 2;

type JobReference = Readonly<{ id: string; type: 'BACKUP' | 'COPY' | 'UNKNOWN' | null }>;

/** What one operation has read: each id once, each list once, several ids of a small collection by its list. */
export type Loaders = Readonly<{
  api: Api;
  /** One record; null when the server has none with this id. */
  load: <Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    id: string,
    isExtended?: boolean,
  ) => Promise<Row | null>;
  /**
   * The record that another record refers to; null when the server has none. It may be one that an earlier operation of this
   * token was told, so this is for relations alone: what an operation asks for first is loaded.
   */
  relate: <Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    id: string,
    isExtended?: boolean,
  ) => Row | null | Promise<Row | null>;
  /** A record with nothing but its id, for who asks for no more; one for all that refer to it. */
  referTo: <Name extends ListName, Row extends Identified>(resource: Resource<Name, Row>, id: string) => Row;
  /** A list, to be read window by window. With a lifetime, its pages may be ones that an earlier operation was told. */
  open: <Name extends ListName, Row extends Identified>(
    resource: Resource<Name, Row>,
    filter: Filters[Name],
    lifetime?: Lifetime,
  ) => Promise<List<Row>>;
  /** All rows of a small collection, or those that a filter of the server's gives. */
  collect: <Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    options?: Readonly<{ isExtended?: boolean; filter?: Filters[Name] }>,
  ) => Promise<readonly Field<Row>[]>;
  /** Sorts a collection once, for all root fields that ask for it. */
  sortOnce: SortOnce;
  /** Begins what many fields ask for once. */
  once: Once;
  /** The list of a filter that nothing can match: refused without a token, as any list is. */
  openNothing: () => Promise<List<never>>;
  /** A session; null when the server has none with this id. */
  loadSession: (id: string) => Promise<JobSessionRecord | null>;
  /** Sessions of a list need not be loaded again. */
  openSessions: (filter: Filters['jobSession']) => Promise<List<JobSessionRecord>>;
  /** A backup or copy job; where it is not known which, the backup jobs are asked first. */
  loadJob: (id: string, type: JobReference['type']) => Promise<JobRecord | null>;
  /** The same as `relate`, for a job. */
  relateJob: (id: string, type: JobReference['type']) => JobRecord | null | Promise<JobRecord | null>;
  /** The newest session of a job; null when it never ran. */
  loadLatestSession: (job: JobRecord) => Promise<JobSessionRecord | null>;
  /** Takes note of a session that the answer holds, or that there is none. */
  tell: (session: Field<JobSessionRecord> | null) => void;
  /** How long all sessions that were told may be kept; undefined when one of them has not ended. */
  lifetime: () => Lifetime | undefined;
}>;

/** Faults of one list alone: its rows may still be had one by one. */
const listFaults: ReadonlySet<Fault> = new Set(['notFound', 'forbidden', 'badResponse', 'tooLarge']);

/** Records in the plain and in the extended view are kept apart. */
const keyOf = ({ name }: { readonly name: ListName }, isExtended: boolean): string => `${name} ${isExtended}`;

/** Made for one operation and never shared: what one caller may see is not what another may. */
export function createLoaders(api: Api): Loaders {
  const loaders = new Map<string, DataLoader<string, Identified | null>>();
  /** The collections that were read, or are being read: one more id of them costs no request. */
  const collected = new Set<string>();
  /** Records of a collection that were read by id. */
  const readsById = new Map<string, number>();
  /** Lists whose rows the loaders of the plain and of the extended view have. */
  const primed = { plain: new Set<readonly unknown[]>(), extended: new Set<readonly unknown[]>() };
  const once = createOnce();
  const views = createViews(api);
  const stubs = new Map<string, Identified>();
  let lifetime: Lifetime | undefined = 'unchanging';

  function loaderOf<Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    isExtended: boolean,
  ): DataLoader<string, Row | null> {
    const key = keyOf(resource, isExtended);
    const known = loaders.get(key);
    if (known) return known as DataLoader<string, Row | null>; // set below, for this very resource
    const loader = new DataLoader<string, Row | null>((ids) => readMany(resource, ids, isExtended));
    loaders.set(key, loader);
    return loader;
  }

  /** Hands the loaders the rows of a list that they will not have to load. */
  function primeOnce<Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    rows: readonly Field<Row>[],
    isExtended: boolean,
  ): void {
    const known = primed[isExtended ? 'extended' : 'plain'];
    if (known.has(rows)) return;
    known.add(rows);
    const loader = loaderOf(resource, isExtended);
    for (const row of rows) if (!(row instanceof Error)) loader.prime(row.id, row);
  }

  /** The list to look several ids up in. */
  async function readListFor<Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    isExtended: boolean,
  ): Promise<readonly Field<Row>[]> {
    if (resource.batch === 'collection') return collect(resource, { isExtended });
    const list = await api.openList(resource, resource.whole(isExtended));
    return (await list.readPage(NEWEST)).rows;
  }

  async function readMany<Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    ids: readonly string[],
    isExtended: boolean,
  ): Promise<(Row | null | Error)[]> {
    const listed = new Map<string, Row>();
    const key = keyOf(resource, isExtended);
    const readBefore = resource.batch === 'collection' ? (readsById.get(key) ?? 0) : 0;
    const isMany = ids.length >= LIST_FROM[resource.batch] || readBefore >= MAX_SINGLE_READS || collected.has(key);
    if (!isMany) readsById.set(key, readBefore + ids.length);
    // The list may hold none of them; where each can just be paid for by itself, there is nothing left for it.
    if (isMany && ids.length !== api.requestsLeft()) {
      try {
        for (const row of await readListFor(resource, isExtended)) if (!(row instanceof Error)) listed.set(row.id, row);
      } catch (error) {
        if (!(error instanceof UpstreamError) || !listFaults.has(error.details.fault)) throw error;
        const problem = 'the list could not be read, so its rows are read one by one';
        api.notice({ resource: resource.name, field: 'list', value: error.details.fault, problem });
      }
    }
    return Promise.all(
      ids.map(async (id) => listed.get(id) ?? views.readItem(resource, id, isExtended).catch(asError)),
    );
  }

  function tell(session: Field<JobSessionRecord> | null): void {
    if (session instanceof Error || lifetime === undefined) return;
    const own = session === null ? 'brief' : lifetimeOf(session); // there may be one in a moment
    if (own !== 'unchanging') lifetime = own;
  }

  async function openSessions(filter: Filters['jobSession']): Promise<List<JobSessionRecord>> {
    const list = await api.openList(jobSessions, filter);
    return {
      isExact: list.isExact,
      readPage: async (window) => {
        const page = await list.readPage(window);
        primeOnce(jobSessions, page.rows, false);
        return page;
      },
    };
  }

  async function collect<Name extends ListName, Row extends Identified>(
    resource: ItemResource<Name, Row>,
    { isExtended = false, filter }: Readonly<{ isExtended?: boolean; filter?: Filters[Name] }> = {},
  ): Promise<readonly Field<Row>[]> {
    if (filter === undefined) collected.add(keyOf(resource, isExtended)); // at once: who comes next shares the request
    const rows = await (filter ? api.readCollection(resource, filter) : views.readWhole(resource, isExtended));
    primeOnce(resource, rows, isExtended);
    return rows;
  }

  async function openNothing(): Promise<List<never>> {
    await api.version();
    return listOf<never>([]);
  }

  async function readJob({ id, type }: JobReference): Promise<JobRecord | null> {
    if (type === 'COPY') return loaderOf(copyJobs, false).load(id);
    const job = await loaderOf(jobs, false).load(id);
    return job === null && type !== 'BACKUP' ? loaderOf(copyJobs, false).load(id) : job;
  }

  // Backup and copy jobs are two lists, answered one after the other. They are handed out together, so that what is asked
  // of them next (their repositories, say) comes together too, and is one list read instead of a single read and a list.
  const jobsTogether = new DataLoader<JobReference, JobRecord | null, string>(
    (wanted) => Promise.all(wanted.map((reference) => readJob(reference).catch(asError))),
    { cacheKeyFn: ({ id, type }) => `${id} ${type ?? ''}` },
  );

  const loadJob = (id: string, type: JobReference['type']): Promise<JobRecord | null> =>
    jobsTogether.load({ id, type });

  return {
    api,
    open: (resource, filter, lifetime) => api.openList(resource, filter, lifetime),
    loadSession: async (id) => {
      const session = await loaderOf(jobSessions, false).load(id);
      tell(session);
      return session;
    },
    openSessions,
    openNothing,
    collect,
    sortOnce: createSortOnce(),
    once,
    load: (resource, id, isExtended = false) => loaderOf(resource, isExtended).load(id),
    relate: (resource, id, isExtended = false) =>
      api.recall(resource, id, isExtended) ??
      once(`row ${keyOf(resource, isExtended)} ${id}`, async () => {
        const row = await loaderOf(resource, isExtended).load(id);
        if (row !== null) api.keep(resource, row, isExtended);
        return row;
      }),
    referTo: (resource, id) => {
      const key = `${resource.name} ${id}`;
      const stub = (stubs.get(key) as ReturnType<typeof resource.normalize> | undefined) ?? api.referTo(resource, id); // set below
      stubs.set(key, stub);
      return stub;
    },
    loadJob,
    relateJob: (id, type) =>
      (type === 'COPY' ? undefined : api.recall(jobs, id, false)) ??
      (type === 'BACKUP' ? undefined : api.recall(copyJobs, id, false)) ??
      once(`job ${type ?? ''} ${id}`, async () => {
        const job = await loadJob(id, type);
        if (job !== null) api.keep(job.type === 'COPY' ? copyJobs : jobs, job, false);
        return job;
      }),
    loadLatestSession: createLatestSessionLoader({ openSessions, openNothing, once, tell, api }, NEWEST),
    tell,
    lifetime: () => lifetime,
  };
}
