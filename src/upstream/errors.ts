/**
 * What can go wrong between the gateway and the backup server. The list is closed: `graph/formatError.ts` words each of
 * them for clients, and does not compile while one is missing there.
 */
export type Fault =
  | 'unauthenticated' // no bearer token, a malformed one, or one that the server does not take
  | 'forbidden'
  | 'notFound'
  | 'rejected' // another 4xx
  | 'rateLimited'
  | 'unavailable' // refused, reset, DNS, TLS, no API version served
  | 'failed' // 5xx
  | 'timedOut' // one request took too long
  | 'expired' // all of the operation did
  | 'tooLarge'
  | 'badResponse' // 2xx that the contract does not allow, or a redirect
  | 'overloaded' // not sent, as too many others wait or too much is in memory
  | 'overBudget' // not sent, as the operation has cost the server enough
  | 'cancelled'; // given up, as nobody waits for the answer any more

/** Which thing was asked for, or read, when it went wrong. */
export type About = Readonly<{ resource: string; id?: string | undefined; field?: string | undefined }>;

export type UpstreamErrorDetails = About &
  Readonly<{
    fault: Fault;
    status?: number | undefined;
    /** The server's own `errorCode` (v7 and v8). */
    errorCode?: string | undefined;
    /** A word for the log: an error code of Node, or what was found where something else was expected. */
    reason?: string | undefined;
    retryAfterSeconds?: number | undefined;
    /** Which bound of the gateway's own was met, where it is `overloaded`. */
    bound?: Bound | undefined;
  }>;

/** Things that the gateway bounds. */
export type Bound =
  | 'waiting' // operations that wait for a place at the server
  | 'place' // time until there was one
  | 'body_memory' // the server's responses in memory
  | 'unread_answers'
  | 'operations' // open operations and downloads
  | 'answer_memory' // answers that are made or sent
  | 'request_memory'; // callers' request bodies

/** How soon to ask again when the gateway itself had to refuse. */
export const OVERLOADED_RETRY_SECONDS = 1;

/** Whatever was thrown, as the error that a loader hands out in a record's place. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('something other than an error was thrown');
}

/**
 * The one error of `upstream/`. Raised by the wire (`client.ts`), by the readers of bodies and lists, and where nothing may
 * be sent or more would have to be read than is (`api.ts`, `graph/latestSession.ts`); worded for clients by
 * `graph/formatError.ts` alone. It holds no URL, token or body, and has no `cause`.
 */
export class UpstreamError extends Error {
  readonly details: UpstreamErrorDetails;

  constructor(details: UpstreamErrorDetails) {
    const { fault, resource, id, field, reason } = details;
    // There can be thousands in one answer, and it is the details that tell what went wrong: stacks are left out.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    let message = `${fault} ${resource}`;
    for (const part of [id, field, reason]) if (part !== undefined) message += ` ${part}`;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'UpstreamError';
    this.details = details;
  }
}

/** Refused here, as there is too much to do already. */
export function overloaded(about: About, bound: Bound, reason: string): UpstreamError {
  return new UpstreamError({
    ...about,
    fault: 'overloaded',
    bound,
    reason,
    retryAfterSeconds: OVERLOADED_RETRY_SECONDS,
  });
}

/** A field of a record: its value, or why it has none. A bad scalar spoils its field, not the record. */
export type Field<T> = T | UpstreamError;

/** A record: a GraphQL type as normalized, each field with its value or its fault. */
export type Fields<T> = { readonly [K in keyof T]: Field<T[K]> };

export function isNotFound(error: unknown): error is UpstreamError {
  return error instanceof UpstreamError && error.details.fault === 'notFound';
}
