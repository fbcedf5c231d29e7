import {
  isNullableType,
  isObjectType,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';
import { asError } from '../upstream/errors.js';
import { limitError, MAX_ERRORS, type AnswerSize, type LaterHandlers } from './answerSize.js';
import type { Context } from './context.js';
import { countLines } from './documentLimits.js';

/** Maximum number of lines, and of characters, that are searched to locate all errors of one answer. */
const MAX_SEARCHED_LINES = 500_000;
const MAX_SEARCHED_CHARACTERS = 20_000_000;

const knownLimits = new WeakMap<DocumentNode, number>();

/**
 * Returns the maximum number of errors in an answer to a document: `MAX_ERRORS`, or less for a document of more than 500 lines
 * or 20,000 characters. graphql-js looks for the ends of lines anew for each error.
 */
export function maxErrorsOf(document: DocumentNode): number {
  let limit = knownLimits.get(document);
  if (limit === undefined) {
    const text = document.loc?.source.body ?? '';
    limit = Math.floor(
      Math.min(MAX_ERRORS, MAX_SEARCHED_LINES / countLines(text), MAX_SEARCHED_CHARACTERS / text.length),
    );
    knownLimits.set(document, limit);
  }
  return limit;
}

type Resolver = GraphQLFieldResolver<unknown, Context, Record<string, unknown>>;

const createHandlers = (answerSize: AnswerSize): LaterHandlers => ({
  onValue: (value) => (value instanceof Error ? limitError(answerSize, value) : value),
  onError: (error) => limitError(answerSize, asError(error)),
});

const limited =
  (resolve: Resolver): Resolver =>
  (source, args, context, info) => {
    const { answerSize } = context;
    try {
      const value = resolve(source, args, context, info);
      if (value instanceof Promise) {
        const { onValue, onError } = (answerSize.laterHandlers ??= createHandlers(answerSize));
        return value.then(onValue, onError);
      }
      return value instanceof Error ? limitError(answerSize, value) : value;
    } catch (error) {
      return limitError(answerSize, asError(error));
    }
  };

/**
 * Limits the errors that an answer's fields fail with where they arise: one error costs more to create, locate, format and log
 * than the field it belongs to. Beyond the limit, a field is null and counted. Fields without a resolver of their own are
 * limited by `readField`.
 */
export function limitErrors(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (field.resolve && isNullableType(field.type)) field.resolve = limited(field.resolve);
    }
  }
}
