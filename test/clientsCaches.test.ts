import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { cacheExchange } from '@urql/exchange-graphcache';
import { Client, fetchExchange } from '@urql/core';
import { isObjectType, parse } from 'graphql';
import { buildSchema } from '../src/graph/schema.js';
import { startGateway, type Data, type Gateway } from './helpers/gateway.js';

/** Normalizing caches of real clients: what one session answered stays as it is when another one is read. */

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

type Read = (text: string, variables: Record<string, unknown>, from: 'server' | 'cache') => Promise<Data>;

const headersOf = ({ simulator }: Gateway): Record<string, string> => ({
  authorization: `Bearer ${simulator.tokens.issue().accessToken}`,
});

function readWithApollo(): Read {
  const link = new HttpLink({ uri: `${gateway.url}/graphql`, headers: headersOf(gateway) });
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return async (text, variables, from) => {
    const fetchPolicy = from === 'server' ? 'network-only' : 'cache-only';
    return (await client.query({ query: parse(text), variables, fetchPolicy })).data;
  };
}

function readWithGraphcache(): Read {
  const client = new Client({
    url: `${gateway.url}/graphql`,
    fetchOptions: { headers: headersOf(gateway) },
    preferGetMethod: false,
    exchanges: [cacheExchange({ keys: { ProcessedObject: () => null } }), fetchExchange],
  });
  return async (text, variables, from) => {
    const requestPolicy = from === 'server' ? 'network-only' : 'cache-only';
    return (await client.query(text, variables, { requestPolicy }).toPromise()).data;
  };
}

const clients: [string, () => Read][] = [
  ['InMemoryCache', readWithApollo],
  ['graphcache', readWithGraphcache],
];

const OBJECTS =
  'query Objects($id: ID!) { jobSession(id: $id) { id processedObjects(first: 100) { edges { node { objectId type status } } } } }';
const LOG = 'query Log($id: ID!) { jobSession(id: $id) { id log(first: 100) { edges { node { id message } } } } }';

/** Two sessions of one job: one that ended with a warning, and one without. */
function findSessions(): [string, string] {
  const sessions = gateway.simulator.history.sessions();
  for (const troubled of sessions.filter(({ outcome, objects }) => outcome === 'Warning' && objects > 3)) {
    const quiet = sessions.find(
      ({ job, outcome, objects }) => job.id === troubled.job.id && outcome === 'Success' && objects > 3,
    );
    if (quiet) return [troubled.id, quiet.id];
  }
  throw new Error('no job has both');
}

const objectsOf = (data: Data): Data[] => data.jobSession.processedObjects.edges.map(({ node }: Data) => node);

test.each(clients)('%s keeps the objects of two sessions of one job apart', async (_, createRead) => {
  const read = createRead();
  const [troubled, quiet] = findSessions();
  const before = await read(OBJECTS, { id: troubled }, 'server');
  const others = await read(OBJECTS, { id: quiet }, 'server');
  const idsOf = (data: Data): string[] => objectsOf(data).map(({ objectId }) => objectId as string);
  expect(idsOf(others).filter((id) => idsOf(before).includes(id)).length).toBeGreaterThan(0);
  expect(objectsOf(before).some(({ status }) => status === 'WARNING')).toBe(true);
  expect(await read(OBJECTS, { id: troubled }, 'cache')).toEqual(before);
  expect(await read(OBJECTS, { id: quiet }, 'cache')).toEqual(others);
});

test.each(clients)('%s keeps two objects apart when a session gives both one id', async (_, createRead) => {
  const [id] = findSessions();
  const results = [
    { id: '7', type: 'User', status: 'Failed' },
    { id: '7', type: 'Site', status: 'Success' },
  ];
  const callOff = gateway.simulator.misbehave(({ path }) => path.endsWith('/ProcessedObjects'), {
    body: { offset: 0, limit: 100, results, _links: {} },
  });
  const read = createRead();
  await read(OBJECTS, { id }, 'server');
  callOff();
  expect(objectsOf(await read(OBJECTS, { id }, 'cache'))).toMatchObject([
    { objectId: '7', type: 'USER', status: 'FAILED' },
    { objectId: '7', type: 'SITE', status: 'SUCCESS' },
  ]);
});

test.each(clients)('%s keeps the lines of two logs of one job apart', async (_, createRead) => {
  const read = createRead();
  const [one, other] = findSessions();
  const before = await read(LOG, { id: one }, 'server');
  await read(LOG, { id: other }, 'server');
  expect(await read(LOG, { id: one }, 'cache')).toEqual(before);
});

test('a type has a field `id` only when its id identifies it among all of its kind', () => {
  const types = Object.values(buildSchema().getTypeMap()).filter(isObjectType);
  expect(
    types
      .filter((type) => 'id' in type.getFields() || '_id' in type.getFields())
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['BackupRepository', 'Job', 'JobSession', 'LogItem', 'Organization', 'Proxy']);
});
