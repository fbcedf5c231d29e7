import type { ApolloServerPlugin, GraphQLRequestContextDidResolveOperation } from '@apollo/server';
import {
  BREAK,
  getVariableValues,
  type GraphQLError,
  visit,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { refuseManyFields } from './anonymous.js';
import type { Context } from './context.js';
import { costOf, MAX_ANSWER_BYTES, MAX_FIELDS, MAX_REPRESENTATIONS, type Cost } from './cost.js';
import { MAX_TEXT_CHARACTERS } from './documentLimits.js';
import { createFieldsOf } from './fields.js';
import type { Selections } from './selection.js';
import { tooComplex } from './tooComplex.js';
import { countRepresentations, fragmentsOf, problemWithVariables, withDefaults } from './variableSizes.js';

type Resolved = Pick<
  GraphQLRequestContextDidResolveOperation<Context>,
  'schema' | 'document' | 'request' | 'contextValue'
> &
  Readonly<{ operation?: OperationDefinitionNode | undefined }>;

/** Why an operation is refused; null when it is not. */
function problemWith({ requests, fields, answerBytes }: Cost, maxRequests: number): GraphQLError | null {
  const lessOf = 'Ask for fewer rows, or for less of each.';
  if (requests > maxRequests) {
    return tooComplex(
      `The operation can cost the backup server ${requests} requests; the limit is ${maxRequests}. ${lessOf}`,
    );
  }
  if (fields > MAX_FIELDS) {
    return tooComplex(`The answer can have ${fields} fields or more; the limit is ${MAX_FIELDS}. ${lessOf}`);
  }
  if (answerBytes > MAX_ANSWER_BYTES) {
    const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
    return tooComplex(
      `The answer can have ${mebibytes(answerBytes)} MiB or more; the limit is ${mebibytes(MAX_ANSWER_BYTES)} MiB. ${lessOf}`,
    );
  }
  return null;
}

/**
 * Maximum number of fields in an answer that compiled code makes. If the server sends bad values, compiled code creates an
 * error for each of them, and only then can the operation be given to graphql-js, which stops at `maxErrors`.
 */
const MAX_COMPILED_FIELDS = 25_000;

/** Texts up to this length may be enum values, on which the cost can depend; others are ids and the like. */
const MAX_WORD_CHARACTERS = 32;

const MAX_REMEMBERED = 50;
/** Maximum length of a shape, without the operation's name. */
const MAX_SHAPE_CHARACTERS = 500;

/**
 * What of an operation's variables its cost can depend on: all but what ids and moments say, of which it is enough to know
 * which are the same. Null where they hold more than a few plain values.
 */
function shapeOf(
  { name, variableDefinitions = [] }: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): string | null {
  let shape = name?.value ?? '';
  const maxCharacters = shape.length + MAX_SHAPE_CHARACTERS;
  const texts: string[] = [];
  for (const { variable } of variableDefinitions) {
    const value = given[variable.name.value];
    if (typeof value === 'object' && value !== null) return null;
    const isText = typeof value === 'string' && value.length > MAX_WORD_CHARACTERS;
    if (isText && value.length > MAX_TEXT_CHARACTERS) return null; // refused
    if (isText && !texts.includes(value)) texts.push(value);
    shape += ` ${isText ? `#${texts.indexOf(value)}` : JSON.stringify(value)}`;
    if (shape.length > maxCharacters) return null;
  }
  return shape;
}

/** Ids that stand in the document may be those of variables, too; then the shape of these does not tell which are the same. */
function hasTexts(document: DocumentNode): boolean {
  let isFound = false;
  visit(document, {
    StringValue: () => {
      isFound = true;
      return BREAK;
    },
  });
  return isFound;
}

/** Counts the fields that an operation asks for at its root. */
function countRootFields(schema: GraphQLSchema, selections: Selections, operation: OperationDefinitionNode): number {
  const root = schema.getRootType(operation.operation);
  return root ? createFieldsOf(schema, selections)(operation.selectionSet, root).size : 0;
}

/** Refuses an operation that would cost the server, or this process, too much, before the first request is sent for it. */
export function createCostPlugin(): ApolloServerPlugin<Context> {
  /** The cost of each admitted document, by the shapes of its variables; null for a document of which the shapes do not tell the cost. */
  const admitted = new WeakMap<DocumentNode, Map<string, Cost> | null>();

  function shapesOf(document: DocumentNode): Map<string, Cost> | null {
    const known = admitted.get(document);
    if (known !== undefined) return known;
    const shapes = hasTexts(document) ? null : new Map<string, Cost>();
    admitted.set(document, shapes);
    return shapes;
  }

  function apply({ fields, answerBytes }: Cost, { compiling, answerMemory }: Context): void {
    // Only admitted operations get here: compiled code takes variables that graphql-js refuses.
    compiling.isAllowed = fields <= MAX_COMPILED_FIELDS;
    answerMemory.estimate(answerBytes);
  }

  /** Sets the estimated size of the answer of an operation that is within its limits. Throws why one is refused. */
  function admit({ schema, document, operation, request, contextValue }: Resolved): void {
    if (!operation) return; // none has that name, which execution tells
    const given = request.variables ?? {};
    const { maxRequests, noToken } = contextValue;
    const shapes = noToken ? null : shapesOf(document);
    const shape = shapes && shapeOf(operation, given);
    const known = shape === null ? undefined : shapes?.get(shape);
    if (known) {
      apply(known, contextValue);
      return;
    }

    const count = countRepresentations(schema, document, operation, withDefaults(operation, given));
    if (count > MAX_REPRESENTATIONS) {
      throw tooComplex(`The operation has ${count} representations; the limit is ${MAX_REPRESENTATIONS}.`);
    }
    const problemOfLists = problemWithVariables(schema, operation, given);
    if (problemOfLists) throw problemOfLists;
    const fragments = fragmentsOf(document);
    if (noToken) {
      // Execution refuses each field that needs the server, and answers those about the schema.
      const rootFields = countRootFields(
        schema,
        { fragments, variableValues: withDefaults(operation, given) },
        operation,
      );
      const refusal = refuseManyFields(rootFields, count, noToken);
      if (refusal) throw refusal;
      return;
    }

    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: 1 });
    if (!coerced) return; // execution tells what is wrong with them
    const cost = costOf(schema, operation, { fragments, variableValues: coerced }, maxRequests);
    const problem = problemWith(cost, maxRequests);
    if (problem) throw problem;
    if (shape !== null && shapes && shapes.size < MAX_REMEMBERED) shapes.set(shape, cost);
    apply(cost, contextValue);
  }

  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: (resolved) => {
          admit(resolved);
          return Promise.resolve();
        },
      }),
  };
}
