import type { Span } from '../trace.js';
import { readAnyJson, type Answer } from './answer.js';
import type { Breaker } from './breaker.js';
import type { UpstreamRequest } from './client.js';
import { UpstreamError, type Fault } from './errors.js';
import type { Gate } from './gate.js';
import type { Health } from './health.js';
import type { UpstreamObserver } from './observer.js';
import type { Operation } from './operation.js';
import type { Flown } from './sharing.js';

export type AttemptOptions = Readonly<{
  gate: Gate;
  /** Lets a request be sent, unless the server is gone. */
  admit: Breaker['run'];
  exchange: (request: UpstreamRequest) => Promise<Answer>;
  observer: UpstreamObserver | undefined;
  health: Health;
  log: Readonly<{ debug: (fields: Record<string, unknown>, message: string) => void }>;
}>;

/** Every path begins with the version's name. */
export const versionIn = (path: string): string => path.slice(0, path.indexOf('/'));

function startSpan(operation: Operation, { about, path }: UpstreamRequest, attempt: number): Span | undefined {
  return operation.span?.start(`GET ${about.resource}`, 'client', {
    'http.request.method': 'GET',
    'http.request.resend_count': attempt - 1,
    'backup.resource': about.resource,
    'backup.api_version': versionIn(path),
  });
}

/** Makes what sends a request for an operation once, when there is a place for it: one line of the log, one step of the trace, one count. */
export function createAttempt({ gate, admit, exchange, observer, health, log }: AttemptOptions) {
  return async (operation: Operation, request: UpstreamRequest, attempt: number): Promise<Flown> => {
    const { about } = request;
    const leave = await gate.enter(operation, about);
    const startMs = performance.now();
    const call: { isSent: boolean; span?: Span | undefined } = { isSent: false };

    function send(): Promise<Answer> {
      call.isSent = true;
      operation.sent();
      const span = startSpan(operation, request, attempt);
      call.span = span;
      return exchange(span ? { ...request, headers: { ...request.headers, ...span.headers() } } : request);
    }

    const tell = (outcome: Fault | 'ok', status: number | undefined, more: Record<string, unknown>): void => {
      const durationMs = performance.now() - startMs;
      if (call.isSent) observer?.asked(about.resource, versionIn(request.path), outcome, durationMs);
      if (status !== undefined) call.span?.set({ 'http.response.status_code': status });
      call.span?.end(outcome === 'ok' ? undefined : outcome);
      const { logFields } = operation;
      log.debug({ ...logFields, ...about, attempt, ms: Math.round(durationMs), ...more }, 'asked the backup server');
    };
    try {
      const answer = await admit(about, send);
      const json = await readAnyJson(answer, about, (pages) => operation.breathe(about, pages));
      const { status, body } = answer;
      health.heard(null);
      operation.share.standing.note(true);
      tell('ok', status, { status, bytes: body.length });
      return { json, bytes: body.length };
    } catch (error) {
      if (error instanceof UpstreamError) {
        if (call.isSent) health.heard(error.details);
        const { fault, status } = error.details;
        if (fault === 'unauthenticated' || status === 401) operation.share.standing.note(false);
        else if (fault === 'notFound' && status !== 403) operation.share.standing.note(true); // only the API itself says so
        tell(fault, status, error.details);
      } else call.span?.end('INTERNAL_SERVER_ERROR');
      throw error;
    } finally {
      leave();
    }
  };
}
