import {
  GraphQLError,
  Kind,
  parse,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { tooComplex } from './tooComplex.js';

/**
 * What a document may have. Two of the validation's own rules take quadratic time, so that these bounds are looked at before.
 * The usual introspection query is 15 deep and has 10 lists; a dashboard's query has a tenth of the rest.
 */
export const documentLimits = {
  tokens: 5000,
  depth: 16,
  rootFields: 200,
  aliases: 250,
  directives: 100,
  fragments: 50,
  operations: 10,
  /** Fields and fragments that are written side by side: validation compares each with each. */
  selections: 300,
  /** Characters of one name, as an alias is repeated for each row of the answer. */
  nameCharacters: 80,
  /** `_service`, `__schema` and `__type`, whose answers are long whatever the server has. */
  schemaFields: 4,
  /** Lists in `__schema` and `__type`; each multiplies what is in it. */
  schemaLists: 20,
} as const;

/** How many characters of documents that were found good are remembered. */
const REMEMBERED_CHARACTERS = 2_000_000;

const schemaFields = new Set(['_service', '__schema', '__type']);
const schemaLists = new Set([
  'types',
  'fields',
  'args',
  'inputFields',
  'interfaces',
  'enumValues',
  'possibleTypes',
  'directives',
]);

/** What is selected somewhere, fragments included, as often as they are spread. */
type Extent = { depth: number; fields: number; schemaFields: number; lists: number; schemaLists: number };

const nothing: Extent = { depth: 0, fields: 0, schemaFields: 0, lists: 0, schemaLists: 0 };

function createRuler(document: DocumentNode): (selectionSet: SelectionSetNode | undefined) => Extent {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const known = new Map<string, Extent>();

  function extentOfFragment(name: string): Extent {
    const extent = known.get(name);
    if (extent) return extent;
    known.set(name, nothing); // what spreads itself is refused by validation
    const measured = extentOf(fragments.get(name)?.selectionSet);
    known.set(name, measured);
    return measured;
  }

  function extentOf(selectionSet: SelectionSetNode | undefined): Extent {
    const extent = { ...nothing };
    for (const node of selectionSet?.selections ?? []) {
      if (node.kind === Kind.FIELD) {
        const inner = extentOf(node.selectionSet);
        const name = node.name.value;
        extent.depth = Math.max(extent.depth, inner.depth + 1);
        extent.fields += 1;
        extent.lists += inner.lists + (schemaLists.has(name) ? 1 : 0);
        if (schemaFields.has(name)) {
          extent.schemaFields += 1;
          extent.schemaLists += inner.lists;
        }
      } else {
        const inner =
          node.kind === Kind.INLINE_FRAGMENT ? extentOf(node.selectionSet) : extentOfFragment(node.name.value);
        extent.depth = Math.max(extent.depth, inner.depth);
        extent.fields += inner.fields;
        extent.lists += inner.lists;
        extent.schemaFields += inner.schemaFields;
        extent.schemaLists += inner.schemaLists;
      }
    }
    return extent;
  }
  return extentOf;
}

function excessOf(document: DocumentNode): GraphQLError | null {
  let aliases = 0;
  let directives = 0;
  let selections = 0;
  let nameCharacters = 0;
  visit(document, {
    Field: ({ alias }) => {
      if (alias) aliases += 1;
    },
    Directive: () => {
      directives += 1;
    },
    SelectionSet: (node) => {
      selections = Math.max(selections, node.selections.length);
    },
    Name: ({ value }) => {
      nameCharacters = Math.max(nameCharacters, value.length);
    },
  });
  const countOf = (kind: Kind): number => document.definitions.filter((node) => node.kind === kind).length;
  const extentOf = createRuler(document);
  const extents = document.definitions.map((node) =>
    node.kind === Kind.OPERATION_DEFINITION ? extentOf(node.selectionSet) : nothing,
  );
  const most = (name: keyof Extent): number => Math.max(0, ...extents.map((extent) => extent[name]));
  const measures: [number, keyof typeof documentLimits, string][] = [
    [most('depth'), 'depth', 'levels of fields'],
    [most('fields'), 'rootFields', 'root fields'],
    [aliases, 'aliases', 'aliases'],
    [directives, 'directives', 'directives'],
    [countOf(Kind.FRAGMENT_DEFINITION), 'fragments', 'fragments'],
    [countOf(Kind.OPERATION_DEFINITION), 'operations', 'operations'],
    [selections, 'selections', 'fields in one place'],
    [nameCharacters, 'nameCharacters', 'characters in one name'],
    [most('schemaFields'), 'schemaFields', 'fields that tell the schema'],
    [most('schemaLists'), 'schemaLists', 'lists in those that tell the schema'],
  ];
  const excess = measures.find(([count, limit]) => count > documentLimits[limit]);
  return excess
    ? tooComplex(`The document has ${excess[0]} ${excess[2]}; the limit is ${documentLimits[excess[1]]}.`)
    : null;
}

function check(text: string): GraphQLError | null {
  try {
    return excessOf(parse(text, { maxLexicalTokens: documentLimits.tokens, noLocation: true }));
  } catch (error) {
    if (error instanceof RangeError) return tooComplex('The document is nested deeper than can be read.');
    if (error instanceof GraphQLError && error.message.includes(' tokens. Parsing aborted.')) {
      return tooComplex(`The document has more than ${documentLimits.tokens} tokens, which is the limit.`);
    }
    if (error instanceof GraphQLError) return null; // no GraphQL; who executes it says where
    throw error;
  }
}

/** Says why a document is refused before it is validated; null when it is not. */
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
