// The plain stack, as the documentation of its parts has it: Apollo Server's standalone server, a DataLoader per request
// that sends one GET per id, and got with the settings it comes with.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import DataLoader from 'dataloader';
import got from 'got';
import { toJob, toLogItem, toSession } from './records.mjs';
import { tellUrl, upstream } from './runner.mjs';
import { typeDefs } from './schema.mjs';

const client = got.extend({ prefixUrl: `${upstream}/v8` });

const resolvers = {
  Query: {
    jobSession: (_, { id }, { loaders }) => loaders.session.load(id),
    jobSessions: async (_, { first }, { get }) => {
      const { results } = await get('JobSessions', { offset: 0, limit: first });
      return { nodes: results.map(toSession) };
    },
  },
  JobSession: {
    job: ({ jobId }, _, { loaders }) => loaders.job.load(jobId),
    log: async ({ id }, { first }, { get }) => {
      const { results } = await get(`JobSessions/${id}/LogItems`, { offset: 0, limit: first, orderAsc: true });
      return { nodes: results.map(toLogItem) };
    },
  },
};

async function context({ req }) {
  const headers = { authorization: req.headers.authorization };
  const get = (path, searchParams) => client.get(path, { headers, searchParams }).json();
  return {
    get,
    loaders: {
      session: new DataLoader((ids) => Promise.all(ids.map(async (id) => toSession(await get(`JobSessions/${id}`))))),
      job: new DataLoader((ids) => Promise.all(ids.map(async (id) => toJob(await get(`Jobs/${id}`))))),
    },
  };
}

const server = new ApolloServer({ typeDefs, resolvers });
const { url } = await startStandaloneServer(server, { context, listen: { host: '127.0.0.1', port: 0 } });
tellUrl(url);
