import type { GraphQLResolveInfo } from 'graphql';
import { UpstreamError, type Field } from '../upstream/errors.js';
import { duration } from '../upstream/moment.js';
import type { Identified, ItemResource, ListName } from '../upstream/resource.js';
import { backupRepositories } from '../upstream/resources/backupRepository.js';
import { copyJobs, jobs, matchesJob, type JobRecord } from '../upstream/resources/job.js';
import { lifetimeOf, type JobSessionRecord } from '../upstream/resources/jobSession.js';
import { logItems, type LogItemRecord } from '../upstream/resources/logItem.js';
import { extendedOrganizationFields, organizations } from '../upstream/resources/organization.js';
import { processedObjects } from '../upstream/resources/processedObject.js';
import { extendedProxyFields, proxies } from '../upstream/resources/proxy.js';
import { badInput, optionalUuidArgument, uuidArgument } from './badInput.js';
import { ascending, listOf, readConnection, type Connection, type ConnectionArguments } from './connection.js';
import type { Context } from './context.js';
import { nameList } from './cursor.js';
import type { JobFilter, JobType, LogItemType, Resolvers, SortOrder } from './generated.js';
import { logOrder, logPath } from './log.js';
import { DateTime, Long } from './scalars.js';
import { selectsAny, selectsOnlyId } from './selection.js';
import { readSessions } from './sessions.js';

/** The thing that another one refers to by id. Its id alone costs no request. */
function related<Name extends ListName, Row extends Identified>(
  { loaders }: Context,
  info: GraphQLResolveInfo,
  resource: ItemResource<Name, Row>,
  id: Field<string | null>,
  isExtended = false,
): Row | null | Promise<Row | null> {
  if (id instanceof Error) throw id;
  if (id === null) return null;
  return selectsOnlyId(info) ? loaders.api.referTo(resource, id) : loaders.relate(resource, id, isExtended);
}

/** The same for a job, which is in one of two collections. */
function relatedJob(
  context: Context,
  info: GraphQLResolveInfo,
  id: Field<string | null>,
  type: Field<JobType | null>,
): JobRecord | null | Promise<JobRecord | null> {
  if (id instanceof Error) throw id;
  if (id === null) return null;
  if (selectsOnlyId(info)) return context.loaders.api.referTo(type === 'COPY' ? copyJobs : jobs, id);
  return context.loaders.relateJob(id, type instanceof Error ? null : type);
}

/** Returns a job's organization; before v8, a copy job's is that of the job whose backups it copies. */
function organizationIdOf(
  { loaders }: Context,
  { organizationId, sourceJobId }: JobRecord,
): Field<string | null> | Promise<Field<string | null>> {
  if (organizationId !== null || typeof sourceJobId !== 'string') return organizationId;
  const source = loaders.relate(jobs, sourceJobId);
  if (!(source instanceof Promise)) return source?.organizationId ?? null;
  return source.then(
    (job) => job?.organizationId ?? null,
    (error: unknown) => {
      if (error instanceof UpstreamError) return error;
      throw error;
    },
  );
}

const MAX_KEY_CHARACTERS = 100;

/** A page of the rows of a small collection, by name. */
function byName<Row extends Identified>(
  readRows: () => Promise<readonly Field<Row>[]>,
  nameOf: (row: Row) => Field<string | null>,
  list: Readonly<{ name: string; filter?: unknown }>,
  args: ConnectionArguments,
): Promise<Connection<Row>> {
  const key = (row: Row): string => {
    const name = nameOf(row);
    // A cursor holds it, so it is cut; the id tells rows of one name apart.
    return `${typeof name === 'string' ? name.toLowerCase().slice(0, MAX_KEY_CHARACTERS) : ''}\u0000${row.id}`;
  };
  const rank = (row: Field<Row>): string => (row instanceof Error ? '\uffff' : key(row)); // what cannot be read comes last
  return readConnection(
    {
      name: nameList(list.name, list.filter ?? null),
      open: async () => listOf((await readRows()).toSorted((a, b) => ascending(rank(a), rank(b)))),
      order: { key, compare: ascending },
      keeps: () => true,
      scanLimitRows: Infinity,
    },
    args,
  );
}

function listJobs(context: Context, args: ConnectionArguments, filter: JobFilter): Promise<Connection<JobRecord>> {
  const { loaders } = context;
  const checked = {
    ...filter,
    organizationId: optionalUuidArgument('filter.organizationId', filter.organizationId),
    repositoryId: optionalUuidArgument('filter.repositoryId', filter.repositoryId),
  };
  const options = checked.organizationId === null && checked.repositoryId === null ? {} : { filter: checked };
  const isOf = (type: JobType): boolean => filter.type === null || filter.type === undefined || filter.type === type;

  /** The job where it is asked for, null where not, and why where that cannot be told. */
  async function pick(job: Field<JobRecord>): Promise<Field<JobRecord> | null> {
    if (job instanceof Error) return job;
    const organizationId = checked.organizationId === null ? null : await organizationIdOf(context, job);
    const verdict = matchesJob(checked, job, organizationId);
    return verdict === true ? job : verdict === false ? null : verdict;
  }

  async function readRows(): Promise<readonly Field<JobRecord>[]> {
    await loaders.api.version();
    const lists = await Promise.all([
      isOf('BACKUP') ? loaders.collect(jobs, options) : [],
      isOf('COPY') ? loaders.collect(copyJobs, options) : [],
    ]);
    const picked = await Promise.all(lists.flat().map((job) => pick(job)));
    return picked.filter((job) => job !== null);
  }

  return byName(readRows, ({ name }) => name, { name: 'jobs', filter: checked }, args);
}

