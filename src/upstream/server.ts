import type { Span } from '../trace.js';
import type { Answer } from './answer.js';
import { createAttempt, versionIn } from './attempt.js';
import { createBreaker, type BreakerLog, type BreakerState } from './breaker.js';
import { createClient, type ClientOptions, type UpstreamRequest } from './client.js';
import { createCosts } from './costs.js';
import { UpstreamError, type About, type Fault, type UpstreamErrorDetails } from './errors.js';
import { createGate } from './gate.js';
import { createHealth } from './health.js';
import { keepLookout } from './lookout.js';
import { createNotice } from './notice.js';
import { beginOperation, untilEnded, type BodyMemory, type NoToken, type Operation } from './operation.js';
import type { Notice } from './resource.js';
import { withRetries } from './retry.js';
import { createSharing, type Flown, type Sharing, type SharingOptions, type SharingPartners } from './sharing.js';
import { getNoted, getShared } from './sharedGet.js';
import { conditionAfter, type ServerState } from './state.js';
import { createVersionFinder, type VersionLog } from './versions/index.js';
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
    /** How long nobody may have been answered until the server is asked for a sign of life; 0 for ever. */
    probeMs: number;
    /** Whether operations take note of what each of their requests took. */
    upstreamExtension: boolean;
  }>;

/** How many of the longest bodies there may be in memory at once. */
const BODIES_IN_MEMORY = 3;

/** A server that takes longer to say that it needs a token is not there. */
export const PROBE_TIMEOUT_MS = 5000;
const PING_TIMEOUT_MS = 2000;

/** Who asks, and under which id. */
export type Caller = Readonly<{ requestId: string; token: string | NoToken; span?: Span | null }>;

/** What goes on at this moment. */
export type UpstreamFigures = Readonly<{
  inFlight: number;
  waiting: number;
  breaker: BreakerState;
  /** See `Connector`. */
  certificateEndsMs: number | null;
  sharing: ReturnType<Sharing['size']>;
}>;

/** The one server, and what is shared by all who ask it: no token, no answer. */
export type UpstreamServer = Readonly<{
  /** `maxRequests`, where it is another than the one that is set. */
  begin: (caller: Caller & Readonly<{ maxRequests?: number }>) => Operation;
  /** The JSON at a path, for an operation, or why there is none as an `UpstreamError`. */
  get: (operation: Operation, request: Omit<UpstreamRequest, 'owner'>) => Promise<unknown>;
  version: (operation: Operation) => Promise<Version>;
  /** See `VersionFinder`. */
  forgetVersion: (trouble: UpstreamErrorDetails) => void;
  doubtVersion: () => void;
  state: () => ServerState;
  figures: () => UpstreamFigures;
  /** Begins to look whether the server is there, whoever asks; ends with `close`. */
  keepLookout: () => void;
  notice: Notice;
  scanLimitRows: number;
  maxRequests: number;
  operationTimeoutMs: number;
  close: () => void;
}>;

