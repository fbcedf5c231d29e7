import {
  getArgumentValues,
  getNamedType,
  isObjectType,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { createFieldsOf } from './fields.js';
import { estimateFieldBytes, estimateRowBytes } from './fieldSize.js';
import { entityPrices, prices, requestsOn, type Bill, type Call } from './prices.js';
import type { Selections } from './selection.js';
import { createNumbering } from './valueNumbers.js';

/** What an operation costs, at the most, before it is known what the server has. */
export type Cost = Readonly<{
  /** Requests to the backup server. What is read in place of something, or looked through in vain, comes on top. */
  requests: number;
  /** Fields of the answer. */
  fields: number;
  /** Estimated size of the answer in bytes, long texts not counted. */
  answerBytes: number;
}>;

/** The most fields that an answer may have: while it is made, nobody else has a turn. */
export const MAX_FIELDS = 100_000;

/** Maximum estimated size of an answer, in bytes. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Bytes of an answer around its fields. */
const ENVELOPE_BYTES = 32;

/** Maximum representations of an operation. A supergraph's router sends one for each row on a page of its other subgraph. */
export const MAX_REPRESENTATIONS = 1000;

/** Fields that a repeated field counts as, where it starts work of its own in each place: a relation, or what is computed. */
const REPEATED_FIELDS = 3;

const computed: ReadonlySet<string> = new Set(['cursor', 'durationSeconds', 'endCursor', 'logUrl', 'startCursor']);

/** How far beyond its limit a cost is counted. A document of some kilobytes can cost more than can be counted. */
const COUNTED_TIMES = 100;

/** The selection sets that are merged in one place of the answer. */
type Place = readonly SelectionSetNode[];

/** A field with its arguments, and the field nodes of each place in the answer that has it. */
type Group = Readonly<{ name: string; args: Call['args']; places: FieldNode[][] }>;

type Arguments = Readonly<{ args: Call['args']; key: string }>;

const noArguments: Arguments = { args: {}, key: '' };

/** The object type of a field's values; null for leaves and unions. */
function typeOf(type: GraphQLObjectType, field: string): GraphQLObjectType | null {
  const named = getNamedType(type.getFields()[field]?.type);
  return isObjectType(named) ? named : null;
}

/** Returns the places below those of a group. */
function below({ places }: Group): Place[] {
  return places
    .map((nodes) => nodes.flatMap(({ selectionSet }) => selectionSet ?? []))
    .filter((place) => place.length > 0);
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
  const bill: Bill = {
    requests: 0,
    lists: new Set(),
    ids: new Map(),
    singleJobs: 0,
    fields: 0,
    answerBytes: ENVELOPE_BYTES,
  };
  const fieldsOf = createFieldsOf(schema, selections);
  const numberOf = createNumbering();
  const known = new Map<FieldNode, Arguments>();

  /** Returns the arguments, read once; none where they are wrong, which execution tells. */
  function argumentsOf(type: GraphQLObjectType, node: FieldNode): Arguments {
    const field = type.getFields()[node.name.value];
    if (!field || node.arguments === undefined || node.arguments.length === 0) return noArguments;
    const before = known.get(node);
    if (before) return before;
    let args: Call['args'] = {};
    try {
      args = getArgumentValues(field, node, selections.variableValues);
    } catch {
      // counted as a field without arguments
    }
    // Representations may be nested deeper than can be written. `group` takes each of these fields by itself.
    const read = { args, key: node.name.value === '_entities' ? '' : numberOf(args) };
    known.set(node, read);
    return read;
  }

  /** Counts a field of one place. Leaves the count once that is beyond a limit. */
  function countField(type: GraphQLObjectType, responseName: string, name: string, times: number): void {
    bill.fields += times;
    bill.answerBytes += times * estimateFieldBytes(responseName, name, type.getFields()[name]);
    const isBeyond =
      bill.fields > MAX_FIELDS ||
      bill.answerBytes > MAX_ANSWER_BYTES * COUNTED_TIMES ||
      requestsOn(bill) > maxRequests * COUNTED_TIMES;
    if (isBeyond) throw ENOUGH;
  }

  /** Groups fields: the same field with the same arguments, however often it is written, is asked for once. */
  function group(places: readonly Place[], type: GraphQLObjectType, times: number): Group[] {
    const groups = new Map<string, Group>();
    for (const place of places) {
      const fields = new Set(place.flatMap((set) => [...fieldsOf(set, type)]));
      const byName = new Map<string, FieldNode[]>();
      for (const node of fields) {
        const responseName = node.alias?.value ?? node.name.value;
        const nodes = byName.get(responseName);
        if (nodes) {
          nodes.push(node);
          continue;
        }
        const nodesHere = [node];
        byName.set(responseName, nodesHere);
        const name = node.name.value;
        countField(type, responseName, name, times);
        const { args, key } = argumentsOf(type, node);
        const groupKey = name === '_entities' ? `${name} ${groups.size}` : `${name} ${key}`;
        const found = groups.get(groupKey);
        if (found) {
          found.places.push(nodesHere);
          const isWork = computed.has(name) || Object.hasOwn(prices, `${type.name}.${name}`);
          if (isWork) bill.fields += times * (REPEATED_FIELDS - 1);
        } else groups.set(groupKey, { name, args, places: [nodesHere] });
      }
    }
    return [...groups.values()];
  }

  /** Counts entities by type, each with the part of the selection that is on it. */
  function countEntities({ args, places }: Group, inner: readonly Place[]): void {
    const given: unknown = args['representations'];
    if (!Array.isArray(given)) return;
    const representations: readonly unknown[] = given;
    const counts = new Map<string, number>();
    for (const representation of representations) {
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
      bill.answerBytes += estimateRowBytes(times);
      count(inner, type, price(bill, { args: {}, times, arrivals: 0, places, selections }), 1);
    }
  }

  /** Counts a connection and its rows. They are the same under `nodes` and under `edges`. */
  function countConnection(
    places: readonly Place[],
    type: GraphQLObjectType,
    times: number,
    rows: number,
    arrivals: number,
  ): void {
    const rowType = typeOf(type, 'nodes');
    const edgeType = typeOf(type, 'edges');
    if (!rowType || !edgeType) return;
    const rowPlaces: Place[] = [];
    for (const one of group(places, type, times)) {
      const inner = below(one);
      if (one.name !== 'nodes' && one.name !== 'edges') {
        countBelow(one, inner, type, times, arrivals);
        continue;
      }
      bill.fields += rows * inner.length;
      bill.answerBytes += estimateRowBytes(rows * inner.length);
      const edges = one.name === 'edges' ? group(inner, edgeType, rows) : [];
      rowPlaces.push(...(one.name === 'nodes' ? inner : edges.filter(({ name }) => name === 'node').flatMap(below)));
    }
    count(rowPlaces, rowType, rows, arrivals);
  }

  function countBelow(
    one: Group,
    inner: readonly Place[],
    type: GraphQLObjectType,
    times: number,
    arrivals: number,
  ): void {
    const { name, args, places } = one;
    if (name === '_entities') countEntities(one, inner);
    const price = prices[`${type.name}.${name}`];
    const rows = price ? price(bill, { args, times, arrivals, places, selections }) : times;
    const fieldType = typeOf(type, name);
    if (!fieldType || inner.length === 0) return; // a leaf, `__typename`, or what tells the schema
    if (fieldType.name.endsWith('Connection')) countConnection(inner, fieldType, times, rows, times);
    else count(inner, fieldType, rows, Math.max(arrivals, 1));
  }

  function count(places: readonly Place[], type: GraphQLObjectType, times: number, arrivals: number): void {
    for (const one of group(places, type, times)) countBelow(one, below(one), type, times, arrivals);
  }

  const root = schema.getRootType(operation.operation);
  try {
    if (root) count([[operation.selectionSet]], root, 1, 0);
  } catch (error) {
    if (error !== ENOUGH) throw error;
  }
  const { fields, answerBytes } = bill;
  return { requests: requestsOn(bill), fields, answerBytes };
}
