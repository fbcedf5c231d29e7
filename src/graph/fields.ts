import {
  isAbstractType,
  Kind,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { isIncluded, type Selections } from './selection.js';

/** Returns the fields that a selection set asks of a type, with those of its fragments, each once. */
export type FieldsOf = (set: SelectionSetNode, type: GraphQLObjectType) => ReadonlySet<FieldNode>;

/** Creates a `FieldsOf` for one operation. It walks each fragment once per type, however often the fragment is spread. */
export function createFieldsOf(schema: GraphQLSchema, selections: Selections): FieldsOf {
  const known = new Map<GraphQLObjectType, Map<SelectionSetNode, ReadonlySet<FieldNode>>>();

  function applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    const named = condition === undefined ? undefined : schema.getType(condition);
    return !named || named === type || (isAbstractType(named) && schema.isSubType(named, type));
  }

  /** Returns the selection set of a fragment that is spread or written in place; undefined where it does not apply. */
  function fragmentSet(node: SelectionSetNode['selections'][number], type: GraphQLObjectType) {
    if (node.kind === Kind.FIELD) return undefined;
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : selections.fragments[node.name.value];
    return fragment && applies(fragment.typeCondition?.name.value, type) ? fragment.selectionSet : undefined;
  }

  function fieldsOf(set: SelectionSetNode, type: GraphQLObjectType): ReadonlySet<FieldNode> {
    const ofType = known.get(type) ?? new Map<SelectionSetNode, ReadonlySet<FieldNode>>();
    known.set(type, ofType);
    const before = ofType.get(set);
    if (before) return before;
    const fields = new Set<FieldNode>();
    ofType.set(set, fields);
    for (const node of set.selections) {
      if (!isIncluded(node, selections)) continue;
      if (node.kind === Kind.FIELD) fields.add(node);
      const inner = fragmentSet(node, type);
      if (inner) for (const field of fieldsOf(inner, type)) fields.add(field);
    }
    return fields;
  }
  return fieldsOf;
}
