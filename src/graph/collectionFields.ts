import { UpstreamError, type Field } from '../upstream/errors.js';
import type { Identified, ItemResource, ListName } from '../upstream/resource.js';
import type { BackupRepositoryRecord } from '../upstream/resources/backupRepository.js';
import { copyJobs, jobs, matchesJob, type JobRecord } from '../upstream/resources/job.js';
import type { OrganizationRecord } from '../upstream/resources/organization.js';
import type { ProxyRecord } from '../upstream/resources/proxy.js';
import { optionalUuidArgument } from './badInput.js';
import { filterRows, mergeRows, readCollectionPage, type KeyOf, type SortedRows } from './collection.js';
import type { ConnectionArguments } from './connection.js';
import type { Connection } from './connectionPage.js';
import type { Context } from './context.js';
import { nameList } from './cursor.js';
import type { JobFilter, JobType } from './generated.js';
import { requestFault } from './requestFault.js';

/** Returns a job's organization; before v8, a copy job's is that of the job whose backups it copies. */
export function organizationIdOf(
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

/** Returns what a row is sorted by. A cursor holds it, so the name is cut; the id tells rows of one name apart. */
const keyBy =
  <Row extends Identified>(nameOf: (row: Row) => Field<string | null>): KeyOf<Row> =>
  (row) => {
    const name = nameOf(row);
    return `${typeof name === 'string' ? name.toLowerCase().slice(0, MAX_KEY_CHARACTERS) : ''}\u0000${row.id}`;
  };

const jobKey = keyBy<JobRecord>(({ name }) => name);
export const organizationKey = keyBy<OrganizationRecord>(({ name }) => name);
export const repositoryKey = keyBy<BackupRepositoryRecord>(({ name }) => name);
export const proxyKey = keyBy<ProxyRecord>(({ hostName }) => hostName);

/** Returns a page of all rows of a small collection, by name. */
export function listAll<Name extends ListName, Row extends Identified>(
  { loaders }: Context,
  resource: ItemResource<Name, Row>,
  keyOf: KeyOf<Row>,
  args: ConnectionArguments,
  isExtended = false,
): Promise<Connection<Row>> {
  const { sortOnce, api } = loaders;
  const read = async (): Promise<SortedRows<Row>> => {
    const rows = await loaders.collect(resource, { isExtended });
    return sortOnce(rows, keyOf, () => api.yieldToOthers(resource.name));
  };
  return readCollectionPage({ listName: () => nameList(resource.path, null), keyOf, read }, args);
}

/** Returns a page of the backup and copy jobs that a filter asks for, by name. */
export function listJobs(
  context: Context,
  args: ConnectionArguments,
  filter: JobFilter,
): Promise<Connection<JobRecord>> {
  const { loaders } = context;
  const { once, sortOnce, api } = loaders;
  const checked = {
    ...filter,
    organizationId: optionalUuidArgument('filter.organizationId', filter.organizationId),
    repositoryId: optionalUuidArgument('filter.repositoryId', filter.repositoryId),
  };
  const options = checked.organizationId === null && checked.repositoryId === null ? {} : { filter: checked };
  const yieldToOthers = (): Promise<void> => api.yieldToOthers('job');

  const matches = (job: JobRecord): Field<boolean> | Promise<Field<boolean>> => {
    const own = checked.organizationId === null ? null : organizationIdOf(context, job);
    // Every API version filters backup jobs by organization, so a job that does not name its own is believed.
    const id = own === null && job.type === 'BACKUP' ? checked.organizationId : own;
    return id instanceof Promise ? id.then((found) => matchesJob(checked, job, found)) : matchesJob(checked, job, id);
  };

  async function readOne<Name extends 'job' | 'copyJob'>(
    resource: ItemResource<Name, JobRecord>,
    type: JobType,
  ): Promise<SortedRows<JobRecord>> {
    if (checked.type !== null && checked.type !== undefined && checked.type !== type) return { rows: [], keys: [] };
    const sorted = await sortOnce(await loaders.collect(resource, options), jobKey, yieldToOthers);
    return filterRows(sorted, matches, yieldToOthers);
  }

  /** Reads the copy jobs; why they are missing when that fails, because the backup jobs are answered all the same. */
  async function readCopies(): Promise<SortedRows<JobRecord>> {
    try {
      return await readOne(copyJobs, 'COPY');
    } catch (error) {
      if (checked.type === 'COPY') throw error;
      return { rows: [], keys: [], missing: requestFault(error) };
    }
  }

  async function readBoth(): Promise<SortedRows<JobRecord>> {
    await api.version();
    const [backup, copy] = await Promise.all([readOne(jobs, 'BACKUP'), readCopies()]);
    const { missing } = copy;
    return missing ? { ...backup, missing } : mergeRows(backup, copy, yieldToOthers);
  }

  const name = nameList('jobs', checked);
  return readCollectionPage({ listName: () => name, keyOf: jobKey, read: () => once(`jobs ${name}`, readBoth) }, args);
}
