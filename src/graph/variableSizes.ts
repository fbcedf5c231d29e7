import {
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  typeFromAST,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { badInput } from './badInput.js';
import { MAX_LIST_VALUES } from './documentLimits.js';
import { createFieldsOf } from './fields.js';

type Given = Readonly<Record<string, unknown>>;

export function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((node) => [node.name.value, node]));
}

/** Returns the error for a list that is longer than any list needs to be; null when there is none. */
function problemWithList(name: string, type: GraphQLInputType, value: unknown): GraphQLError | null {
  if (typeof value !== 'object' || value === null) return null;
  if (isNonNullType(type)) return problemWithList(name, type.ofType, value);
  if (isListType(type)) {
    // The number of representations has a limit of its own.
    if (!Array.isArray(value) || value.length <= MAX_LIST_VALUES || String(type.ofType).startsWith('_Any')) return null;
    const problem = badInput(name, `a list of at most ${MAX_LIST_VALUES} values`, `${value.length} values`);
    problem.extensions['http'] = { status: 400 };
    return problem;
  }
  if (!isInputObjectType(type)) return null;
  for (const field of Object.values(type.getFields())) {
    if (!Object.hasOwn(value, field.name)) continue;
    const problem = problemWithList(`${name}.${field.name}`, field.type, (value as Given)[field.name]);
    if (problem) return problem;
  }
  return null;
}

/** Returns the error for the first variable with a list that is too long; null when all are short. Reads no list's values. */
export function problemWithVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: Given,
): GraphQLError | null {
  for (const { variable, type } of variableDefinitions) {
    const { value: name } = variable.name;
    const inputType = typeFromAST(schema, type) as GraphQLInputType | undefined; // as validation saw to it
    const problem = inputType ? problemWithList(name, inputType, Object.hasOwn(given, name) && given[name]) : null;
    if (problem) return problem;
  }
  return null;
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
