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

/** Maximum number of documents that are known at a time. */
const MAX_DOCUMENTS = 500;

/** Maximum estimated memory of all compiled code, in bytes, and of the code for one field or inline fragment. */
const MAX_CODE_BYTES = 64 * 1024 * 1024;
const SELECTION_BYTES = 5000;

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
 * Counts the fields and fragments of a document that may be compiled. graphql-jit (0.8.9) writes the values that stand in a
 * document into code and runs it, and some texts would run as well. It writes a fragment out wherever it is spread, loses fields that fragments have under
 * conditions, and reads variables within lists in a way of its own. So only plain documents are compiled: no texts, no
 * directives, each fragment spread once, and not too long. All others are executed by graphql-js. They count 0.
 */
function compilableSelections(document: DocumentNode): number {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operations.length !== 1 || operations[0]?.operation !== OperationTypeNode.QUERY) return 0;
  const spread = new Set<string>();
  let selections = 0;
  let problems = 0;
  const insist = (condition: boolean): unknown => {
    if (condition) return undefined;
    problems += 1;
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
  return problems === 0 ? selections : 0;
}

/** A document that was seen once; or its code with its estimated size. The code is null where graphql-js executes it. */
type Known = 'seen' | Readonly<{ query: CompiledQuery['query'] | null; bytes: number }>;

export type Compiler = Readonly<{
  /** Compiles a document that comes again; null for one that was not seen before, or cannot be compiled. */
  find: (document: DocumentNode) => CompiledQuery['query'] | null;
  /** Leaves a document to graphql-js from now on. */
  giveUp: (document: DocumentNode) => void;
}>;

/** Creates a compiler that remembers documents. */
export function createCompiler(schema: GraphQLSchema): Compiler {
  const known = new LRUCache<DocumentNode, Known>({
    max: MAX_DOCUMENTS,
    maxSize: MAX_CODE_BYTES,
    sizeCalculation: (value) => 1 + (value === 'seen' ? 0 : value.bytes),
  });

  function compile(document: DocumentNode): Known {
    const selections = compilableSelections(document);
    if (selections === 0) return { query: null, bytes: 0 };
    const compiled = compileQuery(schema, document, undefined, { disablingCapturingStackErrors: true });
    return { query: isCompiledQuery(compiled) ? compiled.query : null, bytes: selections * SELECTION_BYTES };
  }

  return {
    find: (document) => {
      const before = known.get(document);
      const now = before === undefined ? 'seen' : before === 'seen' ? compile(document) : before;
      if (now !== before) known.set(document, now);
      return now === 'seen' ? null : now.query;
    },
    giveUp: (document) => {
      known.set(document, { query: null, bytes: 0 });
    },
  };
}
