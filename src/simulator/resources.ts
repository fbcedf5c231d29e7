import { snapshotOf, ticksOfMs, type DemoSession, type History, type Ticks } from './history.js';
import { jobs, organizations, proxies, repositories, type DemoJob, type DemoOrganization } from './landscape.js';
import {
  href,
  renderJob,
  renderLog,
  renderOrganization,
  renderProcessedObjects,
  renderProxy,
  renderRepository,
  renderSession,
  type ApiVersion,
} from './render.js';

/** What a resource answers: a status and a JSON body, an error by its message, or nothing of the kind. */
export type Answer =
  | Readonly<{ status: 200; body: unknown }>
  | Readonly<{ status: 400 | 404; message: string; errorCode?: string }>;

export type ResourceRequest = Readonly<{
  version: ApiVersion;
  /** The path below the version, in lower case: paths are taken in any case. */
  segments: readonly string[];
  /** By name in lower case, as names are taken in any case too. */
  query: ReadonlyMap<string, string>;
}>;

const DEFAULT_LIMIT = 30;
const MAX_LIMIT = 10_000;

const notFound = (what: string): Answer => ({ status: 404, message: `${what} with the specified ID was not found.`, errorCode: 'ResourceNotFound' });
const invalid = (message: string): Answer => ({ status: 400, message, errorCode: 'ParameterValidationFailure' });

