import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { UpstreamError, type Fault } from '../upstream/errors.js';
import { MAX_TOKEN_BYTES } from '../upstream/operation.js';

/** Every `extensions.code` that an answer can carry. */
export const errorCodes = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
  'OVERLOADED',
  'RATE_LIMITED',
  'CANCELLED',
  'UPSTREAM_REJECTED',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_ERROR',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_RESPONSE_TOO_LARGE',
  'UPSTREAM_BAD_RESPONSE',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
  'DOCUMENT_NOT_TRUSTED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'INTERNAL_SERVER_ERROR',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** How each fault is told to clients: a fixed sentence, so that nothing of the server's host, body or token can be in it. */
const answers: Readonly<Record<Fault, Readonly<{ code: ErrorCode; message: string }>>> = {
  unauthenticated: {
    code: 'UNAUTHENTICATED',
    message: 'The backup server does not accept the bearer token: it may have expired.',
  },
  forbidden: { code: 'FORBIDDEN', message: 'The backup server does not allow this to the bearer of the token.' },
  notFound: { code: 'NOT_FOUND', message: 'The backup server has no such thing.' },
  rejected: { code: 'UPSTREAM_REJECTED', message: 'The backup server rejected the request.' },
  rateLimited: {
    code: 'UPSTREAM_RATE_LIMITED',
    message: 'The backup server asks for fewer requests: try again later.',
  },
  unavailable: {
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'The backup server cannot be reached, or does not speak the API version asked for.',
  },
  failed: { code: 'UPSTREAM_ERROR', message: 'The backup server failed to answer.' },
  timedOut: { code: 'UPSTREAM_TIMEOUT', message: 'The backup server did not answer in time.' },
  expired: { code: 'UPSTREAM_TIMEOUT', message: 'The backup server did not answer in time.' },
  overloaded: { code: 'OVERLOADED', message: 'The gateway has more to do than it can take on: try again in a moment.' },
  overBudget: {
    code: 'QUERY_TOO_COMPLEX',
    message: 'The operation has cost the backup server all the requests that one operation may: ask for less at once.',
  },
  cancelled: {
    code: 'CANCELLED',
    message: 'The gateway is being stopped, or the caller has gone: ask again.',
  },
  tooLarge: {
    code: 'UPSTREAM_RESPONSE_TOO_LARGE',
    message: 'The backup server has more to answer than this gateway reads at once.',
  },
  badResponse: {
    code: 'UPSTREAM_BAD_RESPONSE',
    message: 'The backup server answered something that this gateway cannot read.',
  },
};

const noToken: Readonly<Record<string, string>> = {
  absent: 'This field needs the header "Authorization: Bearer <token>" with a token of the backup server.',
  malformed: 'The Authorization header must be exactly one, "Bearer <token>" with a token of the backup server.',
  tooLong: `The bearer token in the Authorization header is too long: the limit is ${MAX_TOKEN_BYTES} bytes (16 kB).`,
};

export const RATE_LIMITED_MESSAGE =
  'This gateway has had too many requests with this token, or from this address: try again later.';

/** All that a client is told of a fault of ours. */
export const INTERNAL_MESSAGE = "This is a fault of the gateway; its log has more under this answer's request id.";

/** Apollo's codes that are not in our list, and what they are there. */
const otherCodes: Readonly<Record<string, ErrorCode>> = { OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT' };

/** What Apollo and graphql throw without a code. */
const codesOfMessages: Readonly<Record<string, ErrorCode>> = {
  'provided sha does not match query': 'BAD_REQUEST',
  'Unsupported persisted query version': 'BAD_REQUEST',
  'Too many errors processing variables, error limit reached. Execution aborted.': 'BAD_USER_INPUT',
};

/** What graphql throws, as if it were a resolver's fault, for a variable that is null where its default is not. */
const missingArgument = /^Argument "\w+" of (non-null|required) type "/;

function readCode(code: unknown, message: string): ErrorCode {
  if (missingArgument.test(message)) return 'BAD_USER_INPUT';
  const other = codesOfMessages[message] ?? (typeof code === 'string' ? otherCodes[code] : undefined);
  return other ?? errorCodes.find((known) => known === code) ?? 'INTERNAL_SERVER_ERROR';
}

/** A message of graphql's repeats what it was given, which can be a megabyte. */
const MAX_MESSAGE_CHARACTERS = 400;
const MAX_LOCATIONS = 5;

function shorten(message: string): string {
  return message.length > MAX_MESSAGE_CHARACTERS ? `${message.slice(0, MAX_MESSAGE_CHARACTERS)}…` : message;
}

type ErrorFormatter = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;

/** graphql proposes names of the schema where one is not known: in documents, and in variables. */
export function withoutSuggestions(format: ErrorFormatter): ErrorFormatter {
  return (formatted, error) =>
    format({ ...formatted, message: formatted.message.replace(/ ?Did you mean [^]*$/, '') }, error);
}

/** The code that an answer has for an error. */
export function codeOf(error: Error): ErrorCode {
  const thrown = unwrapResolverError(error);
  if (thrown instanceof UpstreamError) return answers[thrown.details.fault].code;
  return readCode(error instanceof GraphQLError ? error.extensions['code'] : undefined, error.message);
}

function wordUpstreamError({ details }: UpstreamError): { message: string; extensions: Record<string, unknown> } {
  const { fault, reason, retryAfterSeconds } = details;
  const { code, message } = answers[fault];
  const isOurs = details.resource === 'authorization';
  return {
    message:
      (isOurs && reason !== undefined ? noToken[reason] : undefined) ??
      (fault === 'overBudget' ? `${message} The limit is ${String(reason)}.` : message),
    extensions: { code, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) },
  };
}

/** An error of an answer that the graph was not asked for. */
export function describeRefusal(error: UpstreamError, requestId: string): GraphQLFormattedError {
  const { message, extensions } = wordUpstreamError(error);
  return { message, extensions: { ...extensions, requestId } };
}

/** Turns what went wrong into what a client may see of it. What it does not know becomes one fixed sentence. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const { path, locations } = formatted;
  const place = { ...(locations && { locations: locations.slice(0, MAX_LOCATIONS) }), ...(path && { path }) };
  // Apollo unwraps errors of fields alone; an operation can be refused as a whole.
  const original = error instanceof GraphQLError ? error.originalError : undefined;
  const thrown = original instanceof UpstreamError ? original : unwrapResolverError(error);
  if (thrown instanceof UpstreamError) return { ...place, ...wordUpstreamError(thrown) };

  const code = readCode(formatted.extensions?.['code'], formatted.message);
  // A GraphQLError that a resolver throws without a code of ours, or anything else that it throws, is our own fault.
  if (code === 'INTERNAL_SERVER_ERROR') return { message: INTERNAL_MESSAGE, ...place, extensions: { code } };
  const argument = error instanceof GraphQLError ? error.extensions['argument'] : undefined;
  return {
    message: shorten(formatted.message),
    ...place,
    extensions: { code, ...(typeof argument === 'string' && { argument }) },
  };
}
