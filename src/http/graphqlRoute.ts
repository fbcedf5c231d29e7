import { HeaderMap, type ApolloServer } from '@apollo/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLError } from 'graphql';
import { refuseLongDocument } from '../graph/anonymous.js';
import { createContext, type Context } from '../graph/context.js';
import { createDocumentCheck } from '../graph/documentLimits.js';
import type { PersistedQueries } from '../graph/persistedQueries.js';
import type { ErrorCode } from '../graph/formatError.js';
import { createSummary, type Summary } from '../graph/summary.js';
import type { TrustedDocuments } from '../graph/trustedDocuments.js';
import type { SharedStore } from '../sharedStore.js';
import { overloaded } from '../upstream/errors.js';
import type { Operation } from '../upstream/operation.js';
import type { UpstreamServer } from '../upstream/server.js';
import { createAnswerMemory, ownerOf } from './answerBudget.js';
import { readBearerToken } from './bearer.js';
import { readAsked } from './emptyParameters.js';
import type { MemoryBudget, Reservation } from './memoryBudget.js';
import { createNegotiation, describeUnacceptable } from './negotiation.js';
import type { OpenOperations } from './openOperations.js';
import { persistedHashOf } from './persistedHash.js';
import type { Pipelining } from './pipelining.js';
import { addCodes, type createReport } from './report.js';
import type { SpanOf } from './traceRequests.js';
import { substituteTrusted, type Asked } from './trustedRequest.js';
import type { Unread } from './unread.js';

/** Returns the request's headers for Apollo, with `Accept` replaced by the negotiated media type. */
function headersOf(request: FastifyRequest, mediaType: string): HeaderMap {
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  headers.set('accept', mediaType);
  return headers;
}

/** The document of a request, wherever it is; undefined where there is none, or something else in its place. */
function documentOf({ method, search, body }: Asked): string | undefined {
  if (method === 'GET') return new URLSearchParams(search).get('query') ?? undefined;
  const query = typeof body === 'object' && body !== null && 'query' in body ? body.query : undefined;
  return typeof query === 'string' ? query : undefined;
}

const negotiateAnswer = createNegotiation(['application/json', 'application/graphql-response+json']);

type Refusal = { errors: { extensions: Record<string, unknown> }[] };

/** Errors that are found before there is an operation (no query, a document that is too long, …) get their request id here. */
function withRequestId(refusal: Refusal, requestId: string): string {
  for (const error of refusal.errors) error.extensions = { ...error.extensions, requestId };
  return `${JSON.stringify(refusal)}\n`;
}

/** What the graph says of a document or its variables, and not the door of the request that it came in. */
const saidByGraph: ReadonlySet<unknown> = new Set<ErrorCode>([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
  'UNAUTHENTICATED',
]);

/**
 * The status of an answer that refuses a POST's operation. `application/json` may come from anything between the gateway and
 * its caller, so that with a status other than 200 the body may be anybody's (GraphQL over HTTP, section 6.4.1); Apollo has 400.
 */
function statusOf(refusal: Refusal, status: number, contentType: string | undefined): number {
  const isPlainJson = contentType?.startsWith('application/json') === true;
  return isPlainJson && refusal.errors.every(({ extensions }) => saidByGraph.has(extensions['code'])) ? 200 : status;
}

export type GraphqlRouteOptions = Readonly<{
  server: UpstreamServer;
  unread: Unread;
  pipelining: Pipelining;
  operations: OpenOperations;
  /** Memory of answers, downloads included. */
  answers: MemoryBudget;
  trusted: TrustedDocuments | null;
  /** Told of each operation when it was answered. */
  report: ReturnType<typeof createReport>;
  spanOf: SpanOf;
  /** Null where documents are trusted. */
  persistedQueries: PersistedQueries | null;
  store: SharedStore | null;
}>;

