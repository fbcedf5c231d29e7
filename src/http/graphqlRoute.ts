import { HeaderMap, type ApolloServer } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createContext, type Context } from '../graph/context.js';
import type { UpstreamServer } from '../upstream/api.js';
import { readBearerToken } from './bearer.js';

function headersOf(request: FastifyRequest): HeaderMap {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

type Answer = { errors?: { extensions?: Record<string, unknown> }[] };

/** Errors that Apollo finds before there is an operation (no query, two formats, …) get their request id here. */
function withRequestId(body: string, requestId: string): string {
  const answer = JSON.parse(body) as Answer; // written by Apollo a moment ago
  for (const error of answer.errors ?? []) error.extensions = { ...error.extensions, requestId };
  return `${JSON.stringify(answer)}\n`;
}

/** `/graphql`: hands the request to the graph and its answer back, with what a Fastify integration would add left out. */
export function createGraphqlHandler(graph: ApolloServer<Context>, server: UpstreamServer) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { id: requestId } = request;
    const {
      status = 200,
      headers,
      body,
    } = await graph.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method,
        headers: headersOf(request),
        search: new URL(request.url, 'http://gateway').search,
        body: request.body,
      },
      context: () => Promise.resolve(createContext(server, readBearerToken(request.raw.rawHeaders), requestId)),
    });
    for (const [name, value] of headers) void reply.header(name, value);
    void reply.status(status);
    if (body.kind === 'complete') return reply.send(status < 400 ? body.string : withRequestId(body.string, requestId));
    let text = ''; // `@defer` alone answers in chunks, and the schema has no such directive
    for await (const chunk of body.asyncIterator) text += chunk;
    return reply.send(text);
  };
}
