import {
  getDirectiveValues,
  GraphQLError,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  type FieldNode,
  type GraphQLResolveInfo,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

export type Selections = Pick<GraphQLResolveInfo, 'fragments' | 'variableValues'>;
type Selected = Selections & Pick<GraphQLResolveInfo, 'fieldNodes'>;

/** Returns true unless a directive leaves the node out. Ignores a directive whose argument is wrong: execution reports it. */
export function isIncluded(node: SelectionNode, { variableValues }: Selections): boolean {
  if (node.directives === undefined || node.directives.length === 0) return true;
  try {
    if (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.['if'] === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.['if'] !== false;
  } catch (error) {
    if (error instanceof GraphQLError) return true;
    throw error;
  }
}

/** Answers to one question, by the field nodes of a place in the answer and by selection set. */
type Answers = WeakMap<readonly FieldNode[] | SelectionSetNode, boolean>;

/** Answers to all questions, by what is asked and by the variables of an operation, which decide what is left out. */
type Memory = WeakMap<object, WeakMap<Selections['variableValues'], Answers>>;

const memory: Memory = new WeakMap();

function answersTo(question: object, { variableValues }: Selections): Answers {
  let byVariables = memory.get(question);
  if (!byVariables) memory.set(question, (byVariables = new WeakMap()));
  let answers = byVariables.get(variableValues);
  if (!answers) byVariables.set(variableValues, (answers = new WeakMap()));
  return answers;
}

/**
 * Returns true when a field of the selection matches. Looks at each selection set once per operation, however many rows,
 * aliases and fragments lead to it.
 */
function hasField(
  selectionSet: SelectionSetNode | undefined,
  selections: Selections,
  answers: Answers,
  matches: (field: FieldNode) => boolean,
): boolean {
  if (selectionSet === undefined) return false;
  const known = answers.get(selectionSet);
  if (known !== undefined) return known;
  answers.set(selectionSet, false); // ends the search in a fragment that spreads itself
  const found = selectionSet.selections.some((node) => {
    if (!isIncluded(node, selections)) return false;
    if (node.kind === Kind.FIELD) return matches(node);
    const inner =
      node.kind === Kind.INLINE_FRAGMENT ? node.selectionSet : selections.fragments[node.name.value]?.selectionSet;
    return hasField(inner, selections, answers, matches);
  });
  answers.set(selectionSet, found);
  return found;
}

const isMoreThanId = ({ name }: FieldNode): boolean => name.value !== 'id' && name.value !== '__typename';

/** Returns true when the selection has nothing but the id, which the record that refers to it has already. */
export function selectsOnlyId(selections: Selected): boolean {
  const answers = answersTo(isMoreThanId, selections);
  const { fieldNodes } = selections;
  const known = answers.get(fieldNodes);
  if (known !== undefined) return !known;
  const hasMore = fieldNodes.some(({ selectionSet }) => hasField(selectionSet, selections, answers, isMoreThanId));
  answers.set(fieldNodes, hasMore);
  return !hasMore;
}

/** Returns true when the selection has a field with one of these names, at any depth. */
export function selectsAny(selections: Selected, names: ReadonlySet<string>): boolean {
  const answers = answersTo(names, selections);
  const { fieldNodes } = selections;
  const known = answers.get(fieldNodes);
  if (known !== undefined) return known;
  const matches = ({ name, selectionSet }: FieldNode): boolean =>
    names.has(name.value) || hasField(selectionSet, selections, answers, matches);
  const found = fieldNodes.some(({ selectionSet }) => hasField(selectionSet, selections, answers, matches));
  answers.set(fieldNodes, found);
  return found;
}
