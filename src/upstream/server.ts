import { readAnyJson } from './answer.js';
import { createBreaker, type BreakerLog } from './breaker.js';
import { createClient, type ClientOptions, type UpstreamRequest } from './client.js';
import { UpstreamError, type About } from './errors.js';
import { createGate } from './gate.js';
import { createNotice } from './notice.js';
import { beginOperation, untilEnded, type BodyMemory, type NoToken, type Operation } from './operation.js';
import type { Notice } from './resource.js';
import { withRetries } from './retry.js';
import { createSharing, type Flown, type Sharing, type SharingOptions } from './sharing.js';
import { getShared } from './sharedGet.js';
import { createVersionFinder, type ServerState, type VersionLog } from './versions/index.js';
import type { Version } from './versions/version.js';

export type UpstreamLog = VersionLog &
  BreakerLog &
  Readonly<{ debug: (fields: Record<string, unknown>, message: string) => void }>;

export type UpstreamOptions = ClientOptions &
  Readonly<{
    /** `auto`, or the name of one version. */
    apiVersion: string;
    operationTimeoutMs: number;
    maxRequests: number;
    /** In flight at once, for one operation and for all. */
    maxConcurrency: number;
    maxInFlight: number;
    maxWaiting: number;
    scanLimitRows: number;
    sharing: SharingOptions;
  }>;

/** How many of the longest bodies there may be in memory at once. */
const BODIES_IN_MEMORY = 3;

/** A server that takes longer to say that it needs a token is not there. */
export const PROBE_TIMEOUT_MS = 5000;
const PING_TIMEOUT_MS = 2000;

/** Who asks, and under which id. */
export type Caller = Readonly<{ requestId: string; token: string | NoToken }>;

/** The one server, and what is shared by all who ask it: no token, no answer. */
export type UpstreamServer = Readonly<{
  /** `maxRequests`, where it is another than the one that is set. */
  begin: (caller: Caller & Readonly<{ maxRequests?: number }>) => Operation;
  /** The JSON at a path, for an operation, or why there is none as an `UpstreamError`. */
  get: (operation: Operation, request: Omit<UpstreamRequest, 'owner'>) => Promise<unknown>;
  version: (operation: Operation) => Promise<Version>;
  /** See `VersionFinder`. */
  forgetVersion: (fault: 'unavailable' | 'notFound') => void;
  doubtVersion: () => void;
  state: () => ServerState;
  /** How much is kept for operations to come. */
  shared: Sharing['size'];
  notice: Notice;
  scanLimitRows: number;
  maxRequests: number;
  operationTimeoutMs: number;
  close: () => void;
}>;

export function createUpstreamServer(options: UpstreamOptions, log: UpstreamLog): UpstreamServer {
  const client = createClient(options);
  const gate = createGate({
    maxInFlight: options.maxInFlight,
    maxPerOperation: options.maxConcurrency,
    maxWaiting: options.maxWaiting,
  });
  const sharing = createSharing(options.sharing);
  const bodyMemory: BodyMemory = { heldBytes: 0, maxBytes: BODIES_IN_MEMORY * options.maxBodyBytes };

  const aboutPing: About = { resource: 'server' };
  const breaker = createBreaker(() => {
    client.closeIdle();
    const path = 'v8/ServiceInstance'; // any answer is a sign of life, 404 as well
    return client.exchange({ path, query: {}, headers: {}, token: null, about: aboutPing, timeoutMs: PING_TIMEOUT_MS });
  }, log);

  const versions = createVersionFinder(
    (request) =>
      breaker.run(request.about, async () => client.exchange({ ...request, token: null, timeoutMs: PROBE_TIMEOUT_MS })),
    options.apiVersion,
    log,
  );

  /** One attempt, as one line of the log. */
  async function attemptOnce(operation: Operation, request: UpstreamRequest, attempt: number): Promise<Flown> {
    const { about } = request;
    const leave = await gate.enter(operation, about);
    const startMs = performance.now();
    const tell = (outcome: Record<string, unknown>): void => {
      const ms = Math.round(performance.now() - startMs);
      log.debug({ requestId: operation.requestId, ...about, attempt, ms, ...outcome }, 'asked the backup server');
    };
    try {
      const answer = await breaker.run(about, () => client.exchange(request));
      const json = await readAnyJson(answer, about, () => operation.breathe(about));
      const bytes = answer.body.length;
      tell({ status: answer.status, bytes });
      return { json, bytes };
    } catch (error) {
      if (error instanceof UpstreamError) tell(error.details);
      throw error;
    } finally {
      leave();
    }
  }

  return {
    begin: (caller) =>
      beginOperation({
        maxRequests: options.maxRequests,
        ...caller,
        timeoutMs: options.operationTimeoutMs,
        bodyMemory,
        share: sharing.join(typeof caller.token === 'string' ? caller.token : null),
      }),
    get: (operation, request) => {
      operation.spend(request.about);
      return getShared(operation, request, () =>
        withRetries(operation, request.about, (attempt) =>
          attemptOnce(operation, { ...request, owner: operation }, attempt),
        ),
      );
    },
    version: (operation) => {
      const about = { resource: 'version' };
      return withRetries(operation, about, () => untilEnded(operation, versions.current(), about));
    },
    forgetVersion: versions.forget,
    doubtVersion: versions.doubt,
    state: versions.state,
    shared: sharing.size,
    notice: createNotice(log),
    scanLimitRows: options.scanLimitRows,
    maxRequests: options.maxRequests,
    operationTimeoutMs: options.operationTimeoutMs,
    close: client.close,
  };
}
