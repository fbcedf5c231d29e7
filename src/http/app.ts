import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { describeRefusal, INTERNAL_MESSAGE, type ErrorCode } from '../graph/formatError.js';
import { createGraph } from '../graph/server.js';
import type { Log } from '../log.js';
import { OVERLOADED_RETRY_SECONDS, UpstreamError } from '../upstream/errors.js';
import type { UpstreamServer } from '../upstream/server.js';
import { createGraphqlRoute } from './graphqlRoute.js';
import { renderLandingPage } from './landingPage.js';
import { watchUnread, type Unread } from './unread.js';

/** Beyond the longest document there may be, this is for variables: a thousand references of a supergraph, and more. */
const MAX_REQUEST_BYTES = 256 * 1024;

/** How long a caller may take to send the head of a request, and all of it. */
const HEADERS_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;
const CHECKING_INTERVAL_MS = 1000;

/** How long a caller may read nothing of its answer. Node looks whether any of it was taken. */
const MAX_STALL_MS = 5000;

/** How much longer than an operation a connection may be silent while nothing is sent on it. */
const SILENCE_MS = 20_000;

export type AppOptions = Readonly<{
  server: UpstreamServer;
  maxConnections: number;
  introspection: boolean;
  log: Log;
  /** A line that asks this gateway something, for a person to paste; made when it is shown, as it may hold a demo token. */
  exampleCurl: () => string;
  isEmbedded: boolean;
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
  unread: Unread;
  /** Takes no more connections, and is done when what came in on open ones was answered. */
  close: () => Promise<void>;
}>;

/** A caller's own request id is kept where it is a plain word, so that it can be found in both logs. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.-]{1,64}$/.test(header) ? header : randomUUID();
}

/** An error in the shape that GraphQL clients read. */
function refusal(message: string, code: ErrorCode, requestId?: string): object {
  return { errors: [{ message, extensions: { code, ...(requestId !== undefined && { requestId }) } }] };
}

const malformed: Readonly<Record<string, [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are longer than 16 kB.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not come in time.'],
};

/** Answers what is no HTTP request, or never becomes one. Fastify's own handler would log the packet, and with it the token. */
function refuseMalformed({ code }: Readonly<{ code: string }>, socket: Socket): void {
  const [status, message] = malformed[code] ?? ['400 Bad Request', 'This is no HTTP request.'];
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(refusal(message, 'BAD_REQUEST', randomUUID()));
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

/** What a request's own headers say against reading its body: nothing but plain JSON in UTF-8 is read. */
function problemWithHeaders({ headers }: FastifyRequest): string | null {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') return 'The body must not be compressed.';
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  return /^utf-?8$/i.test(charset) ? null : 'The body must be in UTF-8.';
}

/** Takes bodies of JSON in UTF-8, and no others. */
function takeJson(http: FastifyInstance): void {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_, body, done) => {
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
      done(null, JSON.parse(text));
    } catch {
      done(Object.assign(new Error('The body must be JSON in UTF-8.'), { statusCode: 400 }));
    }
  });
}

/** The gateway's HTTP server, ready to listen. */
export async function createApp(options: AppOptions): Promise<App> {
  const { server, log } = options;
  const graph = createGraph({ introspection: options.introspection, log });
  await graph.start();
  let isDraining = false;
  let held = Promise.resolve();
  let connectionCount = 0;

  const loggerInstance: FastifyBaseLogger = log;
  const http = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_REQUEST_BYTES,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    requestIdHeader: false,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECKING_INTERVAL_MS },
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: server.operationTimeoutMs + SILENCE_MS,
    return503OnClosing: false, // what comes in on an open connection is answered as ever, and closes it
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (error, request, reply) => {
      void (reply as FastifyReply).status(400).send(refusal(error.message, 'BAD_REQUEST', request.id));
    },
  });
  http.server.maxConnections = options.maxConnections;
  http.server.on('connection', () => {
    connectionCount += 1;
  });
  const unread = watchUnread(http.server);
  takeJson(http);

  http.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    const problem = problemWithHeaders(request);
    const go = (): void => {
      done(problem === null ? undefined : Object.assign(new Error(problem), { statusCode: 415 }));
    };
    if (isDraining) void held.then(go);
    else go();
  });

  http.addHook('onSend', (_, reply, payload, done) => {
    if (isDraining) void reply.header('connection', 'close');
    reply.raw.socket?.setTimeout(MAX_STALL_MS);
    done(null, payload);
  });
  http.addHook('onResponse', (request, _, done) => {
    request.raw.socket.setTimeout(http.server.timeout);
    done();
  });

  // What Fastify refuses (no JSON, too large, …) is told in the shape that GraphQL clients read.
  http.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    const isCallers = status >= 400 && status < 500;
    if (error instanceof UpstreamError) {
      return reply
        .status(503)
        .header('retry-after', String(OVERLOADED_RETRY_SECONDS))
        .send({ errors: [describeRefusal(error, request.id)] });
    }
    if (!isCallers) log.error({ requestId: request.id, error: error.stack }, 'a request failed');
    const answer = isCallers
      ? refusal(error.message, 'BAD_REQUEST', request.id)
      : refusal(INTERNAL_MESSAGE, 'INTERNAL_SERVER_ERROR', request.id);
    return reply.status(status).send(answer);
  });
  http.setNotFoundHandler((request, reply) =>
    reply.status(404).send(refusal('Nothing is here: GraphQL is at /graphql.', 'BAD_REQUEST', request.id)),
  );

  const route = createGraphqlRoute(graph, server, unread);
  http.route({ method: ['GET', 'POST'], url: '/graphql', handler: route.handler });
  http.get('/', (_, reply) => {
    const page = renderLandingPage({
      curl: options.exampleCurl(),
      isEmbedded: options.isEmbedded,
      introspection: options.introspection,
    });
    return reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .header('cache-control', 'no-store')
      .send(page);
  });
  http.get('/livez', () => ({ status: 'alive' }));
  http.get('/readyz', (_, reply) =>
    // Green while the backup server is away: were it red, every instance would be withdrawn, and callers lose the typed errors.
    reply.status(isDraining ? 503 : 200).send({
      status: isDraining ? 'draining' : 'ready',
      backupServer: server.state(),
    }),
  );
  return {
    http,
    drain: () => {
      isDraining = true;
    },
    cancelAll: route.cancelAll,
    hold: () => {
      let release: () => void = () => undefined;
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    connectionCount: () => connectionCount,
    unread,
    close: async () => {
      await http.close();
      await graph.stop();
    },
  };
}
