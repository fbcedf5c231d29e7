import { Readable } from 'node:stream';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { badInput } from '../graph/badInput.js';
import { describe } from '../graph/errorPlugin.js';
import { describeRefusal, INTERNAL_MESSAGE, type ErrorCode } from '../graph/formatError.js';
import { openWholeLog, type WholeLog } from '../graph/wholeLog.js';
import type { Log } from '../log.js';
import { overloaded, UpstreamError, type Fault } from '../upstream/errors.js';
import { toUuid } from '../upstream/raw.js';
import type { UpstreamServer } from '../upstream/server.js';
import { ownerOf } from './answerBudget.js';
import { readBearerToken } from './bearer.js';
import { refusal } from './intake.js';
import { formatAccepted, formatNamed, isNamed, type LogFormat, type Told } from './logFormat.js';
import type { MemoryBudget, Reservation } from './memoryBudget.js';
import { describeUnacceptable } from './negotiation.js';
import type { OpenOperations } from './openOperations.js';
import type { Pipelining } from './pipelining.js';
import { callerOf, type DoorObserver } from './report.js';
import type { SpanOf } from './traceRequests.js';
import type { Unread } from './unread.js';

/** The status where nothing of the log was sent yet. */
const statuses: Readonly<Record<Fault, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  notFound: 404,
  rejected: 502,
  rateLimited: 503,
  unavailable: 502,
  failed: 502,
  timedOut: 504,
  expired: 504,
  tooLarge: 502,
  badResponse: 502,
  overloaded: 503,
  overBudget: 503,
  cancelled: 503,
};

/** What callers do, or their tokens, rather than the server. */
const callersFaults: ReadonlySet<Fault> = new Set(['unauthenticated', 'forbidden', 'notFound', 'cancelled']);

export type LogRouteOptions = Readonly<{
  server: UpstreamServer;
  unread: Unread;
  pipelining: Pipelining;
  operations: OpenOperations;
  /** Memory of answers: a download has a page at a time. */
  answers: MemoryBudget;
  log: Log;
  /** How long a caller may read nothing while something is sent. */
  maxStallMs: number;
  observer: DoorObserver | undefined;
  spanOf: SpanOf;
}>;

/** `{ id }` as the router found it, `{ format }` as the caller wrote it. */
type Request = FastifyRequest<{ Params: { id: string }; Querystring: { format?: unknown } }>;

/** Returns the next page in its format, null after the last one. Reserves memory for it. */
async function readText({ pages }: WholeLog, format: LogFormat, reservation: Reservation): Promise<string | null> {
  const page = await pages.next();
  if (page.done === true) return null;
  const text = page.value.map((line) => format.renderLine(line)).join('');
  reservation.add(text.length);
  return text;
}

/** Waits until what was written has left, so that no more is read of the server than the caller takes. */
function untilTaken(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.once('drain', go).once('close', go);
  });
}

