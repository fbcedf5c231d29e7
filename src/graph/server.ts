import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { unwrapResolverError } from '@apollo/server/errors';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type ValidationRule } from 'graphql';
import type { Log } from '../log.js';
import { UpstreamError } from '../upstream/errors.js';
import { adviceFor } from '../upstream/tls.js';
import type { Context } from './context.js';
import { formatError } from './formatError.js';
import { buildSchema } from './schema.js';

/** The longest document that is read: without a bound, one of thousands of nested fragments would exhaust the stack. */
const MAX_DOCUMENT_TOKENS = 10_000;

/** `_service { sdl }` tells as much as introspection does, so it goes with it. */
const noService: ValidationRule = (context) => ({
  Field: (node) => {
    if (node.name.value !== '_service' || context.getParentType()?.name !== 'Query') return;
    context.reportError(new GraphQLError('Introspection is off: "_service" is not answered.', { nodes: node }));
  },
});

/** A mutation, say, where the schema has none: graphql-js finds that out while executing, as if it were our fault. */
const noForeignOperation: ValidationRule = (context) => ({
  OperationDefinition: (node) => {
    if (context.getSchema().getRootType(node.operation)) return;
    context.reportError(new GraphQLError(`The schema has no ${node.operation}s.`, { nodes: node }));
  },
});

/** What the log has of an error. Upstream errors hold no secret; of other ones, faults of ours, it has the stack as well. */
function describe(error: unknown): Record<string, unknown> {
  const thrown = unwrapResolverError(error);
  if (!(thrown instanceof UpstreamError)) return { error: thrown instanceof Error ? thrown.stack : String(thrown) };
  const advice = thrown.details.reason === undefined ? undefined : adviceFor(thrown.details.reason);
  return { ...thrown.details, ...(advice !== undefined && { advice }) };
}

const MAX_LOGGED_IDS = 5;

const callerCodes = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_REQUEST',
]);

/** Puts the request id into each error of an answer, and each kind of error into the log once per answer, with its count. */
function createErrorPlugin(log: Log): ApolloServerPlugin<Context> {
  return {
    unexpectedErrorProcessingRequest: ({ requestContext, error }) => {
      log.error({ requestId: requestContext.contextValue.requestId, error: error.stack }, 'an operation failed');
      return Promise.resolve();
    },
    requestDidStart: () =>
      Promise.resolve({
        didEncounterErrors: ({ errors, contextValue: { requestId } }) => {
          const kinds = new Map<
            string,
            { fields: Record<string, unknown>; code: unknown; count: number; ids: Set<unknown> }
          >();
          for (const error of errors) {
            const { extensions } = formatError(error.toJSON(), error);
            const code = extensions?.['code'];
            const isCallers = callerCodes.has(String(code)) && !(unwrapResolverError(error) instanceof UpstreamError);
            const fields = isCallers ? { path: error.path } : describe(error);
            const key = JSON.stringify([code, fields['resource'], fields['field'], fields['reason'], fields['status']]);
            const kind = kinds.get(key) ?? { fields, code, count: 0, ids: new Set() };
            kind.count += 1;
            if (kind.ids.size < MAX_LOGGED_IDS && fields['id'] !== undefined) kind.ids.add(fields['id']);
            kinds.set(key, kind);
          }
          for (const { fields, code, count, ids } of kinds.values()) {
            const level = code === 'INTERNAL_SERVER_ERROR' ? 'error' : callerCodes.has(String(code)) ? 'info' : 'warn';
            const others = ids.size > 1 ? { ids: [...ids] } : {};
            log[level]({ requestId, code, count, ...fields, ...others }, 'an operation met an error');
          }
          return Promise.resolve();
        },
        willSendResponse: ({ response, contextValue: { requestId } }) => {
          const { body } = response;
          if (body.kind === 'single' && body.singleResult.errors) {
            body.singleResult.errors = body.singleResult.errors.map((error) => ({
              ...error,
              extensions: { ...error.extensions, requestId },
            }));
          }
          return Promise.resolve();
        },
      }),
  };
}

/** The graph, ready to be asked. What one operation needs comes with its context. */
export function createGraph(options: Readonly<{ introspection: boolean; log: Log }>): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema: buildSchema(),
    introspection: options.introspection,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    parseOptions: { maxLexicalTokens: MAX_DOCUMENT_TOKENS },
    validationRules: options.introspection ? [noForeignOperation] : [noForeignOperation, noService],
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError,
    logger: options.log,
    plugins: [
      createErrorPlugin(options.log),
      // Each of the first two would wrap every field of the schema.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
    ],
  });
}
