import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { cacheExchange, Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Kind, parse, type DocumentNode } from 'graphql';
import { filter, firstValueFrom, ReplaySubject } from 'rxjs';
import { readManifest, type TrustedDocument } from '../src/config/manifest.js';
import { startGateway, type Data, type Gateway } from './helpers/gateway.js';

/** The real clients in front of the gateway: what they send, what they get, and what they make of it. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const documents = {
  Session: 'query Session($id: ID!) { jobSession(id: $id) { id status job { id name } } }',
  Sessions:
    'query Sessions($first: Int!, $after: String) { jobSessions(first: $first, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }',
};
const session = parse(documents.Session);
const sessions = parse(documents.Sessions);
const strange = parse('query Strange { jobs(first: 1) { nodes { id } } }');

let gateway: Gateway;
let trusting: Gateway;
let manifest: readonly TrustedDocument[];

/** What the real tool makes of the documents. */
async function generateManifest(): Promise<readonly TrustedDocument[]> {
  const directory = mkdtempSync(join(tmpdir(), 'front-end-'));
  try {
    for (const [name, text] of Object.entries(documents)) writeFileSync(join(directory, `${name}.graphql`), text);
    const config = { documents: ['*.graphql'], output: 'manifest.json' };
    writeFileSync(join(directory, 'persisted-query-manifest.config.json'), JSON.stringify(config));
    const tool = resolve('node_modules/@apollo/generate-persisted-query-manifest/cli.js');
    await promisify(execFile)(process.execPath, [tool], { cwd: directory });
    const problems: string[] = [];
    const operations = readManifest(readFileSync(join(directory, 'manifest.json'), 'utf8'), problems);
    expect(problems).toEqual([]);
    return operations;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

beforeAll(async () => {
  manifest = await generateManifest();
  gateway = await startGateway();
  trusting = await startGateway({ trustedDocuments: manifest });
});
afterAll(async () => {
  await gateway.close();
  await trusting.close();
});

/** What went over the wire: how, whether with the text and an id, and the error that came back. */
type Sent = { method: string; hasText: boolean; hasId: boolean; code: string | undefined };

function watch(): { sent: Sent[]; fetch: typeof fetch } {
  const sent: Sent[] = [];
  return {
    sent,
    fetch: async (input, init) => {
      const method = init?.method ?? 'GET';
      const parameters = new URL(input instanceof Request ? input.url : input).searchParams;
      const members =
        method === 'GET'
          ? Object.fromEntries(parameters)
          : (JSON.parse(init?.body as string) as Record<string, unknown>);
      const extensions: Data =
        typeof members['extensions'] === 'string' ? JSON.parse(members['extensions']) : members['extensions'];
      const response = await fetch(input, init);
      const { errors } = (await response.clone().json()) as Data;
      sent.push({
        method,
        hasText: members['query'] !== undefined,
        hasId: extensions?.persistedQuery?.sha256Hash !== undefined,
        code: errors?.[0]?.extensions.code,
      });
      return response;
    },
  };
}

type Persisting = 'none' | 'by POST' | 'by GET' | 'trusted';
type Asking = { of: Gateway; fetch?: typeof fetch; persisting?: Persisting };
type Told = { data: Data; codes: unknown[] };
type Ask = (document: DocumentNode, variables?: Record<string, unknown>) => Promise<Told>;

const idOf = (document: DocumentNode): string => {
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  const name = operation?.name?.value;
  return manifest.find((one) => one.name === name)?.id ?? `nothing is called ${String(name)}`;
};

/** A token of its own for each client: nothing that another was told is told again. */
const authorizationOf = ({ simulator }: Gateway) => ({
  authorization: `Bearer ${simulator.tokens.issue().accessToken}`,
});

function createApollo({ of, fetch: fetchFn = fetch, persisting = 'none' }: Asking): ApolloClient {
  const http = new HttpLink({
    uri: `${of.url}/graphql`,
    fetch: fetchFn,
    headers: authorizationOf(of),
  });
  const persisted =
    persisting === 'trusted'
      ? new PersistedQueryLink({ generateHash: idOf, disable: () => false })
      : new PersistedQueryLink({
          sha256: (text: string) => createHash('sha256').update(text).digest('hex'),
          useGETForHashedQueries: persisting === 'by GET',
        });
  return new ApolloClient({
    link: persisting === 'none' ? http : ApolloLink.from([persisted, http]),
    cache: new InMemoryCache({ typePolicies: { Query: { fields: { jobSessions: relayStylePagination() } } } }),
  });
}

function askWithApollo(asking: Asking): Ask {
  const client = createApollo(asking);
  return async (query, variables = {}) => {
    const { data, error } = await client.query({ query, variables, errorPolicy: 'all', fetchPolicy: 'no-cache' });
    if (error && !CombinedGraphQLErrors.is(error)) throw new Error(error.message);
    return { data, codes: error?.errors.map(({ extensions }) => extensions?.['code']) ?? [] };
  };
}

function askWithUrql({ of, fetch: fetchFn = fetch, persisting = 'none' }: Asking): Ask {
  const persisted =
    persisting === 'trusted'
      ? persistedExchange({
          generateHash: (_, document) => Promise.resolve(idOf(document)),
          enforcePersistedQueries: true,
          preferGetForPersistedQueries: false,
        })
      : persistedExchange({ preferGetForPersistedQueries: persisting === 'by GET' });
  const client = new Client({
    url: `${of.url}/graphql`,
    fetch: fetchFn,
    fetchOptions: { headers: authorizationOf(of) },
    preferGetMethod: false,
    exchanges: persisting === 'none' ? [cacheExchange, fetchExchange] : [cacheExchange, persisted, fetchExchange],
  });
  return async (document, variables = {}) => {
    const { data, error } = await client.query(document, variables, { requestPolicy: 'network-only' }).toPromise();
    if (error?.networkError) throw error;
    return { data, codes: error?.graphQLErrors.map(({ extensions }) => extensions['code']) ?? [] };
  };
}

beforeEach(() => {
  gateway.simulator.forgetRequests();
});

describe.each([
  ['Apollo Client', askWithApollo],
  ['urql', askWithUrql],
])('%s', (_, createAsk) => {
  test('asks for a session and its job', async () => {
    const { data, codes } = await createAsk({ of: gateway })(session, { id: SESSION });
    expect({ data, codes }).toEqual({
      data: {
        jobSession: {
          __typename: 'JobSession',
          id: SESSION,
          status: 'SUCCESS',
          job: { __typename: 'Job', id: expect.any(String), name: 'test_job' },
        },
      },
      codes: [],
    });
  });

  test('has what could be answered beside the error of what could not', async () => {
    const callOff = gateway.simulator.misbehave(({ path }) => path.startsWith('Jobs'), { status: 403 });
    const { data, codes } = await createAsk({ of: gateway })(session, { id: SESSION });
    callOff();
    expect(codes).toEqual(['FORBIDDEN']);
    expect(data.jobSession).toMatchObject({ id: SESSION, status: 'SUCCESS', job: null });
  });

  test.each<['by POST' | 'by GET', string]>([
    ['by POST', 'POST'],
    ['by GET', 'GET'],
  ])('sends a query once, then its hash, %s', async (persisting, method) => {
    const { sent, fetch: fetchFn } = watch();
    // A document of its own, which no other test has registered.
    const name = `${createAsk.name}${method}`;
    const own = parse(documents.Session.replace('query Session', `query ${name}`));
    const ask = createAsk({ of: gateway, fetch: fetchFn, persisting });

    expect((await ask(own, { id: SESSION })).data.jobSession.status).toBe('SUCCESS');
    expect(sent).toEqual([
      { method, hasText: false, hasId: true, code: 'PERSISTED_QUERY_NOT_FOUND' },
      { method: expect.any(String), hasText: true, hasId: true, code: undefined },
    ]);
    sent.length = 0;
    expect((await ask(own, { id: SESSION })).data.jobSession.status).toBe('SUCCESS');
    expect(sent).toEqual([{ method, hasText: false, hasId: true, code: undefined }]);
  });

  test('runs a trusted document by its id alone', async () => {
    const { sent, fetch: fetchFn } = watch();
    const ask = createAsk({ of: trusting, fetch: fetchFn, persisting: 'trusted' });
    const { data, codes } = await ask(session, { id: SESSION });
    expect({ codes, name: data.jobSession.job.name }).toEqual({ codes: [], name: 'test_job' });
    expect(sent).toEqual([{ method: 'POST', hasText: false, hasId: true, code: undefined }]);
  });

  test('is told, once, that a document is not trusted', async () => {
    const { sent, fetch: fetchFn } = watch();
    for (const persisting of ['trusted', 'by POST', 'none'] as const) {
      const ask = createAsk({ of: trusting, fetch: fetchFn, persisting });
      expect((await ask(strange)).codes).toEqual(['DOCUMENT_NOT_TRUSTED']);
    }
    expect(sent).toHaveLength(3);
  });
});

const PAGE_ROWS = 5;

async function firstIds(count: number): Promise<string[]> {
  const { data } = await gateway.ask(`{ jobSessions(first: ${count}) { nodes { id } } }`);
  return data.jobSessions.nodes.map(({ id }: Data) => id);
}

const idsOf = (data: Data): string[] => data.jobSessions.edges.map(({ node }: Data) => node.id);

test('Apollo Client gathers three pages in its cache with relayStylePagination', async () => {
  const client = createApollo({ of: gateway });
  const query = client.watchQuery<Data>({ query: sessions, variables: { first: PAGE_ROWS } });
  const shown = new ReplaySubject<Data>();
  const subscription = query.subscribe(({ data }) => {
    if (data) shown.next(data);
  });
  const untilRows = (count: number): Promise<Data> =>
    firstValueFrom(shown.pipe(filter((data: Data) => idsOf(data).length === count)));
  let data = await untilRows(PAGE_ROWS);
  for (let page = 2; page <= 3; page += 1) {
    const { hasNextPage, endCursor } = data.jobSessions.pageInfo;
    expect(hasNextPage).toBe(true);
    await query.fetchMore({ variables: { after: endCursor } });
    data = await untilRows(page * PAGE_ROWS);
  }
  subscription.unsubscribe();
  expect(idsOf(data)).toEqual(await firstIds(3 * PAGE_ROWS));
});

test('urql reads three pages, each after the last one', async () => {
  const ask = askWithUrql({ of: gateway });
  const ids: string[] = [];
  let after: string | null = null;
  for (let page = 1; page <= 3; page += 1) {
    const { data } = await ask(sessions, { first: PAGE_ROWS, after });
    ids.push(...idsOf(data));
    after = data.jobSessions.pageInfo.endCursor;
  }
  expect(ids).toEqual(await firstIds(3 * PAGE_ROWS));
});

test("the tool's ids are hashes of the texts that Apollo Client would send", () => {
  expect(manifest.map(({ name }) => name).sort()).toEqual(['Session', 'Sessions']);
  for (const { id, body } of manifest) expect(id).toBe(createHash('sha256').update(body).digest('hex'));
});
