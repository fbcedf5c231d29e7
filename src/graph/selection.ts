import {
  getDirectiveValues,
  GraphQLError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLResolveInfo,
  type InlineFragmentNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

export type Selections = Pick<GraphQLResolveInfo, 'fragments' | 'variableValues'>;
type Selected = Selections & Pick<GraphQLResolveInfo, 'fieldNodes'>;

/** A directive whose argument is wrong counts as none: execution tells of it, and it must not hide what is beside it. */
function isIncluded(node: SelectionNode, { variableValues }: Selections): boolean {
  if (node.directives?.length === 0) return true;
  try {
    if (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.['if'] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.['if'] !== false;
  } catch (error) {
    if (error instanceof GraphQLError) return true;
    throw error;
  }
}

/**
 * The fields that are asked for by a selection, with those of its fragments. A fragment is looked into once, however often
 * it is spread: `seen` has those that were, as a document of some kilobytes can spread them more often than can be counted.
 */
export function* fieldsOf(
  selectionSet: SelectionSetNode | undefined,
  selections: Selections,
  seen: Set<FragmentDefinitionNode>,
  applies: (fragment: FragmentDefinitionNode | InlineFragmentNode) => boolean = () => true,
): Generator<FieldNode> {
  for (const node of selectionSet?.selections ?? []) {
    if (!isIncluded(node, selections)) continue;
    if (node.kind === Kind.FIELD) {
      yield node;
    } else if (node.kind === Kind.INLINE_FRAGMENT) {
      if (applies(node)) yield* fieldsOf(node.selectionSet, selections, seen, applies);
    } else {
      const fragment = selections.fragments[node.name.value];
      if (!fragment || seen.has(fragment) || !applies(fragment)) continue;
      seen.add(fragment);
      yield* fieldsOf(fragment.selectionSet, selections, seen, applies);
    }
  }
}

/** True when nothing but the id is asked for, which whoever refers to a thing knows already. */
export function selectsOnlyId(selections: Selected): boolean {
  const seen = new Set<FragmentDefinitionNode>();
  return selections.fieldNodes.every((node) =>
    [...fieldsOf(node.selectionSet, selections, seen)].every(
      ({ name }) => name.value === 'id' || name.value === '__typename',
    ),
  );
}

/** True when a field with one of these names is asked for, at any depth. */
export function selectsAny(selections: Selected, names: ReadonlySet<string>): boolean {
  const seen = new Set<FragmentDefinitionNode>();
  const contains = (node: FieldNode): boolean => {
    for (const field of fieldsOf(node.selectionSet, selections, seen)) {
      if (names.has(field.name.value) || contains(field)) return true;
    }
    return false;
  };
  return selections.fieldNodes.some(contains);
}
