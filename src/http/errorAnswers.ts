import type { FastifyError, FastifyInstance } from 'fastify';
import { describeRefusal, INTERNAL_MESSAGE } from '../graph/formatError.js';
import type { Log } from '../log.js';
import { OVERLOADED_RETRY_SECONDS, UpstreamError } from '../upstream/errors.js';
import { isDisconnect } from './disconnects.js';
import { refusal } from './intake.js';
import type { DoorObserver } from './report.js';
import type { SpanOf } from './traceRequests.js';

export type ErrorAnswerOptions = Readonly<{ log: Log; observer: DoorObserver | undefined; spanOf: SpanOf }>;

/** Answers what Fastify refuses (no JSON, too large, …) and what no route is for, in the shape that GraphQL clients read. */
export function answerErrors(http: FastifyInstance, { log, observer, spanOf }: ErrorAnswerOptions): void {
  http.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    const isCallers = status >= 400 && status < 500;
    if (error instanceof UpstreamError) {
      if (error.details.bound) observer?.refused(error.details.bound);
      return reply
        .status(503)
        .header('retry-after', String(OVERLOADED_RETRY_SECONDS))
        .send({ errors: [describeRefusal(error, request.id)] });
    }
    if (isDisconnect(error, reply.raw))
      log.debug({ requestId: request.id }, 'caller gone'); // and counted
    else if (!isCallers) {
      const traceId = spanOf(request)?.traceId;
      log.error({ requestId: request.id, ...(traceId && { traceId }), error: error.stack }, 'a request failed');
    }
    const answer = isCallers
      ? refusal(error.message, 'BAD_REQUEST', request.id)
      : refusal(INTERNAL_MESSAGE, 'INTERNAL_SERVER_ERROR', request.id);
    return reply.status(status).send(answer);
  });
  http.setNotFoundHandler((request, reply) =>
    reply.status(404).send(refusal('Nothing is here: GraphQL is at /graphql.', 'BAD_REQUEST', request.id)),
  );
}
