// A second subgraph: tickets about runs and jobs, which are another subgraph's. It knows them by id alone.
import { readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { gql } from 'graphql-tag';

const read = (file) => readFileSync(new URL(file, import.meta.url), 'utf8');
const { tickets, owners } = JSON.parse(read(process.env.TICKETS_FILE ?? 'tickets.json'));

const resolvers = {
  Query: {
    tickets: (_, { first, after }) => {
      const start = after == null ? 0 : tickets.findIndex(({ id }) => id === after) + 1;
      const nodes = tickets.slice(start, start + first);
      return {
        nodes,
        pageInfo: {
          hasNextPage: start + first < tickets.length,
          hasPreviousPage: start > 0,
          startCursor: nodes[0]?.id ?? null,
          endCursor: nodes.at(-1)?.id ?? null,
        },
      };
    },
  },
  Ticket: {
    __resolveReference: ({ id }) => tickets.find((ticket) => ticket.id === id) ?? null,
    session: ({ sessionId }) => (sessionId === undefined ? null : { id: sessionId }),
    job: ({ jobId }) => (jobId === undefined ? null : { id: jobId }),
  },
  JobSession: {
    tickets: ({ id }) => tickets.filter(({ sessionId }) => sessionId === id),
  },
  Job: {
    owner: ({ id }) => owners[id] ?? null,
    tickets: ({ id }) => tickets.filter(({ jobId }) => jobId === id),
  },
};

const server = new ApolloServer({
  schema: buildSubgraphSchema([{ typeDefs: gql(read('tickets.graphql')), resolvers }]),
});
const { url } = await startStandaloneServer(server, {
  listen: { host: '127.0.0.1', port: Number(process.env.PORT ?? 4001) },
});
console.log(`tickets listens at ${url}`);