/** `null` where the parameter is absent, `undefined` where it is none of what is taken. */
function numberIn(query: ReadonlyMap<string, string>, name: string): number | null | undefined {
  const text = query.get(name);
  if (text === undefined) return null;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** All of a list in a bare array, or one page of it, as the version has it for this list. */
function list(request: ResourceRequest, path: string, isPaged: boolean, rows: readonly unknown[]): Answer {
  if (!isPaged) return { status: 200, body: rows };
  const { version, query } = request;
  const offset = numberIn(query, 'offset') ?? 0;
  const asked = numberIn(query, 'limit');
  if (numberIn(query, 'offset') === undefined || asked === undefined || asked === 0) return invalid('offset and limit must be positive.');
  const limit = Math.min(asked ?? DEFAULT_LIMIT, MAX_LIMIT);
  const link = (at: number, linkVersion = version): { href: string } => ({ href: `${href(linkVersion, path)}?offset=${at}&limit=${limit}` });
  const hasNext = offset + limit < rows.length;
  return {
    status: 200,
    body: {
      offset,
      limit,
      ...(version === 6 && { totalCount: rows.length }),
      results: rows.slice(offset, offset + limit),
      _links: {
        self: link(offset),
        ...(offset > 0 && { first: link(0), prev: link(Math.max(0, offset - limit)) }),
        ...(hasNext && { next: link(offset + limit, version === 8 ? 7 : version) }), // a v8 server is seen to say v7
      },
    },
  };
}

export type Resources = Readonly<{ answer: (request: ResourceRequest) => Answer }>;

export function createResources(options: Readonly<{ history: History; nowMs: () => number; decimalComma: boolean }>): Resources {
  const { history, decimalComma } = options;
  const now = (): Ticks => ticksOfMs(options.nowMs());

  /** Copy jobs, and so their sessions, are there from v6 on. */
  const sessionsIn = (version: ApiVersion): DemoSession[] => history.sessions().filter(({ job }) => version >= 6 || job.kind === 'Backup');

  function stateOf(job: DemoJob): Parameters<typeof renderJob>[1] {
    const sessions = history.sessions().filter((session) => session.job.id === job.id);
    const [latest] = sessions;
    const lastGood = sessions.find(({ outcome, end }) => end <= now() && (outcome === 'Success' || outcome === 'Warning'));
    const every = BigInt(job.everyMinutes) * 600_000_000n;
    const next = ((now() - BigInt(job.offsetMinutes) * 600_000_000n) / every + 1n) * every + BigInt(job.offsetMinutes) * 600_000_000n;
    return { job, last: latest ? snapshotOf(latest, now()) : null, lastBackup: lastGood?.end ?? null, next: job.isEnabled ? next : null };
  }

  function stateOfOrganization(organization: DemoOrganization): Parameters<typeof renderOrganization>[1] {
    const ends = history
      .sessions()
      .filter(({ job, end, outcome }) => job.organizationId === organization.id && job.kind === 'Backup' && end <= now() && outcome !== 'Failed')
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
    if (jobId !== undefined) rows = rows.filter(({ job }) => job.id === jobId.toLowerCase());
    const status = version >= 8 ? query.get('status') : undefined;
    if (status !== undefined) {
      if (!['Stopped', 'Running', 'Succeeded', 'Failed', 'Warning'].includes(status)) return invalid(`status ${status} is not valid.`);
      const inBodies = status === 'Succeeded' ? 'Success' : status;
      rows = rows.filter((session) => snapshotOf(session, now()).status === inBodies);
    }
    // By their text both bounds are on the creation of a session, whatever their names say.
    const lower = version >= 6 ? query.get('endtimelowerbound') : undefined;
    if (lower !== undefined) rows = rows.filter(({ start }) => start >= ticksOfMs(Date.parse(lower)));
    const upper = version >= 7 ? query.get('endtimeupperbound') : undefined;
    if (upper !== undefined) rows = rows.filter(({ start }) => start <= ticksOfMs(Date.parse(upper) + 1));
    const bodies = rows.map((session) => render(version, session, true));
    return list(request, path, version >= 5, bodies);
  }

  function answerSessions(request: ResourceRequest): Answer {
    const { version, segments } = request;
    const [, id, part, lineId] = segments;
    if (id === undefined) return listSessions(request, 'JobSessions', sessionsIn(version));
    const session = sessionsIn(version).find((candidate) => candidate.id === id);
    if (!session) return notFound('Job session');
    const path = `JobSessions/${id}`;
    if (part === undefined) return { status: 200, body: render(version, session, false) };
    if (part === 'logitems') {
      let lines = renderLog(version, session, now());
      if (lineId !== undefined) {
        const line = lines.find((candidate) => candidate['id'] === lineId);
        return line ? { status: 200, body: line } : notFound('Log item');
      }
      if (version >= 8) {
        const type = request.query.get('type');
        if (type !== undefined) lines = lines.filter((line) => line['type'] === type);
        if (request.query.get('orderasc') === 'false') lines.reverse();
      }
      return list(request, `${path}/LogItems`, version >= 3, lines);
    }
    if (part === 'processedobjects' && version >= 7) {
      const users = organizations.find((organization) => organization.id === session.job.organizationId)?.users ?? [];
      return list(request, `${path}/ProcessedObjects`, true, renderProcessedObjects(session, users, now()));
    }
    return notFound('Resource'); // `/log`, among others: the link is dead
  }

  function answerJobs(request: ResourceRequest, kind: 'Backup' | 'Copy'): Answer {
    const { version, segments, query } = request;
    const [, id, part] = segments;
    const all = jobs.filter((job) => job.kind === kind);
    const path = kind === 'Backup' ? 'Jobs' : 'CopyJobs';
    if (id === undefined) {
      const organizationId = version >= 8 ? query.get('organizationid') : undefined;
      const repositoryId = version >= 8 || kind === 'Copy' ? query.get('repositoryid') : undefined;
      const rows = all.filter((job) => (organizationId ?? job.organizationId) === job.organizationId && (repositoryId ?? job.repositoryId) === job.repositoryId);
      return list(request, path, version >= 8, rows.map((job) => renderJob(version, stateOf(job))));
    }
    const job = all.find((candidate) => candidate.id === id);
    if (!job) return notFound('Job');
    if (part === undefined) return { status: 200, body: renderJob(version, stateOf(job)) };
    if (part === 'jobsessions' && version <= 6 && kind === 'Backup') {
      return listSessions(request, `Jobs/${id}/JobSessions`, sessionsIn(version).filter((session) => session.job.id === id));
    }
    return notFound('Resource');
  }

  function answerOrganizations(request: ResourceRequest): Answer {
    const { version, segments, query } = request;
    const [, id, part] = segments;
    const isExtended = version <= 5 || (query.get('extendedview') ?? String(version === 6)) === 'true';
    const bodyOf = (organization: DemoOrganization): unknown => renderOrganization(version, stateOfOrganization(organization), isExtended);
    if (id === undefined) return list(request, 'Organizations', version >= 8, organizations.map(bodyOf));
    const organization = organizations.find((candidate) => candidate.id === id);
    if (!organization) return notFound('Organization');
    if (part === undefined) return { status: 200, body: bodyOf(organization) };
    if (part !== 'jobs' || version >= 8) return notFound('Resource');
    const theirs = jobs.filter((job) => job.kind === 'Backup' && job.organizationId === id);
    return { status: 200, body: theirs.map((job) => renderJob(version, stateOf(job))) };
  }

  /** A list of things that have nothing below them, and its items. */
  function answerPlain<T extends { id: string }>(request: ResourceRequest, path: string, all: readonly T[], bodyOf: (thing: T) => unknown): Answer {
    const [, id, part] = request.segments;
    if (id === undefined) return list(request, path, request.version >= 8, all.map(bodyOf));
    const thing = all.find((candidate) => candidate.id === id);
    return thing && part === undefined ? { status: 200, body: bodyOf(thing) } : notFound('Resource');
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
          return version >= 6 ? answerJobs(request, 'Copy') : notFound('Resource');
        case 'organizations':
          return answerOrganizations(request);
        case 'backuprepositories':
          return answerPlain(request, 'BackupRepositories', repositories, (repository) => renderRepository(version, repository));
        case 'proxies': {
          const isExtended = (query.get('extendedview') ?? String(version <= 6)) === 'true';
          return answerPlain(request, 'Proxies', proxies, (proxy) => renderProxy(version, proxy, isExtended));
        }
        case 'serviceinstance':
          if (version < 6 || segments.length > 1) return notFound('Resource');
          return { status: 200, body: { installationId: '9b1d2c3e-4f50-4617-8a2b-3c4d5e6f7081', version: '8.0.2.159' } };
        default:
          return notFound('Resource');
      }
    },
  };
}
