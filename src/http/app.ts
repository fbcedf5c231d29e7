import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
} from 'fastify';
import { INTERNAL_MESSAGE, type ErrorCode } from '../graph/formatError.js';
import { createGraph } from '../graph/server.js';
import type { Log } from '../log.js';
import type { UpstreamServer } from '../upstream/api.js';
import { createGraphqlHandler } from './graphqlRoute.js';
import { renderLandingPage } from './landingPage.js';

const MAX_REQUEST_BYTES = 1024 * 1024;

/** How long a caller may take to send a request. */
const REQUEST_TIMEOUT_MS = 30_000;

export type AppOptions = Readonly<{
  server: UpstreamServer;
  introspection: boolean;
  log: Log;
  /** A line that asks this gateway something, for a person to paste; made when it is shown, as it may hold a demo token. */
  exampleCurl: () => string;
  isEmbedded: boolean;
}>;

export type App = Readonly<{
  http: FastifyInstance;
  /** From now on `/readyz` is red, so that a load balancer sends no more. */
  drain: () => void;
}>;

/** A caller's own request id is kept where it is a plain word, so that it can be found in both logs. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.-]{1,64}$/.test(header) ? header : randomUUID();
}

/** An error in the shape that GraphQL clients read. */
function refusal(message: string, code: ErrorCode, requestId?: string): object {
  return { errors: [{ message, extensions: { code, ...(requestId !== undefined && { requestId }) } }] };
}

/** Answers what is no HTTP request. Fastify's own handler would log the packet, and with it the token. */
function refuseMalformed(_: unknown, socket: Socket): void {
  if (!socket.writable) return;
  const body = JSON.stringify(refusal('This is no HTTP request.', 'BAD_REQUEST', randomUUID()));
  const head = `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`;
  socket.end(`${head}\r\n\r\n${body}`);
}

/** The gateway's HTTP server, ready to listen. Closing it stops the graph as well. */
export async function createApp(options: AppOptions): Promise<App> {
  const { server, log } = options;
  const graph = createGraph({ introspection: options.introspection, log });
  await graph.start();
  let isDraining = false;

  const loggerInstance: FastifyBaseLogger = log;
  const http = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_REQUEST_BYTES,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    requestIdHeader: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    clientErrorHandler: refuseMalformed,
    frameworkErrors: (error, request, reply) => {
      void (reply as FastifyReply).status(400).send(refusal(error.message, 'BAD_REQUEST', request.id));
    },
  });

  http.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });

  // What Fastify refuses (no JSON, too large, …) is told in the shape that GraphQL clients read.
  http.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    const isCallers = status >= 400 && status < 500;
    if (!isCallers) log.error({ requestId: request.id, error: error.stack }, 'a request failed');
    const answer = isCallers
      ? refusal(error.message, 'BAD_REQUEST', request.id)
      : refusal(INTERNAL_MESSAGE, 'INTERNAL_SERVER_ERROR', request.id);
    return reply.status(status).send(answer);
  });
  http.setNotFoundHandler((request, reply) =>
    reply.status(404).send(refusal('Nothing is here: GraphQL is at /graphql.', 'BAD_REQUEST', request.id)),
  );

  http.route({ method: ['GET', 'POST'], url: '/graphql', handler: createGraphqlHandler(graph, server) });
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
      backupServer: server.versions.state(),
    }),
  );
  http.addHook('onClose', () => graph.stop());

  return {
    http,
    drain: () => {
      isDraining = true;
    },
  };
}
