import type { FieldNode } from 'graphql';
import { extendedOrganizationFields } from '../upstream/resources/organization.js';
import { extendedProxyFields } from '../upstream/resources/proxy.js';
import { LIST_FROM, MAX_SINGLE_READS } from './loaders.js';
import { selectsAny, selectsOnlyId, type Selections } from './selection.js';

type Collection = 'job' | 'copyJob' | 'organization' | 'backupRepository' | 'proxy';

/** Records that are asked for by id: how many by root fields, by relations, and by how many answers that come one by one. */
type ById = { roots: number; related: number; arrivals: number };

/** What was counted so far. */
export type Bill = {
  requests: number;
  /** Lists that are read once, whoever asks for them. */
  readonly lists: Set<string>;
  /** Records that are asked for by id, by the list that is read for several of them. Each view has a list of its own. */
  readonly ids: Map<string, ById>;
  /** Maximum requests for jobs by id, if each is read by itself. */
  singleJobs: number;
  fields: number;
  answerBytes: number;
};

/** A field with its arguments, how often it is asked for, and where. */
export type Call = Readonly<{
  args: Readonly<Record<string, unknown>>;
  times: number;
  /** Number of the server's answers that bring the records that the field belongs to; 0 for a root field. */
  arrivals: number;
  /** The field nodes of each place in the answer that has this field with these arguments. */
  places: readonly (readonly FieldNode[])[];
  selections: Selections;
}>;

/** Adds the cost of a field to the bill, and returns the maximum number of rows below it. */
type Price = (bill: Bill, call: Call) => number;

const MAX_FIRST = 1000;

function firstOf({ first }: Call['args']): number {
  return typeof first === 'number' && first >= 1 ? Math.min(first, MAX_FIRST) : 30;
}

/** One request for each; a thousand rows after a cursor take two. */
const eachReads: Price = (bill, { args, times }) => {
  const pages = firstOf(args) === MAX_FIRST && typeof args['after'] === 'string' && args['after'] !== '' ? 2 : 1;
  bill.requests += times * pages;
  return times * firstOf(args);
};

/** Returns the lists that the places read: the plain and the extended view are two, as the loaders have it. */
function listsOf(
  collection: Collection,
  extendedFields: ReadonlySet<string> | undefined,
  selections: Selections,
  places: Call['places'],
): Set<string> {
  const isExtended = (fieldNodes: readonly FieldNode[]): boolean =>
    extendedFields !== undefined && selectsAny({ ...selections, fieldNodes }, extendedFields);
  return new Set(places.map((nodes) => (isExtended(nodes) ? `${collection} extended` : collection)));
}

function addIds(bill: Bill, list: string, { times, arrivals }: Call): void {
  const ids = bill.ids.get(list) ?? { roots: 0, related: 0, arrivals: 0 };
  bill.ids.set(list, ids);
  if (arrivals === 0) ids.roots += times;
  else ids.related += times;
  ids.arrivals += arrivals;
}

/** A record that is asked for by its id. */
const byId =
  (collection: Collection, extendedFields?: ReadonlySet<string>): Price =>
  (bill, call) => {
    for (const list of listsOf(collection, extendedFields, call.selections, call.places)) addIds(bill, list, call);
    return call.times;
  };

/** A relation: where nothing but the id is asked for, it costs no request. */
const relation =
  (price: Price): Price =>
  (bill, call) => {
    const places = call.places.filter((fieldNodes) => !selectsOnlyId({ ...call.selections, fieldNodes }));
    return places.length === 0 ? call.times : price(bill, { ...call, places });
  };

const wholeList =
  (collection: Collection, extendedFields?: ReadonlySet<string>): Price =>
  (bill, { args, times, places, selections }) => {
    for (const list of listsOf(collection, extendedFields, selections, places)) bill.lists.add(list);
    return times * firstOf(args);
  };

/** A job that may be in either list: one that is not found among backup jobs is looked for among copy jobs. */
const anyJob: Price = (bill, call) => {
  bill.singleJobs += call.times * (call.arrivals === 0 ? 2 : 1); // a session's job is of the session's type
  addIds(bill, 'copyJob', call);
  addIds(bill, 'job', call);
  return call.times;
};

