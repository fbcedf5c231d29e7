import { getNamedType, isEnumType, isLeafType, isListType, getNullableType, type GraphQLField } from 'graphql';

/** Quotes, colon and comma of a member in JSON. */
const MEMBER_BYTES = 4;

/** Brackets and comma of an object or array in JSON. */
const CONTAINER_BYTES = 3;

/** Estimated bytes of an enum's value in JSON. */
const ENUM_BYTES = 18;

/** Estimated bytes of a value in JSON. Texts of more than 64 characters are counted while the answer is made. */
const leafBytes: Readonly<Record<string, number>> = {
  Boolean: 5,
  DateTime: 30,
  Float: 16,
  ID: 38,
  Int: 8,
  Long: 16,
  String: 66,
};

const CURSOR_BYTES = 160;
const cursors: ReadonlySet<string> = new Set(['cursor', 'startCursor', 'endCursor']);

/** Estimated bytes of answers that tell the schema. */
const schemaBytes: Readonly<Record<string, number>> = { _service: 40_000, __schema: 500_000, __type: 50_000 };

/** Estimates the size of a field in an answer, in bytes, without what is below it. */
export function estimateFieldBytes(
  responseName: string,
  fieldName: string,
  field: GraphQLField<unknown, unknown> | undefined,
): number {
  return MEMBER_BYTES + responseName.length + estimateValueBytes(fieldName, field);
}

function estimateValueBytes(name: string, field: GraphQLField<unknown, unknown> | undefined): number {
  if (!field) return schemaBytes[name] ?? ENUM_BYTES; // `__typename`, or the schema
  const type = getNamedType(field.type);
  if (name === '_service') return schemaBytes[name] ?? 0;
  if (!isLeafType(type) || isListType(getNullableType(field.type))) return CONTAINER_BYTES;
  if (isEnumType(type)) return ENUM_BYTES;
  return cursors.has(name) ? CURSOR_BYTES : (leafBytes[type.name] ?? leafBytes['String'] ?? 0);
}

/** Estimates the size of so many objects of a list, in bytes, without their fields. */
export const estimateRowBytes = (rows: number): number => rows * CONTAINER_BYTES;
