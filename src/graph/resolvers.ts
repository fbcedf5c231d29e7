import type { GraphQLResolveInfo } from 'graphql';
import type { Field } from '../upstream/errors.js';
import { durationOf } from '../upstream/moment.js';
import type { Identified, ItemResource, ListName } from '../upstream/resource.js';
import { backupRepositories } from '../upstream/resources/backupRepository.js';
import { copyJobs, jobs, type JobRecord } from '../upstream/resources/job.js';
import { extendedOrganizationFields, organizations } from '../upstream/resources/organization.js';
import { extendedProxyFields, proxies } from '../upstream/resources/proxy.js';
import { badInput, optionalUuidArgument, uuidArgument } from './badInput.js';
import { listAll, listJobs, organizationIdOf, organizationKey, proxyKey, repositoryKey } from './collectionFields.js';
import type { Context } from './context.js';
import type { JobType, Resolvers } from './generated.js';
import { logPath } from './log.js';
import { DateTime, Long } from './scalars.js';
import { selectsAny, selectsOnlyId } from './selection.js';
import { readLog, readProcessedObjects } from './sessionFields.js';
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
  return selectsOnlyId(info) ? loaders.referTo(resource, id) : loaders.relate(resource, id, isExtended);
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
  if (selectsOnlyId(info)) return context.loaders.referTo(type === 'COPY' ? copyJobs : jobs, id);
  return context.loaders.relateJob(id, type instanceof Error ? null : type);
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
    organizations: (_, args, context, info) =>
      listAll(context, organizations, organizationKey, args, selectsAny(info, extendedOrganizationFields)),
    backupRepository: (_, { id }, { loaders }) => loaders.load(backupRepositories, uuidArgument('id', id)),
    backupRepositories: (_, args, context) => listAll(context, backupRepositories, repositoryKey, args),
    proxy: (_, { id }, { loaders }, info) =>
      loaders.load(proxies, uuidArgument('id', id), selectsAny(info, extendedProxyFields)),
    proxies: (_, args, context, info) =>
      listAll(context, proxies, proxyKey, args, selectsAny(info, extendedProxyFields)),
    backupServer: async (_, __, { loaders }) => ({ apiVersion: (await loaders.api.version()).name }),
  },

  JobSession: {
    __resolveReference: async ({ id }, { loaders }) => loaders.loadSession(uuidArgument('id', id)),
    durationSeconds: durationOf,
    log: (session, args, context) => readLog(context, session, args),
    logUrl: ({ id }) => logPath(id),
    job: ({ jobId, lookupType }, _, context, info) => relatedJob(context, info, jobId, lookupType),
    repository: ({ repositoryId }, _, context, info) => related(context, info, backupRepositories, repositoryId),
    processedObjects: (session, args, context) => readProcessedObjects(context, session, args),
  },

  LogItem: {
    durationSeconds: durationOf,
  },

  ProcessedObject: {
    objectId: ({ id }) => id,
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
