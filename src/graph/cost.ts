import {
  getArgumentValues,
  getNamedType,
  isAbstractType,
  isObjectType,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { entityPrices, prices, requestsOn, type Bill, type Call } from './prices.js';
import { fieldsOf, selectsOnlyId, type Selections } from './selection.js';

/** What an operation costs, at the most, before it is known what the server has. */
export type Cost = Readonly<{
  /** Requests to the backup server. What is read in place of something, or looked through in vain, comes on top. */
  requests: number;
  /** Fields of the answer. */
  fields: number;
  /** Entities that are asked for by their keys, good or bad. */
  representations: number;
}>;

/** The most fields that an answer may have: while it is made, nobody else has a turn. */
export const MAX_FIELDS = 150_000;

/** How far beyond its limit a cost is counted. A document of some kilobytes can cost more than can be counted. */
const COUNTED_TIMES = 100;

/** A field with its arguments, all the places where it is asked for, and what is asked of it there. */
type Group = Readonly<{
  name: string;
  args: Call['args'];
  nodes: FieldNode[];
  inner: SelectionSetNode[];
}>;

/** The object type of a field's values; null for leaves and unions. */
function typeOf(type: GraphQLObjectType, field: string): GraphQLObjectType | null {
  const named = getNamedType(type.getFields()[field]?.type);
  return isObjectType(named) ? named : null;
}

/** Thrown to leave the count, as more of it would tell nothing new. */
const ENOUGH = new Error('enough was counted');

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Counts what an operation costs; its variables are as graphql coerces them. */
export function costOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  selections: Selections,
  maxRequests: number,
): Cost {
  const bill: Bill = { requests: 0, lists: new Set(), ids: new Map(), fields: 0, representations: 0 };

  /** The arguments; none where they are wrong, which execution tells. */
  function argumentsOf(type: GraphQLObjectType, node: FieldNode): Readonly<Record<string, unknown>> {
    const field = type.getFields()[node.name.value];
    try {
      return field ? getArgumentValues(field, node, selections.variableValues) : {};
    } catch {
      return {};
    }
  }

  /** Entities are priced by type, each with the part of the selection that is on it. */
  function countEntities(sets: readonly SelectionSetNode[], representations: unknown): void {
    const counts = new Map<string, number>();
    bill.representations += Array.isArray(representations) ? representations.length : 0;
    for (const representation of Array.isArray(representations) ? (representations as unknown[]) : []) {
      const name = textOf(
        typeof representation === 'object' && representation !== null && '__typename' in representation
          ? representation.__typename
          : undefined,
      );
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const [name, times] of counts) {
      const type = schema.getType(name);
      const price = Object.hasOwn(entityPrices, name) ? entityPrices[name] : undefined;
      if (!price || !isObjectType(type)) continue; // refused in its place
      const rows = price(bill, { args: {}, times, isIdOnly: false });
      count(sets, type, rows);
    }
  }

  /** The same field with the same arguments, however often it is written, is asked for once. */
  function group(sets: readonly SelectionSetNode[], type: GraphQLObjectType, times: number): Group[] {
    const groups = new Map<string, Group>();
    const seen = new Set<FragmentDefinitionNode>();
    const applies = ({ typeCondition }: FragmentDefinitionNode | InlineFragmentNode): boolean => {
      const condition = typeCondition && schema.getType(typeCondition.name.value);
      return !condition || condition === type || (isAbstractType(condition) && schema.isSubType(condition, type));
    };
    for (const set of sets) {
      for (const node of fieldsOf(set, selections, seen, applies)) {
        bill.fields += times;
        if (bill.fields > MAX_FIELDS || requestsOn(bill) > maxRequests * COUNTED_TIMES) throw ENOUGH;
        const name = node.name.value;
        const args = node.arguments?.length === 0 ? {} : argumentsOf(type, node);
        // Representations of entities may be nested deeper than can be written, so each of these stands for itself.
        const key = `${name} ${name === '_entities' ? groups.size : JSON.stringify(args)}`;
        const known = groups.get(key) ?? { name, args, nodes: [], inner: [] };
        known.nodes.push(node);
        if (node.selectionSet) known.inner.push(node.selectionSet);
        groups.set(key, known);
      }
    }
    return [...groups.values()];
  }

  /** The rows of a connection are the same under `nodes` and under `edges`. */
  function countConnection(sets: readonly SelectionSetNode[], type: GraphQLObjectType, times: number): void {
    const rowType = typeOf(type, 'nodes');
    const edgeType = typeOf(type, 'edges');
    if (!rowType || !edgeType) return;
    const groups = group(sets, type, times);
    const innerOf = (among: Group[], name: string): SelectionSetNode[] =>
      among.filter((one) => one.name === name).flatMap(({ inner }) => inner);
    const edges = group(innerOf(groups, 'edges'), edgeType, times);
    count([...innerOf(groups, 'nodes'), ...innerOf(edges, 'node')], rowType, times);
  }

  function count(sets: readonly SelectionSetNode[], type: GraphQLObjectType, times: number): void {
    for (const { name, args, nodes, inner } of group(sets, type, times)) {
      if (name === '_entities') countEntities(inner, args['representations']);
      const fieldType = typeOf(type, name);
      const price = prices[`${type.name}.${name}`];
      const rows = price
        ? price(bill, { args, times, isIdOnly: selectsOnlyId({ ...selections, fieldNodes: nodes }) })
        : times;
      if (!fieldType) continue; // a leaf, `__typename`, or what tells the schema
      if (fieldType.name.endsWith('Connection')) countConnection(inner, fieldType, rows);
      else count(inner, fieldType, rows);
    }
  }

  const root = schema.getRootType(operation.operation);
  try {
    if (root) count([operation.selectionSet], root, 1);
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  return { requests: requestsOn(bill), fields: bill.fields, representations: bill.representations };
}
