import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type FieldNode,
  type GraphQLResolveInfo,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

type Selections = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments' | 'variableValues'>;

function isIncluded(node: SelectionNode, { variableValues }: Selections): boolean {
  if (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.['if'] === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.['if'] !== false;
}

/** The fields that are asked for by a selection, with those of its fragments. */
function* fieldsOf(selectionSet: SelectionSetNode | undefined, selections: Selections): Generator<FieldNode> {
  for (const node of selectionSet?.selections ?? []) {
    if (!isIncluded(node, selections)) continue;
    if (node.kind === Kind.FIELD) yield node;
    else if (node.kind === Kind.INLINE_FRAGMENT) yield* fieldsOf(node.selectionSet, selections);
    else yield* fieldsOf(selections.fragments[node.name.value]?.selectionSet, selections);
  }
}

/** True when nothing but the id is asked for, which whoever refers to a thing knows already. */
export function selectsOnlyId(selections: Selections): boolean {
  return selections.fieldNodes.every((node) =>
    [...fieldsOf(node.selectionSet, selections)].every(
      ({ name }) => name.value === 'id' || name.value === '__typename',
    ),
  );
}

/** True when a field with one of these names is asked for, at any depth. */
export function selectsAny(selections: Selections, names: ReadonlySet<string>): boolean {
  const contains = (node: FieldNode): boolean => {
    for (const field of fieldsOf(node.selectionSet, selections)) {
      if (names.has(field.name.value) || contains(field)) return true;
    }
    return false;
  };
  return selections.fieldNodes.some(contains);
}
