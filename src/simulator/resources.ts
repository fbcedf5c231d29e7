import type { ApiVersion } from './format.js';
import { snapshotOf, ticksOfMs, type DemoSession, type History, type Ticks } from './history.js';
import { jobs, organizations, proxies, repositories, type DemoJob, type DemoOrganization } from './landscape.js';
import {
  invalid,
  isTrue,
  isUuid,
  list,
  momentIn,
  notFound,
  noRoute,
  type Answer,
  type ResourceRequest,
} from './listing.js';
import { renderJob, renderOrganization, renderProxy, renderRepository } from './renderInventory.js';
import { renderLogLine, renderProcessedObjects, renderSession } from './renderSession.js';
import { logOf, type DemoLog } from './sessionLog.js';

export type Resources = Readonly<{ answer: (request: ResourceRequest) => Answer }>;

export function createResources(
  options: Readonly<{ history: History; nowMs: () => number; decimalComma: boolean }>,
): Resources {
  const { history, decimalComma } = options;
  const now = (): Ticks => ticksOfMs(options.nowMs());

  /** Copy jobs, and so their sessions, are there from v6 on. */
  const sessionsIn = (version: ApiVersion): DemoSession[] =>
    history.sessions().filter(({ job }) => version >= 6 || job.kind === 'Backup');

  function stateOf(job: DemoJob): Parameters<typeof renderJob>[1] {
    const sessions = history.sessions().filter((session) => session.job.id === job.id);
    const [latest] = sessions;
    const lastGood = sessions.find(
      ({ outcome, end }) => end <= now() && (outcome === 'Success' || outcome === 'Warning'),
    );
    const every = BigInt(job.everyMinutes) * 600_000_000n;
    const next =
      ((now() - BigInt(job.offsetMinutes) * 600_000_000n) / every + 1n) * every +
      BigInt(job.offsetMinutes) * 600_000_000n;
    return {
      job,
      last: latest ? snapshotOf(latest, now()) : null,
      lastBackup: lastGood?.end ?? null,
      next: job.isEnabled ? next : null,
    };
  }

  function stateOfOrganization(organization: DemoOrganization): Parameters<typeof renderOrganization>[1] {
    const ends = history
      .sessions()
      .filter(
        ({ job, end, outcome }) =>
          job.organizationId === organization.id && job.kind === 'Backup' && end <= now() && outcome !== 'Failed',
      )
      .map(({ end }) => end);
    return { organization, first: ends.at(-1) ?? null, last: ends[0] ?? null };
  }

  const render = (version: ApiVersion, session: DemoSession, isInList: boolean): unknown =>
    renderSession(version, snapshotOf(session, now()), { now: now(), isInList, decimalComma });

  function listSessions(request: ResourceRequest, path: string, all: readonly DemoSession[]): Answer {
    const { version, query } = request;
    let rows = [...all];
    if (version <= 4) {
      // Whether these versions take paging is not documented, so whoever sends it relies on nothing.
      if (query.has('offset') || query.has('limit')) return invalid('Unknown query parameter.');
      rows.reverse(); // no order is promised
    }
    const jobType = version >= 6 ? query.get('jobtype') : undefined;
    if (jobType !== undefined) {
      if (jobType !== 'Backup' && jobType !== 'Copy') return invalid(`jobType ${jobType} is not valid.`);
      rows = rows.filter(({ job }) => job.kind === jobType);
    }
    const jobId = version >= 7 ? query.get('jobid') : undefined;
    if (jobId !== undefined && !isUuid(jobId)) return invalid('jobId is not valid.');
    if (jobId !== undefined) rows = rows.filter(({ job }) => job.id === jobId.toLowerCase());
    const status = version >= 8 ? query.get('status') : undefined;
    if (status !== undefined) {
      if (!['Stopped', 'Running', 'Succeeded', 'Failed', 'Warning'].includes(status))
        return invalid(`status ${status} is not valid.`);
      const inBodies = status === 'Succeeded' ? 'Success' : status;
      rows = rows.filter((session) => snapshotOf(session, now()).status === inBodies);
    }
    // By their text both bounds are on the creation of a session, whatever their names say.
    const lower = version >= 6 ? momentIn(query, 'endtimelowerbound') : null;
    const upper = version >= 7 ? momentIn(query, 'endtimeupperbound') : null;
    if (lower === undefined || upper === undefined) return invalid('The date is not valid.');
    if (lower !== null) rows = rows.filter(({ start }) => start >= lower);
    if (upper !== null) rows = rows.filter(({ start }) => start <= upper);
    return list(request, path, version >= 5, rows, (session) => render(version, session, true));
  }

  function answerSessions(request: ResourceRequest): Answer {
    const { version, segments } = request;
    const [, id, part, lineId, ...more] = segments;
    if (more.length > 0) return noRoute;
    if (id === undefined) return listSessions(request, 'JobSessions', sessionsIn(version));
    const session = sessionsIn(version).find((candidate) => candidate.id === id);
    if (!session) return notFound('Job session');
    const path = `JobSessions/${id}`;
    if (part === undefined) return { status: 200, body: render(version, session, false) };
    if (part === 'logitems') {
      let lines: DemoLog = logOf(session, now());
      if (lineId !== undefined) {
        const line = lines.slice().find((candidate) => candidate.id === lineId);
        return line ? { status: 200, body: renderLogLine(version, session, line) } : notFound('Log item');
      }
      if (version >= 8) {
        const type = request.query.get('type');
        if (type !== undefined && !['Running', 'Warning', 'Error', 'Success', 'Stop'].includes(type))
          return invalid(`type ${type} is not valid.`);
        if (type !== undefined) lines = lines.slice().filter((line) => line.type === type);
        if (!isTrue(request.query.get('orderasc'), true)) lines = lines.slice().toReversed();
      }
      return list(request, `${path}/LogItems`, version >= 3, lines, (line) => renderLogLine(version, session, line));
    }
    if (part === 'processedobjects' && version >= 7 && lineId === undefined) {
      const users = organizations.find((organization) => organization.id === session.job.organizationId)?.users ?? [];
      return list(
        request,
        `${path}/ProcessedObjects`,
        true,
        renderProcessedObjects(session, users, now()),
        (object) => object,
      );
    }
    return noRoute; // `/log`, among others: the link is dead
  }

  function answerJobs(request: ResourceRequest, kind: 'Backup' | 'Copy'): Answer {
    const { version, segments, query } = request;
    const [, id, part, ...more] = segments;
    if (more.length > 0) return noRoute;
    const all = jobs.filter((job) => job.kind === kind);
    const path = kind === 'Backup' ? 'Jobs' : 'CopyJobs';
    if (id === undefined) {
      const organizationId = version >= 8 ? query.get('organizationid')?.toLowerCase() : undefined;
      const repositoryId = version >= 8 || kind === 'Copy' ? query.get('repositoryid')?.toLowerCase() : undefined;
      const rows = all.filter(
        (job) =>
          (organizationId ?? job.organizationId) === job.organizationId &&
          (repositoryId ?? job.repositoryId) === job.repositoryId,
      );
      return list(request, path, version >= 8, rows, (row) => renderJob(version, stateOf(row)));
    }
    const job = all.find((candidate) => candidate.id === id);
    if (!job) return notFound('Job');
    if (part === undefined) return { status: 200, body: renderJob(version, stateOf(job)) };
    if (part === 'backupjob' && kind === 'Copy') {
      const source = jobs.find((candidate) => candidate.id === job.backupJobId);
      return source ? { status: 200, body: renderJob(version, stateOf(source)) } : notFound('Job');
    }
    if (part === 'jobsessions' && version <= 6 && kind === 'Backup') {
      return listSessions(
        request,
        `Jobs/${id}/JobSessions`,
        sessionsIn(version).filter((session) => session.job.id === id),
      );
    }
    return noRoute;
  }

  function answerOrganizations(request: ResourceRequest): Answer {
    const { version, segments, query } = request;
    const [, id, part] = segments;
    const isExtended = version <= 5 || isTrue(query.get('extendedview'), version === 6);
    const bodyOf = (organization: DemoOrganization): unknown =>
      renderOrganization(version, stateOfOrganization(organization), isExtended);
    if (id === undefined) return list(request, 'Organizations', version >= 8, organizations, bodyOf);
    const organization = organizations.find((candidate) => candidate.id === id);
    if (!organization) return notFound('Organization');
    if (part === undefined) return { status: 200, body: bodyOf(organization) };
    if (part !== 'jobs' || version >= 8) return noRoute;
    const theirs = jobs.filter((job) => job.kind === 'Backup' && job.organizationId === id);
    return { status: 200, body: theirs.map((job) => renderJob(version, stateOf(job))) };
  }

  /** A list of things that have nothing below them, and its items. */
  function answerPlain<T extends { id: string }>(
    request: ResourceRequest,
    path: string,
    all: readonly T[],
    bodyOf: (thing: T) => unknown,
  ): Answer {
    const [, id, part] = request.segments;
    if (id === undefined) return list(request, path, request.version >= 8, all, bodyOf);
    const thing = all.find((candidate) => candidate.id === id);
    return thing && part === undefined ? { status: 200, body: bodyOf(thing) } : noRoute;
  }

  function answerRepositories(request: ResourceRequest, path: string, proxyId: string | undefined): Answer {
    const all = repositories.filter((repository) => (proxyId ?? repository.proxyId) === repository.proxyId);
    return answerPlain(request, path, all, (repository) => renderRepository(request.version, repository));
  }

  return {
    answer: (request) => {
      const { version, segments, query } = request;
      switch (segments[0]) {
        case 'jobsessions':
          return answerSessions(request);
        case 'jobs':
          return answerJobs(request, 'Backup');
        case 'copyjobs':
          return version >= 6 ? answerJobs(request, 'Copy') : noRoute;
        case 'organizations':
          return answerOrganizations(request);
        case 'backuprepositories': {
          const proxyId = version >= 4 ? query.get('proxyid')?.toLowerCase() : undefined;
          return answerRepositories(request, 'BackupRepositories', proxyId);
        }
        case 'proxies': {
          const [, id, part] = segments;
          if (part === 'repositories')
            return answerRepositories({ ...request, segments: [] }, `Proxies/${id ?? ''}/Repositories`, id);
          const isExtended = isTrue(query.get('extendedview'), version <= 6);
          return answerPlain(request, 'Proxies', proxies, (proxy) => renderProxy(version, proxy, isExtended));
        }
        case 'serviceinstance':
          if (segments.length > 1) return noRoute;
          return {
            status: 200,
            body: { installationId: '9b1d2c3e-4f50-4617-8a2b-3c4d5e6f7081', version: '8.0.2.159' },
          };
        default:
          return noRoute;
      }
    },
  };
}