async function readLog(
  { loaders }: Context,
  session: JobSessionRecord,
  args: ConnectionArguments & Readonly<{ types?: readonly LogItemType[] | null; order?: SortOrder | null }>,
): Promise<Connection<LogItemRecord>> {
  const filter = { sessionId: session.id, types: args.types ?? null, order: args.order ?? 'ASC' };
  const { types } = filter;
  return readConnection(
    {
      name: nameList('log', filter),
      open: () => (types?.length === 0 ? loaders.openNothing() : loaders.open(logItems, filter, lifetimeOf(session))),
      order: logOrder(filter.order),
      keeps: (line) => types === null || types.some((type) => type === line.type),
      scanLimitRows: loaders.api.scanLimitRows,
    },
    args,
  );
}

// Reference resolvers are async throughout: a bad id must be a rejection in its own place, for `_entities` falls as a whole
// with one that throws.
export const resolvers: Resolvers = {
  DateTime,
  Long,

  Query: {
    jobSession: (_, { id }, { loaders }) => loaders.loadSession(uuidArgument('id', id)),
    jobSessions: (_, { filter, ...args }, { loaders }) => readSessions(loaders, args, filter ?? {}),
    job: (_, { id }, { loaders }) => loaders.loadJob(uuidArgument('id', id), null),
    jobs: (_, { filter, ...args }, context) => listJobs(context, args, filter ?? {}),
    organization: (_, { id }, { loaders }, info) =>
      loaders.load(organizations, uuidArgument('id', id), selectsAny(info, extendedOrganizationFields)),
    organizations: (_, args, { loaders }, info) => {
      const readRows = () =>
        loaders.collect(organizations, { isExtended: selectsAny(info, extendedOrganizationFields) });
      return byName(readRows, ({ name }) => name, { name: 'organizations' }, args);
    },
    backupRepository: (_, { id }, { loaders }) => loaders.load(backupRepositories, uuidArgument('id', id)),
    backupRepositories: (_, args, { loaders }) =>
      byName(
        () => loaders.collect(backupRepositories),
        ({ name }) => name,
        { name: 'backupRepositories' },
        args,
      ),
    proxy: (_, { id }, { loaders }, info) =>
      loaders.load(proxies, uuidArgument('id', id), selectsAny(info, extendedProxyFields)),
    proxies: (_, args, { loaders }, info) => {
      const readRows = () => loaders.collect(proxies, { isExtended: selectsAny(info, extendedProxyFields) });
      return byName(readRows, ({ hostName }) => hostName, { name: 'proxies' }, args);
    },
    backupServer: async (_, __, { loaders }) => ({ apiVersion: (await loaders.api.version()).name }),
  },

  JobSession: {
    __resolveReference: async ({ id }, { loaders }) => loaders.loadSession(uuidArgument('id', id)),
    durationSeconds: ({ creationTime, endTime }) => duration(creationTime, endTime),
    log: (session, args, context) => readLog(context, session, args),
    logUrl: ({ id }) => logPath(id),
    job: ({ jobId, type }, _, context, info) => relatedJob(context, info, jobId, type),
    repository: ({ repositoryId }, _, context, info) => related(context, info, backupRepositories, repositoryId),
    processedObjects: async (session, args, { loaders }) => {
      const { id: sessionId } = session;
      if ((await loaders.api.version()).lacks.has('processedObject')) return null;
      return readConnection(
        {
          name: nameList('processedObjects', sessionId),
          open: () => loaders.open(processedObjects, { sessionId }, lifetimeOf(session)),
          order: null,
          keeps: () => true,
          scanLimitRows: loaders.api.scanLimitRows,
        },
        args,
      );
    },
  },

  LogItem: {
    durationSeconds: ({ creationTime, endTime }) => duration(creationTime, endTime),
  },

  Job: {
    __resolveReference: async ({ id }, { loaders }) => loaders.loadJob(uuidArgument('id', id), null),
    organization: (job, _, context, info) => {
      const isExtended = selectsAny(info, extendedOrganizationFields);
      const id = organizationIdOf(context, job);
      return id instanceof Promise
        ? id.then((found) => related(context, info, organizations, found, isExtended))
        : related(context, info, organizations, id, isExtended);
    },
    repository: ({ repositoryId }, _, context, info) => related(context, info, backupRepositories, repositoryId),
    sourceJob: ({ sourceJobId }, _, context, info) => relatedJob(context, info, sourceJobId, 'BACKUP'),
    sessions: ({ id, type }, { filter, ...args }, { loaders }) => {
      const other = optionalUuidArgument('filter.jobId', filter?.jobId);
      if (other !== null && other !== id) throw badInput('filter.jobId', `left out, or this job's own id`, other);
      return readSessions(loaders, args, { ...filter, jobId: id, type: filter?.type ?? type });
    },
    latestSession: (job, _, { loaders }) => loaders.loadLatestSession(job),
  },

  Organization: {
    __resolveReference: async ({ id }, { loaders }, info) =>
      loaders.load(organizations, uuidArgument('id', id), selectsAny(info, extendedOrganizationFields)),
  },

  BackupRepository: {
    __resolveReference: async ({ id }, { loaders }) => loaders.load(backupRepositories, uuidArgument('id', id)),
    proxy: ({ proxyId }, _, context, info) =>
      related(context, info, proxies, proxyId, selectsAny(info, extendedProxyFields)),
  },

  Proxy: {
    __resolveReference: async ({ id }, { loaders }, info) =>
      loaders.load(proxies, uuidArgument('id', id), selectsAny(info, extendedProxyFields)),
  },

  BackupServer: {
    productVersion: async (_, __, { loaders }) => (await loaders.api.readServiceInstance())?.productVersion ?? null,
    installationId: async (_, __, { loaders }) => (await loaders.api.readServiceInstance())?.installationId ?? null,
  },
};
