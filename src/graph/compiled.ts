import {
  BREAK,
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  type ListValueNode,
} from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';

/** How many documents are known at a time. */
const MAX_DOCUMENTS = 500;

/**
 * Maximum number of fields and inline fragments in a document that is compiled. Compiling takes a fifth of a millisecond for
 * each, and others wait for it.
 */
const MAX_SELECTIONS = 250;

/**
 * What aliases and variables may be named. graphql-jit joins the names along a path with `_`, and numbers lists with `idx`, so
 * that others could be taken for one another, or for what every object has.
 */
const plainName = /^(?!idx\d)[A-Za-z][A-Za-z0-9]*$/;

/** The schema's own fields are rare, and told by graphql-js. */
const plainField = /^([A-Za-z][A-Za-z0-9]*|__typename|_entities)$/;

/** References may be anything, so that any value that stands in the document would be part of the code. */
function hasPlainArguments({ name, arguments: given = [] }: FieldNode): boolean {
  return name.value !== '_entities' || given.every(({ value }) => value.kind === Kind.VARIABLE);
}

const isPlainField = (field: FieldNode): boolean =>
  plainField.test(field.name.value) &&
  (field.alias === undefined || plainName.test(field.alias.value)) &&
  hasPlainArguments(field);

const isPlainList = ({ values }: ListValueNode): boolean => values.every(({ kind }) => kind !== Kind.VARIABLE);

/**
 * Whether a document may be compiled. graphql-jit (0.8.9) writes the values that stand in a document into code and runs it,
 * and some texts would run as well. It writes a fragment out wherever it is spread, loses fields that fragments have under
 * conditions, and reads variables within lists in a way of its own. So only plain documents are compiled: no texts, no
 * directives, each fragment spread once, and not too long. All others are executed by graphql-js.
 */
function isCompilable(document: DocumentNode): boolean {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operations.length !== 1 || operations[0]?.operation !== OperationTypeNode.QUERY) return false;
  const spread = new Set<string>();
  let selections = 0;
  let isPlain = true;
  const insist = (condition: boolean): unknown => {
    if (condition) return undefined;
    isPlain = false;
    return BREAK;
  };
  visit(document, {
    StringValue: () => insist(false),
    FloatValue: () => insist(false),
    Directive: () => insist(false),
    Variable: ({ name }) => insist(plainName.test(name.value)),
    ListValue: (node) => insist(isPlainList(node)),
    SelectionSet: (node) => insist((selections += node.selections.length) <= MAX_SELECTIONS),
    Field: (node) => insist(isPlainField(node)),
    FragmentSpread: ({ name }) => insist(!spread.has(name.value) && spread.add(name.value).size > 0),
  });
  return isPlain;
}

/** What is known of a document: that it was seen, its code, or that it has none. */
type Known = 'seen' | 'none' | CompiledQuery['query'];

/** Compiles documents that come again; null for one that was not seen before, or cannot be compiled. */
export function createCompiler(schema: GraphQLSchema): (document: DocumentNode) => CompiledQuery['query'] | null {
  const known = new LRUCache<DocumentNode, Known>({ max: MAX_DOCUMENTS });

  function compile(document: DocumentNode): Known {
    if (!isCompilable(document)) return 'none';
    const compiled = compileQuery(schema, document, undefined, { disablingCapturingStackErrors: true });
    return isCompiledQuery(compiled) ? compiled.query : 'none';
  }

  return (document) => {
    const before = known.get(document);
    const now = before === undefined ? 'seen' : before === 'seen' ? compile(document) : before;
    if (now !== before) known.set(document, now);
    return typeof now === 'function' ? now : null;
  };
}
