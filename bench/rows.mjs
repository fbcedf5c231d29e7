// The upstream's things, one by one, in the shapes of API v8 (and sessions of v4), as test/fixtures has them.
import { createHash } from 'node:crypto';

const JOBS = 20;
export const MINUTE_MS = 60_000;

/** The same id for the same name in every run. */
export function uuidOf(name) {
  const hex = createHash('sha256').update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** A moment with the seven digits that the server gives. */
function momentOf(timeMs, digits, zone = 'Z') {
  const text = new Date(timeMs).toISOString().slice(0, 19);
  return `${text}.${String(1_000_001 + ((digits * 7919) % 8_999_999))}${zone}`;
}

const organizationId = uuidOf('organization');
const repositoryId = uuidOf('repository');
export const jobIds = Array.from({ length: JOBS }, (_, index) => uuidOf(`job ${index}`));

const link = (path) => ({ href: `/v8/${path}` });

export function renderJob(id, index, nowMs) {
  return {
    id,
    name: `Backup job ${String(index + 1).padStart(2, '0')}`,
    description: '',
    isEnabled: true,
    backupType: index % 3 === 0 ? 'EntireOrganization' : 'SelectedItems',
    lastRun: momentOf(nowMs - (6 * 60 + index) * MINUTE_MS, index),
    nextRun: momentOf(nowMs + (6 * 60 + index) * MINUTE_MS, index),
    lastStatus: 'Success',
    lastBackup: momentOf(nowMs - 5 * 60 * MINUTE_MS, index),
    repositoryId,
    organizationId,
    eTag: 900 + index,
    schedulePolicy: {
      scheduleEnabled: true,
      backupWindowEnabled: false,
      type: 'Daily',
      dailyType: 'Everyday',
      dailyTime: '08:00:00',
      retryEnabled: true,
      retryNumber: 3,
      retryWaitInterval: 10,
      periodicallyWindowEnabled: false,
    },
    _links: {
      self: link(`Jobs/${id}`),
      organization: link(`Organizations/${organizationId}`),
      backupRepository: link(`BackupRepositories/${repositoryId}`),
      jobsessions: link(`JobSessions?jobId=${id}`),
      selectedItems: link(`Jobs/${id}/SelectedItems`),
      excludedItems: link(`Jobs/${id}/ExcludedItems`),
    },
  };
}

const statuses = ['Success', 'Success', 'Warning', 'Success', 'Failed', 'Stopped'];
const bottlenecks = ['Source', 'Target', 'Detecting', 'NA'];

/** The row at one place of a list, newest first: all began six hours ago or earlier, and ended hours ago. */
export function renderSession(id, index, place, startMs, isRunning) {
  const jobId = jobIds[index % JOBS];
  return {
    id,
    jobId,
    repositoryId,
    mainSessionId: '00000000-0000-0000-0000-000000000000',
    details: isRunning ? '' : `Transferred: 4.9 GB (${48_000 + index} items) at 2.0 MB/s (31 items/s)`,
    creationTime: momentOf(startMs, index),
    ...(!isRunning && { endTime: momentOf(startMs + (10 + (index % 80)) * MINUTE_MS, index + 1) }),
    retryCount: 0,
    jobWillBeRetried: false,
    progress: 20 + (place % 50),
    jobType: 'Backup',
    jobSessionConfigType: 'Incremental',
    status: isRunning ? 'Running' : statuses[index % statuses.length],
    statistics: {
      processingRateBytesPS: 2_086_512 + index,
      processingRateItemsPS: 31,
      readRateBytesPS: 6_120_044 + index,
      writeRateBytesPS: 3_911_207 + index,
      transferredDataBytes: 5_234_567_890 + index,
      processedObjects: 48_000 + index,
      bottleneck: bottlenecks[index % bottlenecks.length],
    },
    eTag: 41_590 + index,
    _links: { self: link(`JobSessions/${id}`), log: link(`JobSessions/${id}/LogItems`), job: link(`Jobs/${jobId}`) },
    proxyId: uuidOf('proxy'),
    proxyPoolId: null,
  };
}

const lineTypes = ['Success', 'Success', 'Success', 'Warning', 'Success', 'Error', 'Success', 'Stop'];

/** A log's oldest line first; lines are at the server's own offset, even where sessions are in Z. */
export function renderLogLine(sessionId, index, startMs) {
  const id = `${sessionId.slice(0, -4)}${(0x1000 + index).toString(16)}`;
  const localMs = startMs + index * 10_000 - 7 * 60 * MINUTE_MS;
  return {
    id,
    usn: index < 2 ? index + 1 : 998 + index,
    type: lineTypes[index % lineTypes.length],
    message: `Processing mailbox user${index}@example.com of ${sessionId.slice(0, 8)} completed`,
    creationTime: momentOf(localMs, index, '-07:00'),
    endTime: momentOf(localMs + 9_000, index, '-07:00'),
    _links: {
      self: link(`JobSessions/${sessionId}/LogItems/${id}`),
      jobsessions: link(`JobSessions/${sessionId}`),
    },
  };
}

const installedLink = (path) => ({ href: `https://backup.example.com:4443/v4/${path}` });

/** A session as v4 lists it: fewer fields, absolute links, and the job by its link alone. */
export function renderSessionV4(id, index, startMs) {
  const { creationTime, endTime, progress, status, statistics } = renderSession(id, index, index, startMs, false);
  return {
    id,
    creationTime,
    endTime,
    progress,
    status,
    statistics,
    _links: {
      self: installedLink(`jobsessions/${id}`),
      log: installedLink(`jobsessions/${id}/logitems`),
      job: installedLink(`jobs/${jobIds[index % JOBS]}`),
    },
  };
}
