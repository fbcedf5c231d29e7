import { GraphQLError, Kind, parse, visit, type DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { extentOf } from './documentExtent.js';
import { tooComplex } from './tooComplex.js';

/** Maximum number of values in one list of an argument, in a document or a variable. */
export const MAX_LIST_VALUES = 100;

/** Maximum length of a text in a variable, in characters. Shorter ones that are too long are refused by their field. */
export const MAX_TEXT_CHARACTERS = 16_000;

/**
 * Limits on a document, checked before it is validated: validation compares fields with one another. The usual introspection
 * query has 15 levels and 10 lists; a dashboard's query has a tenth of the rest.
 */
export const documentLimits = {
  characters: 100_000,
  /** graphql-js counts the lines before each error that it locates: see `maxErrorsOf`. */
  lines: 3000,
  tokens: 5000,
  /** Levels of fields. */
  depth: 16,
  /** Levels of selection sets: of fields, inline fragments and fragments that are spread. */
  nesting: 80,
  /** Fields, inline fragments and spreads, skipped ones included, with fragments written out in each place. */
  expanded: 10_000,
  /** Pairs of fields of one name in one place. */
  pairs: 60_000,
  rootFields: 200,
  aliases: 250,
  directives: 100,
  fragments: 50,
  operations: 10,
  /** Fields and fragments that are written side by side. */
  selections: 300,
  /** Values of one list in an argument; the longest enum has nine. */
  listValues: MAX_LIST_VALUES,
  /** Characters of one text in an argument: ids, moments and cursors, which are shorter. */
  textCharacters: 2000,
  /** Characters of one name, as an alias is repeated for each row of the answer. */
  nameCharacters: 80,
  /** Characters of an operation's name: routers add the subgraph's name and a number to the caller's. */
  operationNameCharacters: 512,
  /** `_service`, `__schema` and `__type`, whose answers are long whatever the server has. */
  schemaFields: 4,
  /** Lists in `__schema` and `__type`; each multiplies what is in it. */
  schemaLists: 20,
  /** Estimated values in `__schema` and `__type`. The usual introspection query has about 85,000. */
  schemaValues: 200_000,
} as const;

/** Maximum total length of the remembered texts of good documents, in characters. */
const REMEMBERED_CHARACTERS = 2_000_000;

const LINE_ENDS = /\r\n|[\n\r]/g;

/** Counts lines as graphql-js does. It searches them again for the location of each error. */
export function countLines(text: string): number {
  let count = 1;
  LINE_ENDS.lastIndex = 0;
  while (LINE_ENDS.test(text)) count += 1;
  return count;
}

type Measure = readonly [count: number, limit: keyof typeof documentLimits, what: string];

function excessOf(measures: readonly Measure[]): GraphQLError | null {
  const excess = measures.find(([count, limit]) => count > documentLimits[limit]);
  return excess
    ? tooComplex(`The document has ${excess[0]} ${excess[2]}; the limit is ${documentLimits[excess[1]]}.`)
    : null;
}

/** Returns the lengths of the longest list and the longest text in the document, outside of representations. */
function longestValues(document: DocumentNode): { list: number; text: number } {
  const longest = { list: 0, text: 0 };
  visit(document, {
    Argument: ({ name }) => (name.value === 'representations' ? false : undefined), // their number has a limit of its own
    ListValue: ({ values }) => {
      longest.list = Math.max(longest.list, values.length);
    },
    StringValue: ({ value }) => {
      longest.text = Math.max(longest.text, value.length);
    },
  });
  return longest;
}

function measuresOf(document: DocumentNode): readonly Measure[] {
  let aliases = 0;
  let directives = 0;
  let sideBySide = 0;
  let nameCharacters = 0;
  let operationNameCharacters = 0;
  visit(document, {
    OperationDefinition: ({ name }) => {
      operationNameCharacters = Math.max(operationNameCharacters, name?.value.length ?? 0);
    },
    Field: ({ alias }) => {
      if (alias) aliases += 1;
    },
    Directive: () => {
      directives += 1;
    },
    SelectionSet: ({ selections }) => {
      sideBySide = Math.max(sideBySide, selections.length);
    },
    Name: ({ value }, _, parent) => {
      const isOperationName = parent !== undefined && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION;
      if (!isOperationName) nameCharacters = Math.max(nameCharacters, value.length);
    },
  });
  const countOf = (kind: Kind): number => document.definitions.filter((node) => node.kind === kind).length;
  const longest = longestValues(document);
  const extent = extentOf(document, documentLimits.expanded);
  return [
    [extent.depth, 'depth', 'levels of fields'],
    [extent.rootFields, 'rootFields', 'root fields'],
    [aliases, 'aliases', 'aliases'],
    [directives, 'directives', 'directives'],
    [countOf(Kind.FRAGMENT_DEFINITION), 'fragments', 'fragments'],
    [countOf(Kind.OPERATION_DEFINITION), 'operations', 'operations'],
    [sideBySide, 'selections', 'fields in one place'],
    [nameCharacters, 'nameCharacters', 'characters in one name'],
    [operationNameCharacters, 'operationNameCharacters', "characters in an operation's name"],
    [longest.list, 'listValues', 'values in one list'],
    [longest.text, 'textCharacters', 'characters in one text'],
    [extent.schemaFields, 'schemaFields', 'fields that tell the schema'],
    [extent.schemaLists, 'schemaLists', 'lists in those that tell the schema'],
    [extent.schemaValues, 'schemaValues', 'values or more in those that tell the schema'],
    [extent.nesting, 'nesting', 'levels of fields and fragments'],
    [extent.expanded, 'expanded', 'fields and fragments or more with its fragments written out'],
    [extent.pairs, 'pairs', 'pairs of fields with one name in one place'],
  ];
}

function check(text: string): GraphQLError | null {
  const excess = excessOf([
    [text.length, 'characters', 'characters'],
    [countLines(text), 'lines', 'lines'],
  ]);
  if (excess) return excess;
  try {
    return excessOf(measuresOf(parse(text, { maxLexicalTokens: documentLimits.tokens, noLocation: true })));
  } catch (error) {
    if (error instanceof RangeError) return tooComplex('The document is nested deeper than can be read.');
    if (error instanceof GraphQLError && error.message.includes(' tokens. Parsing aborted.')) {
      return tooComplex(`The document has more than ${documentLimits.tokens} tokens, which is the limit.`);
    }
    if (error instanceof GraphQLError) return null; // no GraphQL; who executes it says where
    throw error;
  }
}

/** Creates a check that returns why a document is refused before it is validated; null when it is good. */
export function createDocumentCheck(): (text: string) => GraphQLError | null {
  const good = new LRUCache<string, true>({
    maxSize: REMEMBERED_CHARACTERS,
    sizeCalculation: (_, text) => text.length + 1,
  });
  return (text) => {
    if (good.get(text) === true) return null;
    const problem = check(text);
    if (!problem) good.set(text, true);
    return problem;
  };
}