const sourceJob: Price = (bill, call) => {
  bill.singleJobs += call.times;
  return byId('job')(bill, call);
};

/** Returns the part of an id that tells it from others. A longer one is not a UUID, and costs no request. */
const idOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 64) : '');

const allJobs: Price = (bill, { args, times }) => {
  const filter = typeof args['filter'] === 'object' ? (args['filter'] as Record<string, unknown> | null) : null;
  const { type, organizationId = null, repositoryId = null } = filter ?? {};
  const name = organizationId === null && repositoryId === null ? '' : ` ${idOf(organizationId)} ${idOf(repositoryId)}`;
  for (const [list, kind] of [
    ['job', 'BACKUP'],
    ['copyJob', 'COPY'],
  ] as const) {
    if (type === undefined || type === null || type === kind) bill.lists.add(`${list}${name}`);
  }
  return times * firstOf(args);
};

const newestSessions: Price = (bill, { times }) => {
  bill.lists.add('newest sessions');
  return times;
};

const serviceInstance: Price = (bill, { times }) => {
  bill.lists.add('service instance');
  return times;
};

/** Every field that asks the server for something; `test/cost.test.ts` holds it against the schema. */
export const prices: Readonly<Record<string, Price>> = {
  'Query.jobSession': (bill, { times }) => {
    bill.requests += times;
    return times;
  },
  'Query.jobSessions': eachReads,
  'Query.job': anyJob,
  'Query.jobs': allJobs,
  'Query.organization': byId('organization', extendedOrganizationFields),
  'Query.organizations': wholeList('organization', extendedOrganizationFields),
  'Query.backupRepository': byId('backupRepository'),
  'Query.backupRepositories': wholeList('backupRepository'),
  'Query.proxy': byId('proxy', extendedProxyFields),
  'Query.proxies': wholeList('proxy', extendedProxyFields),
  'BackupServer.productVersion': serviceInstance,
  'BackupServer.installationId': serviceInstance,
  'JobSession.job': relation(anyJob),
  'JobSession.log': eachReads,
  'JobSession.processedObjects': eachReads,
  'JobSession.repository': relation(byId('backupRepository')),
  'Job.organization': relation(byId('organization', extendedOrganizationFields)),
  'Job.repository': relation(byId('backupRepository')),
  'Job.sourceJob': relation(sourceJob),
  'Job.sessions': eachReads,
  'Job.latestSession': newestSessions,
  'BackupRepository.proxy': relation(byId('proxy', extendedProxyFields)),
};

/** What entities are asked of by their keys. */
export const entityPrices: Readonly<Record<string, Price>> = {
  JobSession: (bill, call) => {
    if (call.times >= LIST_FROM.newest) return newestSessions(bill, call);
    bill.requests += call.times;
    return call.times;
  },
  Job: anyJob,
  Organization: byId('organization', extendedOrganizationFields),
  BackupRepository: byId('backupRepository'),
  Proxy: byId('proxy', extendedProxyFields),
};

/** Returns the requests for records of one list by id, at the most. */
function requestsById({ lists, ids }: Bill, list: string): number {
  const { roots, related, arrivals } = ids.get(list) ?? { roots: 0, related: 0, arrivals: 0 };
  if (lists.has(list)) return roots === 1 ? 1 : 0; // it may be read before the list is
  const count = roots + related;
  const isAtOnce = arrivals + Math.min(roots, 1) <= 1;
  if (isAtOnce) return count >= LIST_FROM.collection ? 1 : count;
  return Math.min(count, MAX_SINGLE_READS + 1);
}

/** Returns the requests that a bill comes to. */
export function requestsOn(bill: Bill): number {
  let sum = bill.requests + bill.lists.size;
  for (const list of bill.ids.keys()) {
    if (list !== 'job' && list !== 'copyJob') sum += requestsById(bill, list);
  }
  return sum + Math.min(bill.singleJobs, requestsById(bill, 'job') + requestsById(bill, 'copyJob'));
}
