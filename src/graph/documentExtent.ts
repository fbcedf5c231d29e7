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

const extentNames = [
  'depth',
  'nesting',
  'rootFields',
  'expanded',
  'pairs',
  'schemaFields',
  'schemaLists',
  'schemaValues',
] as const satisfies readonly (keyof Extent)[];

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

function fragmentsOf(document: DocumentNode): Fragments {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  return fragments;
}

/** Returns true when a fragment spreads itself, directly or through others. */
function hasCycle(fragments: Fragments): boolean {
  const state = new Map<string, 'open' | 'done'>();
  function leadsBack(name: string): boolean {
    const known = state.get(name);
    if (known) return known === 'open';
    const fragment = fragments.get(name);
    if (!fragment) return false;
    state.set(name, 'open');
    const found = spreadsOpen(fragment.selectionSet);
    state.set(name, 'done');
    return found;
  }
  function spreadsOpen(set: SelectionSetNode | undefined): boolean {
    return (
      set?.selections.some((node) =>
        node.kind === Kind.FRAGMENT_SPREAD ? leadsBack(node.name.value) : spreadsOpen(node.selectionSet),
      ) ?? false
    );
  }
  return [...fragments.keys()].some(leadsBack);
}

/** Fields of one name in one place, and how deep the deepest of them is nested. */
type Place = { readonly nodes: FieldNode[]; nesting: number };

const ENOUGH = new Error('enough was counted');

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

/** Measures one operation, or what comes before it has more than `maxExpanded`. */
function measureOperation(root: SelectionSetNode, fragments: Fragments, maxExpanded: number): Extent {
  const extent = { ...emptyExtent };

  /** Collects the fields of a selection set as execution does: a fragment once in each place. */
  function collect(set: SelectionSetNode, nesting: number, places: Map<string, Place>, spread: Set<string>): void {
    extent.nesting = Math.max(extent.nesting, nesting);
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
 * there are more than `maxExpanded`. Gives nothing where fragments spread themselves, because validation refuses that.
 */
export function extentOf(document: DocumentNode, maxExpanded: number): Extent {
  const total = { ...emptyExtent };
  const fragments = fragmentsOf(document);
  if (hasCycle(fragments)) return total;
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    const extent = measureOperation(node.selectionSet, fragments, maxExpanded - total.expanded);
    for (const name of extentNames) {
      total[name] =
        name === 'expanded' || name === 'pairs' ? total[name] + extent[name] : Math.max(total[name], extent[name]);
    }
  }
  return total;
}
