// Runs beside the files of docs/clients.md: asks queries with one of its caches, or with one that was told nothing of the schema.
// What a cache has to say goes to stderr. Arguments: which client, and a file with the queries.
import { ApolloClient, InMemoryCache } from '@apollo/client';
import { loadDevMessages } from '@apollo/client/dev';
import { Client, fetchExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { parse } from 'graphql';
import { readFileSync } from 'node:fs';
import { apollo } from './apollo.js';
import { fetchWithToken } from './fetchWithToken.js';
import { normalizedCache } from './normalizedCache.js';

loadDevMessages();
const [, , name, gateway, path] = process.argv;

const withApollo = (client) => async (query) => (await client.query({ query, errorPolicy: 'all' })).error;
const withUrql = (cache) => {
  const exchanges = [cache, fetchExchange];
  const client = new Client({ url: `${gateway}/graphql`, fetch: fetchWithToken, preferGetMethod: false, exchanges });
  return async (query) => (await client.query(query, {}).toPromise()).error;
};
const clients = {
  'Apollo Client': () => withApollo(apollo),
  'Apollo Client with a plain cache': () =>
    withApollo(new ApolloClient({ link: apollo.link, cache: new InMemoryCache() })),
  graphcache: () => withUrql(normalizedCache),
  'graphcache without keys': () => withUrql(cacheExchange()),
};

const ask = clients[name]();
let answered = 0;
for (const text of JSON.parse(readFileSync(path, 'utf8'))) {
  const error = await ask(parse(text));
  if (error) throw error;
  answered += 1;
}
console.log(answered);