/** `/graphql`: hands requests to the graph and its answers back, with what a Fastify integration would add left out. */
export function createGraphqlRoute(graph: ApolloServer<Context>, options: GraphqlRouteOptions) {
  const { server, unread, pipelining, operations, answers, trusted, report, spanOf, persistedQueries, store } = options;
  const checkDocument = createDocumentCheck();
  const open = new Set<Operation>();
  let isEnding = false;

  /** What the caller's token shares with other instances, for a request with a persisted query; and that query, if it is not known here. */
  async function openQueryStore(asked: Asked, { token }: Operation) {
    const sha256 = store && persistedQueries && persistedHashOf(asked);
    if (typeof sha256 !== 'string' || typeof token !== 'string') return null;
    const queryStore = store?.of(token) ?? null;
    const isWithText = documentOf(asked) !== undefined;
    if (queryStore && !isWithText) {
      await persistedQueries?.learn(sha256, queryStore, (text) => checkDocument(text) === null);
    }
    return queryStore;
  }

  /** Returns why a document is refused before it is validated; null when it is good. */
  function problemOf(document: string, { token }: Operation): GraphQLError | null {
    const refusal = typeof token === 'string' ? null : refuseLongDocument(document, token);
    return refusal ?? checkDocument(document);
  }

  /** The answer's body; its status and headers are set. */
  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    operation: Operation,
    summary: Summary,
    reservation: Reservation,
    mediaType: string,
  ): Promise<string> {
    const asked = readAsked(request);
    const admitted = trusted ? substituteTrusted(trusted, asked) : asked;
    const {
      status = 200,
      headers,
      body,
    } = await graph.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { headers: headersOf(request, mediaType), ...(admitted instanceof Error ? asked : admitted) },
      // Apollo waits for it before it looks for a persisted query.
      context: async () => {
        if (admitted instanceof Error) throw admitted;
        const document = documentOf(asked);
        const problem = document === undefined ? null : problemOf(document, operation);
        if (problem) throw problem;
        const queryStore = await openQueryStore(asked, operation);
        return createContext(server, operation, summary, queryStore, createAnswerMemory(reservation));
      },
    });
    for (const [name, value] of headers) void reply.header(name, value);
    void reply.status(status);
    if (body.kind === 'complete') {
      if (status >= 400) {
        const refusal = JSON.parse(body.string) as Refusal; // written by Apollo a moment ago
        addCodes(
          summary,
          refusal.errors.map(({ extensions }) => extensions['code']),
        );
        const text = withRequestId(refusal, request.id);
        if (status === 401) void reply.header('www-authenticate', 'Bearer');
        const isGet = request.method === 'GET'; // where a mutation must be refused by the status
        void reply.status(isGet ? status : statusOf(refusal, status, headers.get('content-type')));
        return text;
      }
      unread.count(request.raw.socket, reply.raw, body.string.length);
      return body.string;
    }
    let text = ''; // `@defer` alone answers in chunks, and the schema has no such directive
    for await (const chunk of body.asyncIterator) text += chunk;
    return text;
  }

  return {
    handler: async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const mediaType = negotiateAnswer(request.headers.accept);
      if (mediaType === null) {
        const served = 'The answer is application/graphql-response+json or application/json.';
        const message = describeUnacceptable(request.headers.accept, served);
        throw Object.assign(new Error(message), { statusCode: 406 });
      }
      if (unread.isTooMuch())
        throw overloaded({ resource: 'answer' }, 'unread_answers', 'too much of other answers is unread');
      const startMs = performance.now();
      const token = readBearerToken(request.raw.rawHeaders);
      const leave = operations.enter(token);
      const reservation = answers.open(ownerOf(token));
      const operation = server.begin({
        requestId: request.id,
        token,
        span: spanOf(request)?.start('operation', 'internal', {}) ?? null,
      });
      const summary = createSummary();
      open.add(operation);
      if (isEnding || reply.raw.destroyed) operation.cancel(); // the caller may have gone while it was held
      pipelining.whenOver(request.raw, () => {
        operation.cancel(); // the caller has gone, unless it was answered before
        reservation.release();
        leave();
      });
      let text: string;
      try {
        text = await answer(request, reply, operation, summary, reservation, mediaType);
      } finally {
        open.delete(operation);
        operation.end();
        report(operation, summary, reply, startMs);
      }
      reservation.resize(text.length);
      // Only now: what is sent, and so compressed, is waited for until its caller has read it.
      return reply.send(text);
    },
    /** How many operations are being answered. */
    openCount: () => open.size,
    /** Answers what is still open, each field that is not yet known with a typed error. */
    cancelAll: () => {
      isEnding = true;
      for (const operation of open) operation.cancel();
    },
  };
}
