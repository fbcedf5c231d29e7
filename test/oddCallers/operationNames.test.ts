import { expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import type { Span, Tracer } from '../../src/trace.js';
import { withGateway } from '../helpers/gateway.js';

/** Operation names as routers and code generators make them. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const LIMIT = 512;

const nameOf = (length: number): string => 'Dashboard__backup365__0'.padEnd(length, '_Widget');

/** A tracer that writes down names and attributes of the steps of operations. */
function createListeningTracer(): { tracer: Tracer; heard: unknown[] } {
  const heard: unknown[] = [];
  const span: Span = {
    traceId: '',
    headers: () => ({}),
    start: () => span,
    rename: (name) => heard.push(name),
    set: (attributes) => {
      if ('graphql.operation.name' in attributes) heard.push(attributes['graphql.operation.name']);
    },
    end: () => undefined,
  };
  return { tracer: { startRequest: () => span, close: () => Promise.resolve() }, heard };
}

test.each([81, 84, 256, LIMIT])(
  'an operation with a name of %i characters is answered, and is in log and trace by it',
  async (length) => {
    const { tracer, heard } = createListeningTracer();
    const name = nameOf(length);
    const query = `query ${name}($id: ID!) { jobSession(id: $id) { id } }`;
    await withGateway({ tracer }, async ({ ask, url, token, summaryLines }) => {
      for (const round of ['interpreted', 'compiled', 'compiled again']) {
        const { data, errors } = await ask(query, { id: SESSION });
        expect({ round, data, errors }).toEqual({ round, data: { jobSession: { id: SESSION } }, errors: undefined });
      }
      const chosen = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({
          query: `${query} query Other { __typename }`,
          operationName: name,
          variables: { id: SESSION },
        }),
      });
      expect(await chosen.json()).toEqual({ data: { jobSession: { id: SESSION } } });
      expect(summaryLines.map(({ operation }) => operation)).toEqual([name, name, name, name]);
    });
    expect(heard).toEqual([1, 2, 3, 4].flatMap(() => [`query ${name}`, name]));
  },
);

test.each<[string, string, RegExp]>([
  [
    "an operation's",
    `query ${nameOf(LIMIT + 1)} { __typename }`,
    /513 characters in an operation's name; the limit is 512/,
  ],
  [
    "a second operation's",
    `query A { __typename } query ${nameOf(600)} { __typename }`,
    /600 characters in an operation's name; the limit is 512/,
  ],
  ["an alias's", `query ${nameOf(100)} { ${nameOf(81)}: __typename }`, /81 characters in one name; the limit is 80/],
  ["a field's", `{ ${nameOf(81)} }`, /81 characters in one name/],
  ["a variable's", `query A($${nameOf(81)}: ID) { __typename }`, /81 characters in one name/],
  ["a fragment's", `{ ...${nameOf(81)} } fragment ${nameOf(81)} on Query { __typename }`, /81 characters in one name/],
  ["an argument's", `{ jobs(${nameOf(81)}: 1) { nodes { id } } }`, /81 characters in one name/],
])('%s name beyond its limit is refused', async (_, query, message) => {
  await withGateway({}, async ({ ask }) => {
    const { errors, upstream } = await ask(query);
    expect(errors).toMatchObject([
      { message: expect.stringMatching(message), extensions: { code: 'QUERY_TOO_COMPLEX' } },
    ]);
    expect(upstream).toEqual([]);
  });
});

test('an operator can name an operation of 512 characters for metrics, and none of 513', () => {
  const read = (length: number) => loadConfig({ METRICS_OPERATIONS: `A,${nameOf(length)}` }, [], []);
  expect(read(LIMIT).config.metricsOperations).toEqual(['A', nameOf(LIMIT)]);
  expect(() => read(LIMIT + 1)).toThrow(/METRICS_OPERATIONS/);
});
