import { amount, links, moment, type ApiVersion, type Body } from './format.js';
import { snapshotOf, type DemoSession, type DemoSnapshot, type DemoStatistics, type Ticks } from './history.js';
import type { DemoLogLine } from './sessionLog.js';

function v2Statistics(session: DemoSession, statistics: DemoStatistics, decimalComma: boolean): Body {
  const text = session.v2Text ?? {
    processingRate: `${amount(statistics.processingRateBytes)}/s (${statistics.processingRateItems} items/s)`,
    readRate: `${amount(statistics.readRateBytes)}/s`,
    writeRate: `${amount(statistics.writeRateBytes)}/s`,
    transferredData: amount(statistics.transferredBytes),
  };
  const localized: Body = {};
  for (const [name, value] of Object.entries(text)) localized[name] = decimalComma ? value.replace('.', ',') : value;
  return { ...localized, processedObjects: statistics.processedObjects, bottleneck: statistics.bottleneck };
}

/** Numbers; in lists of v8 as text, as some of its builds are said to mix both. */
function statisticsOf(statistics: DemoStatistics, asText: boolean): Body {
  const number = (value: number): number | string => (asText ? String(value) : value);
  return {
    processingRateBytesPS: number(statistics.processingRateBytes),
    processingRateItemsPS: number(statistics.processingRateItems),
    readRateBytesPS: number(statistics.readRateBytes),
    writeRateBytesPS: number(statistics.writeRateBytes),
    transferredDataBytes: number(statistics.transferredBytes),
    processedObjects: number(statistics.processedObjects),
    bottleneck: statistics.bottleneck,
  };
}

export type RenderOptions = Readonly<{ now: Ticks; isInList: boolean; decimalComma: boolean }>;

export function renderSession(version: ApiVersion, snapshot: DemoSnapshot, options: RenderOptions): Body {
  const { session, isRunning, progress, status, statistics } = snapshot;
  const { job } = session;
  const zone = version === 2 ? '-07:00' : 'Z';
  const path = `JobSessions/${session.id}`;
  const rate = `${amount(statistics.processingRateBytes)}/s (${statistics.processingRateItems} items/s)`;
  const transferred = `Transferred: ${amount(statistics.transferredBytes)} (${statistics.processedObjects} items) at ${rate}`;
  return {
    id: session.id,
    ...(version >= 8 && { jobId: job.id, eTag: changesOf(snapshot, options.now), proxyId: null, proxyPoolId: null }),
    ...(version >= 8 && { jobSessionConfigType: session.isFull ? 'Full' : 'Incremental' }),
    ...(version >= 7 && { repositoryId: job.repositoryId, mainSessionId: '00000000-0000-0000-0000-000000000000' }),
    ...(version >= 7 && { jobWillBeRetried: false, jobType: job.kind }),
    ...(version >= 6 && { details: isRunning ? '' : transferred, retryCount: 0 }),
    creationTime: moment(session.start, zone),
    // A running session has no end: v7 says null, the others leave it out.
    ...(isRunning ? version === 7 && { endTime: null } : { endTime: moment(session.end, zone) }),
    progress,
    status,
    statistics:
      version === 2
        ? v2Statistics(session, statistics, options.decimalComma)
        : statisticsOf(statistics, version === 8 && options.isInList),
    _links: links(version, {
      self: path,
      log: `${path}/${version <= 3 ? 'log' : 'LogItems'}`,
      job: `${job.kind === 'Copy' ? 'CopyJobs' : 'Jobs'}/${job.id}`,
    }),
  };
}

/** A number that grows whenever the session changes: with each second it runs, and once more when it has ended. */
function changesOf({ session, isRunning }: DemoSnapshot, now: Ticks): number {
  const until = isRunning ? now : session.end;
  return 40_000 + Number((until - session.start) / 10_000_000n) + (isRunning ? 0 : 1);
}

const titleWords = {
  Success: 'Success',
  Warning: 'Warning',
  Error: 'Failed',
  Running: 'Running',
  Stop: 'Stopped',
} as const;

export function renderLogLine(version: ApiVersion, session: DemoSession, line: DemoLogLine): Body {
  return {
    id: line.id,
    usn: line.usn,
    ...(version >= 8
      ? { type: line.type, message: line.message }
      : { title: `[${titleWords[line.type]}] ${line.message}` }),
    // Lines are at the server's own offset, even where sessions are in Z.
    creationTime: moment(line.start, '-07:00'),
    ...(line.end !== null && { endTime: moment(line.end, '-07:00') }),
    _links: links(version, {
      self: `JobSessions/${session.id}/LogItems/${line.id}`,
      jobsessions: `JobSessions/${session.id}`,
    }),
  };
}

export function renderProcessedObjects(session: DemoSession, users: readonly string[], now: Ticks): Body[] {
  const { progress } = snapshotOf(session, now);
  return Array.from({ length: progress }, (_, index) => ({
    id: `${users[index % users.length] ?? 'object'}${index < users.length ? '' : `/${Math.floor(index / users.length)}`}`,
    type: ['User', 'User', 'Site', 'User', 'Group', 'Team'][index % 6],
    status: session.outcome === 'Warning' && index % 7 === 2 ? 'Warning' : 'Success',
    _links: {},
  }));
}
