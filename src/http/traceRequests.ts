import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Span, Tracer } from '../trace.js';

/** The step of a trace that a request is; undefined where none is made. */
export type SpanOf = (request: FastifyRequest) => Span | undefined;

/** Makes requests steps of a trace: each of the one that its `traceparent` names, or of one of its own. */
export function createRequestTracing(tracer: Tracer | null) {
  const spans = new WeakMap<FastifyRequest, Span>();
  return {
    spanOf: ((request) => spans.get(request)) satisfies SpanOf,
    /** From now on, of the routes of this instance. */
    trace: (http: FastifyInstance): void => {
      if (tracer === null) return;
      http.addHook('onRequest', (request, reply, done) => {
        const { method, headers, routeOptions } = request;
        const route = routeOptions.url ?? '';
        const span = tracer.startRequest(`${method} ${route}`, headers, {
          'http.request.method': method,
          'http.route': route,
          'url.scheme': 'http',
        });
        spans.set(request, span);
        const end = (): void => {
          const { statusCode, writableFinished } = reply.raw;
          span.set({ 'http.response.status_code': statusCode });
          span.end(!writableFinished ? 'CANCELLED' : statusCode >= 500 ? String(statusCode) : undefined);
        };
        if (reply.raw.destroyed)
          end(); // the caller has gone while it was held
        else reply.raw.once('close', end);
        done();
      });
    },
  };
}
