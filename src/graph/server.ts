import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type GraphQLSchema, type ValidationRule } from 'graphql';
import type { TrustedDocument } from '../config/manifest.js';
import { ConfigError } from '../config/problems.js';
import { settings } from '../config/settings.js';
import type { Log } from '../log.js';
import { reserveTexts } from './answerMemory.js';
import { readField } from './answerSize.js';
import type { Context } from './context.js';
import { createCachePlugin } from './cachePolicy.js';
import { createCostPlugin } from './costPlugin.js';
import { documentLimits } from './documentLimits.js';
import { createDocumentStore } from './documentStore.js';
import { createErrorPlugin } from './errorPlugin.js';
import { createExecutor } from './executor.js';
import { formatError, withoutSuggestions } from './formatError.js';
import { createPersistedQueries, createRegistrationPlugin, type PersistedQueries } from './persistedQueries.js';
import { buildSchema, isFreeTypeName } from './schema.js';
import { createSummaryPlugin } from './summary.js';
import { problemsOfDocuments } from './trustedDocuments.js';

/** How many problems of one document are told. */
const MAX_TOLD_PROBLEMS = 20;

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

export type GraphOptions = Readonly<{
  introspection: boolean;
  /** The only documents that may run; null for any. */
  trustedDocuments: readonly TrustedDocument[] | null;
  /** Whether operations that a supergraph's gateway asks a trace of (ftv1) get one. */
  federatedTracing: boolean;
  /** What the type `Statistics` is named. */
  statisticsTypeName: string;
  log: Log;
}>;

/** Loaded where it is switched on: others need not wait for it. A trace is sent on, so it has where something went wrong, not what. */
async function loadTracing(): Promise<ApolloServerPlugin<Context>> {
  const { ApolloServerPluginInlineTrace } = await import('@apollo/server/plugin/inlineTrace');
  return ApolloServerPluginInlineTrace({ includeErrors: { masked: true } });
}

/** The graph, ready to be asked. What one operation needs comes with its context. Rejects with a `ConfigError` for what does not fit the schema. */
export async function createGraph(
  options: GraphOptions,
  persistedQueries: PersistedQueries | null = createPersistedQueries(),
): Promise<ApolloServer<Context>> {
  if (!isFreeTypeName(options.statisticsTypeName)) {
    const { env: variable, expects } = settings.statisticsTypeName;
    throw new ConfigError([`${variable} must be ${expects}; got "${options.statisticsTypeName}"`]);
  }
  const build = (): GraphQLSchema => buildSchema(options.statisticsTypeName);
  const schema = build();
  const validationRules = options.introspection ? [noForeignOperation] : [noForeignOperation, noService];
  const problems = problemsOfDocuments(options.trustedDocuments ?? [], schema, { ...options, validationRules });
  if (problems.length > 0) {
    throw new ConfigError(problems.map((problem) => `${settings.trustedDocuments.env}: ${problem}`));
  }
  return new ApolloServer<Context>({
    gateway: reserveTexts(createExecutor(schema, options.federatedTracing ? build() : undefined)),
    fieldResolver: readField, // of fields that Apollo has wrapped
    persistedQueries: persistedQueries ? { cache: persistedQueries.cache } : false,
    introspection: options.introspection,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    parseOptions: { maxLexicalTokens: documentLimits.tokens },
    validationOptions: { maxErrors: MAX_TOLD_PROBLEMS },
    validationRules,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    documentStore: createDocumentStore(),
    // No page makes a browser send a bearer token without a preflight, and urql's GETs have no other header that says so.
    csrfPrevention: { requestHeaders: ['authorization', 'x-apollo-operation-name', 'apollo-require-preflight'] },
    formatError: options.introspection ? formatError : withoutSuggestions(formatError),
    logger: options.log,
    plugins: [
      createErrorPlugin(options.log),
      createCostPlugin(),
      createSummaryPlugin(),
      createCachePlugin(),
      ...(persistedQueries ? [createRegistrationPlugin()] : []),
      // It would wrap every field of the schema.
      ApolloServerPluginCacheControlDisabled(),
      options.federatedTracing ? await loadTracing() : ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      // Variables of Apollo's in the environment would switch these on: the gateway talks to the backup server alone.
      ApolloServerPluginUsageReportingDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
    ],
  });
}
