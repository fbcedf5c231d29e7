import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import {
  execute,
  getOperationAST,
  GraphQLError,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { nextTurn } from '../upstream/turn.js';
import { countOmitted, emptyAnswer, hasRoomFor, readField, type AnswerSize } from './answerSize.js';
import { createCompiler } from './compiled.js';
import type { Context } from './context.js';
import { limitErrors, maxErrorsOf } from './errorLimit.js';
import { codeOf } from './formatError.js';

type Gateway = ApolloServerOptionsWithGateway<Context>['gateway'];

/** Length of an answer's texts from which others get a turn before it is serialized. */
const LARGE_CHARACTERS = 1024 * 1024;

/** Returns whether an answer takes so long to serialize that others get a turn before. */
const isLarge = ({ answerSize, compiling }: Context): boolean =>
  !compiling.isAllowed || answerSize.characters > LARGE_CHARACTERS;

/** How many problems of an operation's variables are told. */
const MAX_TOLD_PROBLEMS = 20;

/** graphql-jit's errors lack what Apollo and `formatError` go by. */
function rebuild({ message, path, locations, originalError }: GraphQLError): GraphQLError {
  return Object.assign(new GraphQLError(message, { path, originalError }), { locations });
}

/**
 * Returns what compiled code gave, with errors as graphql-js has them. Null if its texts are too long: graphql-js has to
 * leave some out. Compiled code reads fields without `readField`, so that errors beyond the limit are counted here.
 */
function accept({ data, errors = [] }: ExecutionResult, answerSize: AnswerSize): ExecutionResult | null {
  if (data === undefined || !hasRoomFor(data, answerSize)) return null;
  if (errors.length === 0) return { data };
  const { maxErrors } = answerSize;
  for (let index = maxErrors; index < errors.length; index += 1) {
    const error = errors[index];
    if (error) countOmitted(answerSize, codeOf(error));
  }
  return { data, errors: errors.slice(0, maxErrors).map(rebuild) };
}

/**
 * Executes operations for Apollo, which takes an executor where a gateway would have its own. Documents that come again are
 * compiled. Answers with too much text, which compiled code does not count, are executed once more by graphql-js. That costs the
 * server nothing: an operation asks for each thing once, and remembers what it was told. Operations of which Apollo takes a trace
 * are executed in a schema of their own, for Apollo wraps each field of it for good.
 */
export function createExecutor(schema: GraphQLSchema, tracedSchema = schema): Gateway {
  limitErrors(schema);
  if (tracedSchema !== schema) limitErrors(tracedSchema);
  const compiler = createCompiler(schema);

  /** Executes by graphql-js. */
  async function interpret(args: ExecutionArgs, { answerSize }: Context): Promise<ExecutionResult> {
    // What was counted for code counts anew.
    Object.assign(answerSize, emptyAnswer, { maxErrors: maxErrorsOf(args.document) });
    return execute({ ...args, fieldResolver: readField, options: { maxCoercionErrors: MAX_TOLD_PROBLEMS } });
  }

  /** Executes by compiled code where there is some and it is safe, else by graphql-js. */
  async function run(args: ExecutionArgs, contextValue: Context): Promise<ExecutionResult> {
    const { document, variableValues, operationName } = args;
    const { answerSize, compiling } = contextValue;
    answerSize.maxErrors = maxErrorsOf(document);
    const query = compiling.isAllowed ? compiler.find(document) : null;
    if (!query || !getOperationAST(document, operationName)) return interpret(args, contextValue);
    const result = await query(undefined, contextValue, variableValues ?? {});
    // Compiled code makes errors of plain fields without a limit.
    if ((result.errors?.length ?? 0) > answerSize.maxErrors) compiler.giveUp(document);
    const accepted = accept(result, answerSize);
    if (accepted) return accepted;
    await nextTurn(); // graphql-js executes the operation again
    return interpret(args, contextValue);
  }

  return {
    load: () =>
      Promise.resolve({
        executor: async ({ document, request, context, metrics }) => {
          const contextValue = context as Context; // as `createGraphqlRoute` made it
          const { variables = {}, operationName } = request;
          const args = { schema, document, contextValue, variableValues: variables, operationName };
          const isTraced = metrics.captureTraces === true;
          const result = await (isTraced
            ? interpret({ ...args, schema: tracedSchema }, contextValue)
            : run(args, contextValue));
          if (isLarge(contextValue)) await nextTurn();
          return result;
        },
      }),
    onSchemaLoadOrUpdate: (callback) => {
      callback({ apiSchema: tracedSchema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    stop: () => Promise.resolve(),
  };
}
