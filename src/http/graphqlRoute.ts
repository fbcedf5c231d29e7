import { HeaderMap, type ApolloServer } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createContext, type Context } from '../graph/context.js';
import { createDocumentCheck } from '../graph/documentLimits.js';
import { overloaded } from '../upstream/errors.js';
import type { Operation } from '../upstream/operation.js';
import type { UpstreamServer } from '../upstream/server.js';
import { readBearerToken } from './bearer.js';
import type { Unread } from './unread.js';

function headersOf(request: FastifyRequest): HeaderMap {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

/** The document of a request, wherever it is; undefined where there is none, or something else in its place. */
function documentOf({ body, method }: FastifyRequest, search: string): string | undefined {
  if (method === 'GET') return new URLSearchParams(search).get('query') ?? undefined;
  const query = typeof body === 'object' && body !== null && 'query' in body ? body.query : undefined;
  return typeof query === 'string' ? query : undefined;
}

/** What must be among the formats that the caller takes. Apollo finds out as well, but once it has executed. */
const accepted = /\*\/\*|application\/(\*|json|graphql-response\+json)/i;

type Answer = { errors?: { extensions?: Record<string, unknown> }[] };

/** Errors that are found before there is an operation (no query, a document that is too long, …) get their request id here. */
function withRequestId(body: string, requestId: string): string {
  const answer = JSON.parse(body) as Answer; // written by Apollo a moment ago
  for (const error of answer.errors ?? []) error.extensions = { ...error.extensions, requestId };
  return `${JSON.stringify(answer)}\n`;
}

/** `/graphql`: hands requests to the graph and its answers back, with what a Fastify integration would add left out. */
export function createGraphqlRoute(graph: ApolloServer<Context>, server: UpstreamServer, unread: Unread) {
  const checkDocument = createDocumentCheck();
  const open = new Set<Operation>();
  let isEnding = false;

  async function answer(request: FastifyRequest, reply: FastifyReply, operation: Operation): Promise<FastifyReply> {
    const at = request.url.indexOf('?');
    const search = at === -1 ? '' : request.url.slice(at);
    const {
      status = 200,
      headers,
      body,
    } = await graph.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method, headers: headersOf(request), search, body: request.body },
      context: () => {
        const document = documentOf(request, search);
        const problem = document === undefined ? null : checkDocument(document);
        return problem ? Promise.reject(problem) : Promise.resolve(createContext(server, operation));
      },
    });
    for (const [name, value] of headers) void reply.header(name, value);
    void reply.status(status);
    if (body.kind === 'complete') {
      return reply.send(status < 400 ? body.string : withRequestId(body.string, request.id));
    }
    let text = ''; // `@defer` alone answers in chunks, and the schema has no such directive
    for await (const chunk of body.asyncIterator) text += chunk;
    return reply.send(text);
  }

  return {
    handler: async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      if (!accepted.test(request.headers.accept ?? '*/*')) {
        throw Object.assign(new Error('The answer is application/graphql-response+json or application/json.'), {
          statusCode: 406,
        });
      }
      if (unread.isTooMuch()) throw overloaded({ resource: 'answer' }, 'too much of other answers is unread');
      const operation = server.begin({ requestId: request.id, token: readBearerToken(request.raw.rawHeaders) });
      open.add(operation);
      if (isEnding || reply.raw.destroyed) operation.cancel(); // the caller may have gone while it was held
      reply.raw.once('close', operation.cancel); // the caller has gone, unless it was answered before
      try {
        return await answer(request, reply, operation);
      } finally {
        open.delete(operation);
        operation.end();
      }
    },
    /** Answers what is still open, each field that is not yet known with a typed error. */
    cancelAll: () => {
      isEnding = true;
      for (const operation of open) operation.cancel();
    },
  };
}
