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

/** The only field's selection set, which is the document's own, or all fields of a place. */
type Place = readonly FieldNode[] | SelectionSetNode;

/** Answers to one question. */
type Answers = WeakMap<Place, boolean>;

/** Looks at each place once, however many rows, aliases and fragments lead to it. */
function findOnce(place: Place, answers: Answers, find: () => boolean): boolean {
  const known = answers.get(place);
  if (known !== undefined) return known;
  answers.set(place, false); // ends the search in a fragment that spreads itself
  const found = find();
  answers.set(place, found);
  return found;
}

function findInAll(
  { fieldNodes }: Selected,
  answers: Answers,
  find: (selectionSet: SelectionSetNode | undefined) => boolean,
): boolean {
  const [field] = fieldNodes;
  if (fieldNodes.length === 1 && field) return find(field.selectionSet);
  return findOnce(fieldNodes, answers, () => fieldNodes.some(({ selectionSet }) => find(selectionSet)));
}

const selectionIn = (node: SelectionNode, { fragments }: Selections): SelectionSetNode | undefined =>
  node.kind === Kind.FRAGMENT_SPREAD ? fragments[node.name.value]?.selectionSet : node.selectionSet;

const directives: Answers = new WeakMap();

/** Returns true when a directive can leave out something of the selection. */
function hasDirective(selectionSet: SelectionSetNode | undefined, selections: Selections): boolean {
  if (selectionSet === undefined) return false;
  return findOnce(selectionSet, directives, () =>
    selectionSet.selections.some(
      (node) => (node.directives?.length ?? 0) > 0 || hasDirective(selectionIn(node, selections), selections),
    ),
  );
}

/** Remembers the answers to each question: for one document's selections, or for one operation's variables where a directive uses them. */
const memory = new WeakMap<object, WeakMap<object, Answers>>();

/** The scope of answers that depend on the document alone. */
const allOperations = {};

function answersTo(question: object, selected: Selected): Answers {
  const isConditional = findInAll(selected, directives, (selectionSet) => hasDirective(selectionSet, selected));
  const scope = isConditional ? selected.variableValues : allOperations;
  let byScope = memory.get(question);
  if (!byScope) memory.set(question, (byScope = new WeakMap()));
  let answers = byScope.get(scope);
  if (!answers) byScope.set(scope, (answers = new WeakMap()));
  return answers;
}

/** Returns true when a field of the selection matches. */
function hasField(
  selectionSet: SelectionSetNode | undefined,
  selections: Selections,
  answers: Answers,
  matches: (field: FieldNode) => boolean,
): boolean {
  if (selectionSet === undefined) return false;
  return findOnce(selectionSet, answers, () =>
    selectionSet.selections.some((node) => {
      if (!isIncluded(node, selections)) return false;
      return node.kind === Kind.FIELD
        ? matches(node)
        : hasField(selectionIn(node, selections), selections, answers, matches);
    }),
  );
}

const isMoreThanId = ({ name }: FieldNode): boolean => name.value !== 'id' && name.value !== '__typename';

/** Returns true when the selection has nothing but the id, which the record that refers to it has already. */
export function selectsOnlyId(selected: Selected): boolean {
  const answers = answersTo(isMoreThanId, selected);
  return !findInAll(selected, answers, (selectionSet) => hasField(selectionSet, selected, answers, isMoreThanId));
}

/** Returns true when the selection has a field with one of these names, at any depth. */
export function selectsAny(selected: Selected, names: ReadonlySet<string>): boolean {
  const answers = answersTo(names, selected);
  const matches = ({ name, selectionSet }: FieldNode): boolean =>
    names.has(name.value) || hasField(selectionSet, selected, answers, matches);
  return findInAll(selected, answers, (selectionSet) => hasField(selectionSet, selected, answers, matches));
}