/** The log of one session, whole, as it comes: page by page from the server, none before the caller has taken the last one. */
export function createLogRoute(options: LogRouteOptions) {
  const { server, unread, pipelining, operations, answers, log, maxStallMs, observer, spanOf } = options;
  const open = new Set<WholeLog>();
  let isEnding = false;

  function refuse(reply: FastifyReply, status: number, message: string, code: ErrorCode): FastifyReply {
    return reply.status(status).send(refusal(message, code, reply.request.id));
  }

  const logFieldsOf = (request: FastifyRequest): { requestId: string; traceId?: string } => {
    const traceId = spanOf(request)?.traceId;
    return traceId === undefined ? { requestId: request.id } : { requestId: request.id, traceId };
  };

  function tell(error: unknown, request: FastifyRequest): Told {
    const requestId = request.id;
    const isUpstreams = error instanceof UpstreamError;
    if (isUpstreams && error.details.bound) observer?.refused(error.details.bound);
    const isCallers = isUpstreams && callersFaults.has(error.details.fault);
    // Of a caller that went away, the line of the download says so.
    const isGone = isUpstreams && error.details.fault === 'cancelled' && request.raw.destroyed;
    log[!isUpstreams ? 'error' : isGone ? 'debug' : isCallers ? 'info' : 'warn'](
      { ...logFieldsOf(request), ...describe(error) },
      'the download of a log met an error',
    );
    if (!isUpstreams) return { message: INTERNAL_MESSAGE, code: 'INTERNAL_SERVER_ERROR', requestId };
    const { message, extensions } = describeRefusal(error, requestId);
    return { message, code: '', requestId, ...extensions };
  }

  /** The refusal of a download of which nothing was sent. */
  function refuseFor(error: unknown, reply: FastifyReply): FastifyReply {
    const { message, ...extensions } = tell(error, reply.request);
    const status = error instanceof UpstreamError ? statuses[error.details.fault] : 500;
    if (status === 401) void reply.header('www-authenticate', 'Bearer');
    const { retryAfterSeconds } = extensions;
    if (typeof retryAfterSeconds === 'number') void reply.header('retry-after', String(retryAfterSeconds));
    return reply.status(status).send({ errors: [{ message, extensions }] });
  }

  /**
   * The log in a format, from its first page on. A caller may read nothing for a short time while there is something to read,
   * and for as long as a page may take while there is not.
   */
  async function* write(
    first: string | null,
    next: () => Promise<string | null>,
    format: LogFormat,
    { raw, request }: FastifyReply,
    reservation: Reservation,
    fail: () => void,
  ): AsyncGenerator<string, void, void> {
    try {
      for (let text = first; text !== null; text = await next()) {
        raw.socket?.setTimeout(maxStallMs);
        yield text;
        await untilTaken(raw);
        reservation.resize(0);
        raw.socket?.setTimeout(request.server.server.timeout);
      }
    } catch (error) {
      fail();
      raw.socket?.setTimeout(maxStallMs);
      yield format.renderEnd(tell(error, request));
    }
  }

  return {
    handler: async (request: Request, reply: FastifyReply): Promise<FastifyReply> => {
      void reply
        // Whether it comes whole is not known when this is sent, and a log of which the end is missing must not be kept.
        .header('cache-control', 'private, no-store')
        .header('x-content-type-options', 'nosniff');
      const { format: name } = request.query;
      const id = toUuid(request.params.id);
      if (id === null) {
        return refuse(reply, 400, badInput('id', 'a UUID', request.params.id).message, 'BAD_USER_INPUT');
      }
      const { accept } = request.headers;
      const format = isNamed(name) ? formatNamed(name) : formatAccepted(accept);
      if (format === null && isNamed(name)) {
        return refuse(reply, 400, badInput('format', '"ndjson" or "text"', name).message, 'BAD_USER_INPUT');
      }
      if (format === null) {
        const message = describeUnacceptable(accept, 'A log is application/x-ndjson or text/plain.');
        return refuse(reply, 406, message, 'BAD_REQUEST');
      }
      if (unread.isTooMuch()) {
        return refuseFor(
          overloaded({ resource: 'log' }, 'unread_answers', 'too much of other answers is unread'),
          reply,
        );
      }
      const startMs = performance.now();
      const token = readBearerToken(request.raw.rawHeaders);
      let leave: () => void;
      try {
        leave = operations.enter(token);
      } catch (error) {
        return refuseFor(error, reply);
      }
      const reservation = answers.open(ownerOf(token));
      const caller = { requestId: request.id, token, span: spanOf(request) ?? null };
      let hasFailed = false;
      const fail = (): void => {
        hasFailed = true;
      };
      const whole = openWholeLog(server, caller, id);
      open.add(whole);
      if (isEnding || reply.raw.destroyed) whole.cancel(); // the caller may have gone while it was held
      pipelining.whenOver(request.raw, () => {
        reservation.release();
        leave();
        open.delete(whole);
        const outcome = hasFailed ? 'failed' : reply.raw.writableFinished ? 'ok' : 'cancelled';
        const durationMs = performance.now() - startMs;
        observer?.downloaded(outcome, durationMs);
        const upstreamRequests = whole.sentCount();
        whole.close();
        log.info(
          { ...logFieldsOf(request), outcome, ms: Math.round(durationMs), upstreamRequests, ...callerOf(token) },
          'answered a download',
        );
      });
      const next = (): Promise<string | null> => readText(whole, format, reservation);
      let first: string | null;
      try {
        first = await next();
      } catch (error) {
        fail();
        return refuseFor(error, reply);
      }
      return reply
        .type(format.contentType)
        .header('content-disposition', `attachment; filename="session-${id}.${format.extension}"`)
        .send(Readable.from(write(first, next, format, reply, reservation, fail)));
    },
    /** Ends the downloads that are under way, each with a line that says so. */
    cancelAll: () => {
      isEnding = true;
      for (const whole of open) whole.cancel();
    },
  };
}
