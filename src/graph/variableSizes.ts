import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isInputObjectType,
  isListType,
  Kind,
  typeFromAST,
  valueFromASTUntyped,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { MAX_LIST_VALUES, MAX_TEXT_CHARACTERS } from './documentLimits.js';
import { createFieldsOf } from './fields.js';

type Given = Readonly<Record<string, unknown>>;

export function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((node) => [node.name.value, node]));
}

function tooLarge(name: string, what: string, limit: number, got: number): GraphQLError {
  return new GraphQLError(`Variable "$${name}" must have at most ${limit} ${what}; it has ${got}.`, {
    extensions: { code: 'BAD_USER_INPUT', argument: name, http: { status: 400 } },
  });
}

/** Returns the error for a value that is larger than any has to be; null when there is none. */
function problemWithValue(name: string, type: GraphQLInputType, value: unknown): GraphQLError | null {
  if (typeof value === 'string') {
    return value.length > MAX_TEXT_CHARACTERS ? tooLarge(name, 'characters', MAX_TEXT_CHARACTERS, value.length) : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const nullable = getNullableType(type);
  if (getNamedType(type).name === '_Any') return null; // the number of representations has a limit of its own
  if (Array.isArray(value)) {
    if (value.length > MAX_LIST_VALUES) return tooLarge(name, 'values', MAX_LIST_VALUES, value.length);
    // A list where the type has none is wrong, whatever it holds: it may be nested deeper than can be walked.
    const inner = isListType(nullable) ? nullable.ofType : null;
    return inner && firstOf(value, (one: unknown) => problemWithValue(name, inner, one));
  }
  if (!isInputObjectType(nullable)) return null;
  const fields = Object.values(nullable.getFields());
  const count = Object.keys(value).length;
  if (count > fields.length) return tooLarge(name, 'fields', fields.length, count);
  return firstOf(fields, (field) =>
    problemWithValue(
      `${name}.${field.name}`,
      field.type,
      Object.hasOwn(value, field.name) ? (value as Given)[field.name] : null,
    ),
  );
}

/** Returns the first problem that `find` returns for one of the values; null when there is none. */
function firstOf<T>(values: readonly T[], find: (value: T) => GraphQLError | null): GraphQLError | null {
  for (const value of values) {
    const problem = find(value);
    if (problem) return problem;
  }
  return null;
}

/** Returns the error for the first variable that has a value too large; null when all are small. */
export function problemWithVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Given,
): GraphQLError | null {
  return firstOf(variableDefinitions, ({ variable, type }) => {
    const { value: name } = variable.name;
    const inputType = typeFromAST(schema, type) as GraphQLInputType | undefined; // as validation saw to it
    return inputType && Object.hasOwn(given, name) ? problemWithValue(name, inputType, given[name]) : null;
  });
}

/** Returns the length of a list that is an argument, written in the document or given as a variable. */
function lengthOf(
  { arguments: args = [] }: FieldNode,
  argument: string,
  operation: OperationDefinitionNode,
  given: Given,
) {
  let node = args.find(({ name }) => name.value === argument)?.value;
  if (node?.kind === Kind.VARIABLE) {
    const name = node.name.value;
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value !== undefined) return Array.isArray(value) ? value.length : 1;
    node = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue;
  }
  return node?.kind === Kind.LIST ? node.values.length : 1;
}

/** Returns the variables of an operation, those that were not given with their defaults. Nothing is coerced. */
export function withDefaults({ variableDefinitions = [] }: OperationDefinitionNode, given: Given): Given {
  const defaults = variableDefinitions.flatMap(({ variable, defaultValue }) =>
    defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)] as const] : [],
  );
  return defaults.length === 0 ? given : { ...Object.fromEntries(defaults), ...given };
}

/** Counts the representations that an operation's `_entities` fields ask for, without reading any of them. */
export function countRepresentations(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  given: Given,
): number {
  const root = schema.getRootType(operation.operation);
  if (!root) return 0;
  const fieldsOf = createFieldsOf(schema, { fragments: fragmentsOf(document), variableValues: given });
  const lengths = new Map<string, number>();
  for (const node of fieldsOf(operation.selectionSet, root)) {
    if (node.name.value !== '_entities') continue;
    lengths.set(node.alias?.value ?? '', lengthOf(node, 'representations', operation, given));
  }
  return [...lengths.values()].reduce((sum, length) => sum + length, 0);
}
