import { Kind, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';

/** Measures of a document as an executor sees it: with its fragments written out, and fields of one name in one place merged. */
export type Extent = {
  /** Levels of fields. */
  depth: number;
  /** Levels of selection sets: of fields, of inline fragments and of fragments that are spread. */
  nesting: number;
  rootFields: number;
  /** Fields, inline fragments and spreads, skipped ones included, in all places. */
  expanded: number;
  /** Pairs of fields that have one name in one place. Validation compares them. */
  pairs: number;
  /** `__schema`, `__type` and `_service`; of the last, each `sdl`. */
  schemaFields: number;
  /** Lists in `__schema` and `__type`. */
  schemaLists: number;
  /** Estimated number of values that `__schema` and `__type` answer with. */
  schemaValues: number;
};

const schemaFields = new Set(['_service', '__schema', '__type']);

/** Estimated rows of the lists in `__schema` and `__type`. A test compares them with the schema. */
export const schemaListRows: ReadonlyMap<string, number> = new Map([
  ['types', 80],
  ['fields', 8],
  ['args', 2],
  ['inputFields', 3],
  ['enumValues', 6],
  ['interfaces', 1],
  ['possibleTypes', 2],
  ['directives', 20],
]);

/** Measures that are the largest of any operation. */
const largestNames = ['depth', 'rootFields', 'schemaFields', 'schemaLists', 'schemaValues'] as const;

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  return fragments;
}

/** Fields of one name in one place, and how deep the deepest of them is nested. */
type Place = { readonly nodes: FieldNode[]; nesting: number };

const ENOUGH = new Error('enough was counted');

/** Nesting that no document can write. Fragments that spread themselves would nest for ever. */
const MAX_NESTING = 2500;

const emptyExtent: Readonly<Extent> = {
  depth: 0,
  nesting: 0,
  rootFields: 0,
  expanded: 0,
  pairs: 0,
  schemaFields: 0,
  schemaLists: 0,
  schemaValues: 0,
};

/** Measures one operation, or one fragment, until it has more than `maxExpanded`. Adds the names of the fragments in it to `reached`. */
function measureFrom(root: SelectionSetNode, fragments: Fragments, maxExpanded: number, reached: Set<string>): Extent {
  const extent = { ...emptyExtent };

  /** Collects the fields of a selection set as execution does: a fragment once in each place. */
  function collect(set: SelectionSetNode, nesting: number, places: Map<string, Place>, spread: Set<string>): void {
    extent.nesting = Math.max(extent.nesting, nesting);
    if (nesting > MAX_NESTING) throw ENOUGH;
    for (const node of set.selections) {
      extent.expanded += 1;
      if (extent.expanded > maxExpanded) throw ENOUGH;
      if (node.kind === Kind.FIELD) {
        const name = node.alias?.value ?? node.name.value;
        const place = places.get(name);
        extent.pairs += place?.nodes.length ?? 0;
        if (!place) places.set(name, { nodes: [node], nesting });
        else {
          place.nodes.push(node);
          place.nesting = Math.max(place.nesting, nesting);
        }
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        collect(node.selectionSet, nesting + 1, places, spread);
      } else if (!spread.has(node.name.value)) {
        spread.add(node.name.value);
        reached.add(node.name.value);
        const fragment = fragments.get(node.name.value);
        if (fragment) collect(fragment.selectionSet, nesting + 1, places, spread);
      }
    }
  }

  /** Measures one place. `schemaRows` are the estimated rows there; 0 outside `__schema` and `__type`. */
  function measure(sets: readonly SelectionSetNode[], nesting: number, depth: number, schemaRows: number): void {
    const places = new Map<string, Place>();
    const spread = new Set<string>();
    for (const set of sets) collect(set, nesting, places, spread);
    if (places.size > 0) extent.depth = Math.max(extent.depth, depth);
    let texts = 0;
    for (const { nodes, nesting: level } of places.values()) {
      if (depth === 1) extent.rootFields += nodes.length;
      const name = nodes[0]?.name.value ?? '';
      const listRows = schemaListRows.get(name);
      const isSchemaField = schemaFields.has(name);
      if (isSchemaField) extent.schemaFields += 1;
      if (schemaRows > 0 && name === 'sdl') texts += 1;
      extent.schemaValues += schemaRows;
      if (schemaRows > 0 && listRows !== undefined) extent.schemaLists += 1;
      const rows = isSchemaField ? 1 : schemaRows * (listRows ?? 1);
      const inner = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
      if (inner.length > 0) measure(inner, level + 1, depth + 1, rows);
    }
    extent.schemaFields += Math.max(0, texts - 1); // the first one goes with its `_service`
  }

  try {
    measure([root], 1, 1, 0);
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  return extent;
}

/**
 * Measures a document: the sum of its operations in `expanded` and `pairs`, the largest of them in all else. Stops as soon as
 * there are more than `maxExpanded`. Fragments that no operation reaches count too, because validation compares their fields.
 */
export function extentOf(document: DocumentNode, maxExpanded: number): Extent {
  const total = { ...emptyExtent };
  const fragments = fragmentsOf(document);
  const reached = new Set<string>();

  function add(set: SelectionSetNode): Extent {
    const extent = measureFrom(set, fragments, maxExpanded - total.expanded, reached);
    total.expanded += extent.expanded;
    total.pairs += extent.pairs;
    total.nesting = Math.max(total.nesting, extent.nesting);
    return extent;
  }

  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const extent = add(node.selectionSet);
    for (const name of largestNames) total[name] = Math.max(total[name], extent[name]);
  }
  for (const [name, { selectionSet }] of fragments) if (!reached.has(name)) add(selectionSet);
  return total;
}
