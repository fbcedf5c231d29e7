import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import { logPath } from '../graph/log.js';
import { createPersistedQueries } from '../graph/persistedQueries.js';
import { createGraph, type GraphOptions } from '../graph/server.js';
import { createTrustedDocuments } from '../graph/trustedDocuments.js';
import type { Tracer } from '../trace.js';
import type { UpstreamServer } from '../upstream/server.js';
import { createAnswerBudget } from './answerBudget.js';
import { keepApart, tagAnswers } from './caching.js';
import { compressAnswers } from './compression.js';
import { allowOrigins, type OriginOptions } from './crossOrigin.js';
import { answerErrors } from './errorAnswers.js';
import { addExplorer, type ExplorerOptions } from './explorer.js';
import { redirectToExplorer } from './explorerRedirect.js';
import { createGraphqlRoute } from './graphqlRoute.js';
import { intake, problemWithHeaders, refusal, refuseMalformed, requestIdOf, takeJson } from './intake.js';
import { keepIdle } from './idleConnections.js';
import { createLogRoute } from './logRoute.js';
import { createOtherMethods } from './otherMethods.js';
import { createOpenOperations, maxOpenFor } from './openOperations.js';
import { boundPipelining, pipeliningLimits } from './pipelining.js';
import { addProbes, type Readiness } from './probes.js';
import { createRateLog } from './rateLog.js';
import { limitRates, type RateLimitOptions } from './rateLimit.js';
import { createReport, type DoorObserver } from './report.js';
import { createBodyBudget } from './requestBody.js';
import { createRequestTracing } from './traceRequests.js';
import { watchUnread, type Unread } from './unread.js';

/** How long a caller may read nothing of its answer. Node looks whether any of it was taken. */
const MAX_STALL_MS = 5000;

/** How much longer than an operation a connection may be silent while nothing is sent on it. */
const SILENCE_MS = 20_000;

/** Proxies and browsers add a slash. */
const graphqlPaths = ['/graphql', '/graphql/'];

export type AppOptions = GraphOptions &
  Pick<RateLimitOptions, 'rateLimits' | 'store'> &
  Omit<OriginOptions, 'log'> &
  Readonly<{
    server: UpstreamServer;
    maxConnections: number;
    /** Maximum of one response of the backup server, in bytes. */
    maxBodyBytes: number;
    /** Whose `X-Forwarded-For` is believed. */
    trustedProxies: readonly string[];
    /** What `GET /` shows; null for nothing. */
    explorer: ExplorerOptions | null;
    /** Who is told of operations. */
    observer?: DoorObserver | undefined;
    /** Who makes traces; null or absent for none. */
    tracer?: Tracer | null | undefined;
  }>;

export type App = Readonly<{
  http: FastifyInstance;
  /** From now on `/readyz` is red, so that a load balancer sends no more, and each answer is the last of its connection. */
  drain: () => void;
  /** Answers what is still open, with typed errors for what is not known yet. */
  cancelAll: () => void;
  /** Requests that come in from now on wait until what it gives is called. */
  hold: () => () => void;
  /** How many connections were made so far. */
  connectionCount: () => number;
  /** What goes on at this moment. */
  figures: () => Readonly<{ operations: number; connections: number; closedIdle: number; abandoned: number }>;
  /** What `/readyz` answers. */
  readiness: () => Readiness;
  unread: Unread;
  /** Takes no more connections, and is done when what came in on open ones was answered. */
  close: () => Promise<void>;
}>;

