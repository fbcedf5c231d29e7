import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { toUtc } from '../upstream/moment.js';

function readMoment(value: unknown): string {
  const utc = typeof value === 'string' ? toUtc(value) : null;
  if (utc === null) {
    throw new GraphQLError('A DateTime must be an RFC 3339 text with an offset, such as "2017-04-04T07:07:21Z".', {
      extensions: { code: 'BAD_USER_INPUT' },
    });
  }
  return utc;
}

/** RFC 3339 in UTC. Records hold it in that form already: `raw.ts` saw to it. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  serialize: (value) => {
    if (typeof value === 'string') return value;
    throw new TypeError('a DateTime is carried as text');
  },
  parseValue: readMoment,
  parseLiteral: (node) => readMoment(node.kind === Kind.STRING ? node.value : undefined),
});

function readLong(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new GraphQLError('A Long must be a whole number within ±9007199254740991.', {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** A whole number that a JSON number carries exactly. `raw.ts` lets no other into a record. */
export const Long = new GraphQLScalarType<number, number>({
  name: 'Long',
  serialize: (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw new TypeError('a Long is carried as a safe integer');
  },
  parseValue: readLong,
  parseLiteral: (node) => readLong(node.kind === Kind.INT ? Number(node.value) : undefined),
});