export function createUpstreamServer(
  options: UpstreamOptions,
  log: UpstreamLog,
  partners: SharingPartners = {},
): UpstreamServer {
  const { observer } = partners;
  const client = createClient(options);
  const gate = createGate({
    maxInFlight: options.maxInFlight,
    maxPerOperation: options.maxConcurrency,
    maxWaiting: options.maxWaiting,
  });
  const sharing = createSharing(options.sharing, partners);
  const bodyMemory: BodyMemory = { heldBytes: 0, maxBytes: BODIES_IN_MEMORY * options.maxBodyBytes };

  const health = createHealth();
  let heardAtMs = -Infinity;
  let endLookout = (): void => undefined;

  /** Any answer is a sign of life. */
  async function exchange(request: UpstreamRequest): Promise<Answer> {
    const answer = await client.exchange(request);
    heardAtMs = performance.now();
    return answer;
  }

  /** An exchange without a token: for the gateway itself, not for a caller. */
  async function ask(request: Omit<UpstreamRequest, 'token'>): Promise<Answer> {
    const startMs = performance.now();
    const { about, path } = request;
    const tell = (outcome: Fault | 'ok'): void =>
      observer?.asked(about.resource, versionIn(path), outcome, performance.now() - startMs);
    try {
      const answer = await exchange({ ...request, token: null });
      if (answer.status < 500) health.pinged();
      tell('ok');
      return answer;
    } catch (error) {
      if (error instanceof UpstreamError) tell(error.details.fault);
      throw error;
    }
  }

  const aboutPing: About = { resource: 'server' };
  const ping = (): Promise<Answer> => {
    const path = 'v8/ServiceInstance'; // any answer is a sign of life, 404 as well
    return ask({ path, query: {}, headers: {}, about: aboutPing, timeoutMs: PING_TIMEOUT_MS });
  };
  const breaker = createBreaker(() => {
    client.closeIdle();
    return ping();
  }, log);

  const versions = createVersionFinder(
    (request) => breaker.run(request.about, () => ask({ ...request, timeoutMs: PROBE_TIMEOUT_MS })),
    options.apiVersion,
    log,
  );

  const attemptOnce = createAttempt({
    gate,
    admit: breaker.run,
    exchange,
    observer,
    health,
    log,
  });

  /** What the search for a version found, and how the requests of callers came out since. */
  function readState(): ServerState {
    const found = versions.state();
    const trouble = health.lastTrouble();
    if (found.state !== 'ready' || trouble === null) return found;
    const state = health.isFailing() ? conditionAfter(trouble) : found.state;
    return { ...found, state, lastFault: trouble.fault };
  }

  /** A sign of life: of the version that is spoken where there is one, else of any that can be. */
  async function look(): Promise<void> {
    const isKnown = versions.state().apiVersion !== null;
    await versions.current();
    if (!isKnown) return;
    try {
      await breaker.run(aboutPing, ping);
    } catch (error) {
      if (error instanceof UpstreamError) versions.forget(error.details);
      throw error;
    }
  }

  return {
    begin: (caller) =>
      beginOperation({
        maxRequests: options.maxRequests,
        ...caller,
        timeoutMs: options.operationTimeoutMs,
        costs: options.upstreamExtension ? createCosts() : null,
        bodyMemory,
        share: sharing.join(typeof caller.token === 'string' ? caller.token : null),
      }),
    get: (operation, request) => {
      operation.spend(request.about);
      const send = (): Promise<Flown> =>
        withRetries(operation, request.about, (attempt) =>
          attemptOnce(operation, { ...request, owner: operation }, attempt),
        );
      const { costs } = operation;
      return costs ? getNoted(operation, request, costs, send) : getShared(operation, request, send);
    },
    version: async (operation) => {
      const about = { resource: 'version' };
      const find = (): Promise<Version> =>
        withRetries(operation, about, () => untilEnded(operation, versions.current(), about));
      if (operation.span === null || versions.state().apiVersion !== null) return find();
      const span = operation.span.start('find the API version', 'internal', {});
      return find().finally(() => {
        span.end();
      });
    },
    forgetVersion: versions.forget,
    doubtVersion: versions.doubt,
    state: readState,
    figures: () => ({
      ...gate.figures(),
      breaker: breaker.state(),
      certificateEndsMs: client.certificateEndsMs(),
      sharing: sharing.size(),
    }),
    keepLookout: () => {
      if (options.probeMs === 0) return;
      endLookout = keepLookout(
        { look, condition: () => readState().state, heardAtMs: () => heardAtMs, log },
        options.probeMs,
      );
    },
    notice: createNotice(log),
    scanLimitRows: options.scanLimitRows,
    maxRequests: options.maxRequests,
    operationTimeoutMs: options.operationTimeoutMs,
    close: () => {
      endLookout();
      client.close();
    },
  };
}
