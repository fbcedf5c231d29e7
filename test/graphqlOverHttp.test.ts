import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { startGateway, type Gateway } from './helpers/gateway.js';

/** The audits of the `graphql-http` package: what the GraphQL over HTTP specification says, asked by those who wrote it. */

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const auditsBy = (fetchFn: typeof fetch) => serverAudits({ url: () => `${gateway.url}/graphql`, fetchFn });
const isChoice = (name: string): boolean => name.startsWith('MAY ');

type Audit = ReturnType<typeof serverAudits>[number];

async function reasonOf(audit: Audit): Promise<string | null> {
  const result = await audit.fn();
  return result.status === 'ok' ? null : result.reason;
}

test.each(
  auditsBy(fetch)
    .filter(({ name }) => !isChoice(name))
    .map((audit) => [audit.id, audit.name, audit] as const),
)('%s: %s', async (_id, _name, audit) => {
  expect(await reasonOf(audit)).toBeNull();
});

describe('what MAY be done is done', () => {
  async function refusedBy(fetchFn: typeof fetch): Promise<string[]> {
    const refused = [];
    for (const audit of auditsBy(fetchFn)) {
      if (isChoice(audit.name) && (await reasonOf(audit)) !== null) refused.push(audit.id);
    }
    return refused;
  }

  test('but for a GET that any web page could make a browser send', async () => {
    expect(await refusedBy(fetch)).toEqual(['5A70', 'D6D5', '6A70']);
  });

  test('and a GET too, when it has a header that says a script sent it', async () => {
    const fetchByScript: typeof fetch = (url, init) => {
      const headers = new Headers(init?.headers);
      headers.set('apollo-require-preflight', 'true');
      return fetch(url, { ...init, headers });
    };
    expect(await refusedBy(fetchByScript)).toEqual([]);
  });
});
