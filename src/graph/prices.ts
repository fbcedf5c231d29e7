import { LIST_FROM } from './loaders.js';

type Collection = 'job' | 'copyJob' | 'organization' | 'backupRepository' | 'proxy';

/** What was counted so far. */
export type Bill = {
  requests: number;
  /** Lists that are read once, whoever asks for them. */
  readonly lists: Set<string>;
  /** How many things are asked for by id of collections whose list is read for several. */
  readonly ids: Map<Collection, number>;
  fields: number;
  representations: number;
};

/** A field as it is asked for: its arguments, how often, and whether for no more than ids. */
export type Call = Readonly<{
  args: Readonly<Record<string, unknown>>;
  times: number;
  isIdOnly: boolean;
}>;

/** Adds what a field costs to the bill, and says how many rows there are below it, at the most. */
type Price = (bill: Bill, call: Call) => number;

const MAX_FIRST = 1000;

function firstOf({ first }: Call['args']): number {
  return typeof first === 'number' && first >= 1 ? Math.min(first, MAX_FIRST) : 30;
}

/** One request for each; a thousand rows after a cursor take two. */
const eachReads: Price = (bill, { args, times }) => {
  const pages = firstOf(args) === MAX_FIRST && typeof args['after'] === 'string' ? 2 : 1;
  bill.requests += times * pages;
  return times * firstOf(args);
};

const byId =
  (collection: Collection): Price =>
  (bill, { times, isIdOnly }) => {
    if (!isIdOnly) bill.ids.set(collection, (bill.ids.get(collection) ?? 0) + times);
    return times;
  };

const wholeList =
  (collection: Collection): Price =>
  (bill, { args, times }) => {
    bill.lists.add(collection);
    return times * firstOf(args);
  };

const anyJob: Price = (bill, call) => {
  if (!call.isIdOnly && call.times >= LIST_FROM.collection) bill.lists.add('copyJob');
  return byId('job')(bill, call);
};

const allJobs: Price = (bill, { args, times }) => {
  const filter = typeof args['filter'] === 'object' ? (args['filter'] as Record<string, unknown> | null) : null;
  const { type, organizationId = null, repositoryId = null } = filter ?? {};
  const name =
    organizationId === null && repositoryId === null ? '' : ` ${JSON.stringify([organizationId, repositoryId])}`;
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
  'Query.job': byId('job'),
  'Query.jobs': allJobs,
  'Query.organization': byId('organization'),
  'Query.organizations': wholeList('organization'),
  'Query.backupRepository': byId('backupRepository'),
  'Query.backupRepositories': wholeList('backupRepository'),
  'Query.proxy': byId('proxy'),
  'Query.proxies': wholeList('proxy'),
  'BackupServer.productVersion': serviceInstance,
  'BackupServer.installationId': serviceInstance,
  'JobSession.job': anyJob,
  'JobSession.log': eachReads,
  'JobSession.processedObjects': eachReads,
  'JobSession.repository': byId('backupRepository'),
  'Job.organization': byId('organization'),
  'Job.repository': byId('backupRepository'),
  'Job.sourceJob': byId('job'),
  'Job.sessions': eachReads,
  'Job.latestSession': newestSessions,
  'BackupRepository.proxy': byId('proxy'),
};

/** What entities are asked of by their keys. */
export const entityPrices: Readonly<Record<string, Price>> = {
  JobSession: (bill, call) => {
    if (call.times >= LIST_FROM.newest) return newestSessions(bill, call);
    bill.requests += call.times;
    return call.times;
  },
  Job: anyJob,
  Organization: byId('organization'),
  BackupRepository: byId('backupRepository'),
  Proxy: byId('proxy'),
};

/** The requests that a bill comes to. */
export function requestsOn({ requests, lists, ids }: Bill): number {
  let sum = requests + lists.size;
  for (const [collection, count] of ids) {
    if (!lists.has(collection)) sum += count >= LIST_FROM.collection ? 1 : count;
  }
  return sum;
}