/** The gateway's HTTP server, ready to listen. */
export async function createApp(options: AppOptions): Promise<App> {
  const { server, log, observer, store = null, tracer = null } = options;
  // Where documents are trusted, requests come with their text in place of an id, and nothing is to be learned from callers.
  const persistedQueries = options.trustedDocuments ? null : createPersistedQueries();
  const graph = await createGraph(options, persistedQueries);
  await graph.start();
  let isDraining = false;
  let held = Promise.resolve();
  let connectionCount = 0;

  const loggerInstance: FastifyBaseLogger = log;
  const http = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger, // saves a logger for each request: the gateway's own lines name the request themselves
    bodyLimit: intake.maxRequestBytes,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    requestIdHeader: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    http: {
      maxHeaderSize: intake.maxHeadBytes,
      headersTimeout: intake.headersTimeoutMs,
      connectionsCheckingInterval: intake.checkEveryMs,
    },
    requestTimeout: intake.requestTimeoutMs,
    connectionTimeout: server.operationTimeoutMs + SILENCE_MS,
    return503OnClosing: false, // what comes in on an open connection is answered as ever, and closes it
    clientErrorHandler: (error, socket) => {
      // A request is late because the gateway reads no more, until it has answered earlier ones.
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && pipelining.excusesLateRequest(socket)) return;
      refuseMalformed(error, socket);
    },
    frameworkErrors: (error, request, reply) => {
      keepApart(reply);
      void (reply as FastifyReply)
        .status(400)
        .header('x-request-id', request.id)
        .send(refusal(error.message, 'BAD_REQUEST', request.id));
    },
  });
  http.server.maxConnections = options.maxConnections;
  http.server.on('connection', () => {
    connectionCount += 1;
  });
  http.server.on('drop', () => {
    observer?.refused('connections');
  });
  const tracing = createRequestTracing(tracer);
  const counts = keepIdle(http.server);
  const unread = watchUnread(http.server);
  const pipelining = boundPipelining(http.server, {
    ...pipeliningLimits,
    onClosed: () => observer?.refused('pipelining'),
  });
  const operations = createOpenOperations(maxOpenFor(options.maxConnections));
  const answers = createAnswerBudget(options.maxBodyBytes);
  takeJson(http, createBodyBudget(), pipelining);
  await compressAnswers(http);

  const answerOtherMethod = createOtherMethods(http);
  http.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    if (answerOtherMethod(request, reply)) return;
    const problem = request.method === 'POST' ? problemWithHeaders(request) : null; // bodies of others are not read
    const go = (): void => {
      done(problem === null ? undefined : Object.assign(new Error(problem), { statusCode: 415 }));
    };
    if (isDraining) void held.then(go);
    else go();
  });

  http.addHook('onSend', (_, reply, payload, done) => {
    keepApart(reply);
    if (isDraining) void reply.header('connection', 'close');
    reply.raw.socket?.setTimeout(MAX_STALL_MS);
    done(null, payload);
  });

  answerErrors(http, { log, observer, spanOf: tracing.spanOf });

  const trusted = options.trustedDocuments && createTrustedDocuments(options.trustedDocuments);
  const tellOfRate = createRateLog(log);
  const { spanOf } = tracing;
  const report = createReport(log, observer, pipelining.whenOver);
  const route = createGraphqlRoute(graph, {
    ...{ server, unread, pipelining, operations, answers },
    ...{ trusted, report, spanOf, persistedQueries, store },
  });
  const logs = createLogRoute({
    ...{ server, unread, pipelining, operations, answers },
    ...{ log, maxStallMs: MAX_STALL_MS, observer, spanOf },
  });
  await http.register(async (asked) => {
    tracing.trace(asked);
    await allowOrigins(asked, options);
    await limitRates(asked, {
      ...options,
      onRateLimited: (reason, key, request) => {
        observer?.refused(reason);
        tellOfRate(reason, key, request);
      },
    });
    // Before a body is read: OPTIONS has none that means anything.
    const answerOptions = (_: unknown, reply: FastifyReply): void => void reply.status(204).send();
    for (const path of graphqlPaths) asked.post(path, route.handler);
    asked.get(logPath(':id'), { exposeHeadRoute: false }, logs.handler);
    for (const path of [...graphqlPaths, logPath(':id')])
      asked.options(path, { onRequest: answerOptions }, answerOptions);
    await asked.register((tagged, _, done) => {
      tagAnswers(tagged);
      for (const path of graphqlPaths) {
        const hooks = options.explorer ? { onRequest: redirectToExplorer } : {};
        tagged.get(path, { exposeHeadRoute: false, ...hooks }, route.handler);
      }
      done();
    });
  });
  if (options.explorer) {
    const { introspection, trustedDocuments } = options;
    addExplorer(http, { ...options.explorer, introspection, trustedOnly: trustedDocuments !== null });
  }
  // Green while the backup server is away: were it red, every instance would be withdrawn, and callers lose the typed errors.
  const readiness = (): Readiness => {
    const status = isDraining ? 'draining' : http.server.listening ? 'ready' : 'starting';
    return { isReady: status === 'ready', body: { status, backupServer: server.state() } };
  };
  addProbes(http, readiness);
  return {
    http,
    drain: () => {
      isDraining = true;
    },
    cancelAll: () => {
      route.cancelAll();
      logs.cancelAll();
    },
    hold: () => {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    connectionCount: () => connectionCount,
    figures: () => ({
      operations: route.openCount(),
      connections: unread.connections(),
      closedIdle: counts.closedIdle(),
      abandoned: counts.abandoned(),
    }),
    readiness,
    unread,
    close: async () => {
      await http.close();
      await graph.stop();
    },
  };
}
