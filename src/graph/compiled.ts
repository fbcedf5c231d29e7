import { BREAK, Kind, OperationTypeNode, visit, type DocumentNode, type GraphQLSchema } from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';

/**
 * What may be part of the code that graphql-jit writes. It joins the names along a path with `_` and numbers lists with `idx`,
 * so that others could be taken for one another.
 */
const plainAlias = /^(?!idx\d)[A-Za-z][A-Za-z0-9]*$/;

/** Other fields of the schema's own are rare, and told by graphql-js. */
const plainField = /^([A-Za-z][A-Za-z0-9]*|__typename|_entities)$/;

/**
 * Whether a document may be compiled. graphql-jit writes the values that stand in a document into code and runs it, and some
 * texts would run as well (0.8.9: those that begin as its own marks for dates do). So a document with any text in it is
 * executed by graphql-js: its writer's texts belong into variables, which are never part of code.
 */
function isCompilable(document: DocumentNode): boolean {
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operations.length !== 1 || operations[0]?.operation !== OperationTypeNode.QUERY) return false;
  let isPlain = true;
  const refuse = (): typeof BREAK => {
    isPlain = false;
    return BREAK;
  };
  visit(document, {
    StringValue: refuse,
    FloatValue: refuse,
    Field: ({ name, alias }) =>
      plainField.test(name.value) && (alias === undefined || plainAlias.test(alias.value)) ? undefined : refuse(),
  });
  return isPlain;
}

/** What is known of a document: that it was seen, its code, or that it has none. */
type Known = 'seen' | 'none' | CompiledQuery['query'];

/** Compiles documents that come again; null for one that was not seen before, or cannot be compiled. */
export function createCompiler(schema: GraphQLSchema): (document: DocumentNode) => CompiledQuery['query'] | null {
  const known = new WeakMap<DocumentNode, Known>();

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
