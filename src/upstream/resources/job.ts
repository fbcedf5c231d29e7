import type { Job, JobFilter, SchedulePolicy } from '../../graph/generated.js';
import type { Reader } from '../raw.js';
import type { Field, Fields } from '../errors.js';
import type { ItemResource } from '../resource.js';
import { linksToRepository } from './backupRepository.js';
import { sessionStatuses } from './jobSession.js';

export type SchedulePolicyRecord = Fields<Omit<SchedulePolicy, '__typename'>>;

type Relation = 'organization' | 'repository' | 'sourceJob' | 'sessions' | 'latestSession';

export type JobRecord = Fields<Omit<Job, '__typename' | 'id' | 'type' | 'schedulePolicy' | Relation>> & {
  readonly id: string;
  readonly type: 'BACKUP' | 'COPY';
  readonly schedulePolicy: Field<SchedulePolicyRecord | null>;
  readonly organizationId: Field<string | null>;
  readonly repositoryId: Field<string | null>;
  readonly sourceJobId: Field<string | null>;
};

const scheduleTypes = {
  daily: 'DAILY',
  dailyattime: 'DAILY', // a copy job's word for it
  periodically: 'PERIODICALLY',
  manualonly: 'MANUAL_ONLY',
  immediate: 'IMMEDIATE',
} as const;

/** `Minutes5`, `Hours12`, … in minutes. */
function periodMinutes(read: Reader): Field<number | null> {
  const period = read.text('periodicallyEvery');
  if (typeof period !== 'string') return period;
  const match = /^(minutes|hours)(\d{1,4})$/i.exec(period);
  return match ? Number(match[2]) * (match[1]?.toLowerCase() === 'hours' ? 60 : 1) : null;
}

function normalizeSchedule(read: Reader): SchedulePolicyRecord {
  return {
    type: read.oneOf('type', scheduleTypes),
    dailyType: read.text('dailyType'),
    dailyTime: read.text('dailyTime'),
    periodMinutes: periodMinutes(read),
    retryEnabled: read.flag('retryEnabled'),
    retryNumber: read.int32('retryNumber'),
    retryWaitMinutes: read.int32('retryWaitInterval'),
    backupWindowEnabled: read.flag('backupWindowEnabled') ?? read.flag('backupCopyWindowEnabled'), // a copy job's word
  };
}

function normalize(type: 'BACKUP' | 'COPY'): (read: Reader) => JobRecord {
  return (read) => {
    const schedule = read.object('schedulePolicy');
    return {
      id: read.id(),
      type,
      name: read.text('name'),
      description: read.text('description'),
      backupType: read.oneOf('backupType', {
        entireorganization: 'ENTIRE_ORGANIZATION',
        selecteditems: 'SELECTED_ITEMS',
      }),
      isEnabled: read.flag('isEnabled'),
      schedulePolicy: schedule === null || schedule instanceof Error ? schedule : normalizeSchedule(schedule),
      lastRun: read.moment('lastRun'),
      nextRun: read.moment('nextRun'),
      lastBackup: read.moment('lastBackup'),
      lastStatus: read.oneOf('lastStatus', sessionStatuses),
      organizationId: read.idOrLink('organizationId', 'organization', 'organizations'), // a link before v8
      repositoryId: read.idOrLink('repositoryId', ...linksToRepository), // a link before v6
      sourceJobId: type === 'COPY' ? read.idOrLink('backupJobId', 'backupJob', 'backupJobs') : null,
    };
  };
}

export const jobs: ItemResource<'job', JobRecord> = {
  name: 'job',
  path: 'Jobs',
  batch: 'collection',
  whole: () => ({}),
  normalize: normalize('BACKUP'),
};

export const copyJobs: ItemResource<'copyJob', JobRecord> = {
  name: 'copyJob',
  path: 'CopyJobs',
  batch: 'collection',
  whole: () => ({}),
  normalize: normalize('COPY'),
};

function matchesValue<Value extends string | boolean>(
  wanted: Value | null | undefined,
  actual: Field<Value | null>,
): Field<boolean> {
  if (wanted === null || wanted === undefined) return true;
  return actual instanceof Error ? actual : actual === wanted;
}

/**
 * Whether a job is one of those that the filter asks for; or the fault of a field that would tell. Its organization's id is
 * given apart, as a copy job's may be its source's.
 */
export function matchesJob(filter: JobFilter, job: JobRecord, organizationId: Field<string | null>): Field<boolean> {
  let verdict = matchesValue(filter.organizationId, organizationId);
  if (verdict === true) verdict = matchesValue(filter.repositoryId, job.repositoryId);
  if (verdict === true) verdict = matchesValue(filter.type, job.type);
  if (verdict === true) verdict = matchesValue(filter.isEnabled, job.isEnabled);
  return verdict;
}
