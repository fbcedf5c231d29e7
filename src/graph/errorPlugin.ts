import type { ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import type { Log } from '../log.js';
import { adviceFor } from '../upstream/advice.js';
import { OVERLOADED_RETRY_SECONDS, UpstreamError } from '../upstream/errors.js';
import { boundErrors } from './answerSize.js';
import type { Context } from './context.js';
import { codeOf, type ErrorCode } from './formatError.js';
import { hasNothing } from './summary.js';

/** What the log has of an error. Upstream errors hold no secret; of other ones, faults of ours, it has the stack as well. */
export function describe(error: unknown): Record<string, unknown> {
  const thrown = unwrapResolverError(error);
  if (!(thrown instanceof UpstreamError)) return { error: thrown instanceof Error ? thrown.stack : String(thrown) };
  const advice = adviceFor(thrown.details);
  return { ...thrown.details, ...(advice !== undefined && { advice }) };
}

const MAX_LOGGED_IDS = 5;

const callerCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'QUERY_TOO_COMPLEX',
  'CANCELLED',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
  'DOCUMENT_NOT_TRUSTED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** Puts the request id into each error of an answer, and each kind of error into the log once per answer, with its count. */
export function createErrorPlugin(log: Log): ApolloServerPlugin<Context> {
  return {
    unexpectedErrorProcessingRequest: ({ requestContext, error }) => {
      log.error({ ...requestContext.contextValue.logFields, error: error.stack }, 'an operation failed');
      return Promise.resolve();
    },
    requestDidStart: () =>
      Promise.resolve({
        didEncounterErrors: ({ errors, contextValue: { logFields, summary, answerSize } }) => {
          const kinds = new Map<
            string,
            { fields: Record<string, unknown>; code: ErrorCode; count: number; ids: Set<unknown> }
          >();
          for (const error of errors) {
            const code = codeOf(error);
            const thrown = unwrapResolverError(error);
            const isUpstreams = thrown instanceof UpstreamError;
            summary.codes.add(code);
            if (isUpstreams && thrown.details.bound) summary.bounds.add(thrown.details.bound);
            const isCallers = callerCodes.has(code) && !isUpstreams;
            const fields = isCallers ? { path: error.path } : describe(error);
            const key = JSON.stringify([code, fields['resource'], fields['field'], fields['reason'], fields['status']]);
            const kind = kinds.get(key) ?? { fields, code, count: 0, ids: new Set() };
            kind.count += 1;
            if (kind.ids.size < MAX_LOGGED_IDS && fields['id'] !== undefined) kind.ids.add(fields['id']);
            kinds.set(key, kind);
          }
          for (const [code, count] of answerSize.omitted ?? []) {
            summary.codes.add(code);
            const kind = [...kinds.values()].findLast((known) => known.code === code);
            if (kind) kind.count += count;
            else kinds.set(code, { fields: {}, code, count, ids: new Set() });
          }
          for (const { fields, code, count, ids } of kinds.values()) {
            const level = code === 'INTERNAL_SERVER_ERROR' ? 'error' : callerCodes.has(code) ? 'info' : 'warn';
            const others = ids.size > 1 ? { ids: [...ids] } : {};
            log[level]({ ...logFields, code, count, ...fields, ...others }, 'an operation met an error');
          }
          return Promise.resolve();
        },
        willSendResponse: ({ response: { body, http }, contextValue: { requestId, answerSize } }) => {
          if (body.kind !== 'single' || !body.singleResult.errors) return Promise.resolve();
          body.singleResult.errors = boundErrors(body.singleResult.errors, answerSize).map((error) => ({
            ...error,
            extensions: { ...error.extensions, requestId },
          }));
          const isOverloaded = body.singleResult.errors.some(({ extensions }) => extensions?.['code'] === 'OVERLOADED');
          if (isOverloaded && hasNothing(body.singleResult.data)) {
            http.status = 503;
            http.headers.set('retry-after', String(OVERLOADED_RETRY_SECONDS));
          }
          return Promise.resolve();
        },
      }),
  };
}
