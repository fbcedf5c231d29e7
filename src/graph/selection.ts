import { Kind, type FieldNode, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';

type Selections = Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>;

/** The fields of a selection, with those of its fragments. Whether they are skipped is not looked at: at worst one asks for more. */
function* fieldsOf(selectionSet: SelectionSetNode | undefined, fragments: Selections['fragments']): Generator<FieldNode> {
  for (const selection of selectionSet?.selections ?? []) {
    if (selection.kind === Kind.FIELD) yield selection;
    else if (selection.kind === Kind.INLINE_FRAGMENT) yield* fieldsOf(selection.selectionSet, fragments);
    else yield* fieldsOf(fragments[selection.name.value]?.selectionSet, fragments);
  }
}

/** True when nothing but the id is asked for, which whoever refers to a thing knows already. */
export function selectsOnlyId({ fieldNodes, fragments }: Selections): boolean {
  return fieldNodes.every((node) =>
    [...fieldsOf(node.selectionSet, fragments)].every(({ name }) => name.value === 'id' || name.value === '__typename'),
  );
}

/** True when a field with one of these names is asked for, at any depth. */
export function selectsAny({ fieldNodes, fragments }: Selections, names: ReadonlySet<string>): boolean {
  const contains = (node: FieldNode): boolean => {
    for (const field of fieldsOf(node.selectionSet, fragments)) {
      if (names.has(field.name.value) || contains(field)) return true;
    }
    return false;
  };
  return fieldNodes.some(contains);
}
