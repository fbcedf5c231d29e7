// GraphQL Yoga on node:http, with a DataLoader per request and undici.
import { createServer } from 'node:http';
import DataLoader from 'dataloader';
import { createSchema, createYoga } from 'graphql-yoga';
import { getJson } from './pool.mjs';
import { toJob, toLogItem, toSession } from './records.mjs';
import { tellUrl } from './runner.mjs';
import { typeDefs } from './schema.mjs';

const resolvers = {
  Query: {
    jobSession: (_, { id }, { loaders }) => loaders.session.load(id),
    jobSessions: async (_, { first }, { get }) => {
      const { results } = await get(`JobSessions?offset=0&limit=${first}`);
      return { nodes: results.map(toSession) };
    },
  },
  JobSession: {
    job: ({ jobId }, _, { loaders }) => loaders.job.load(jobId),
    log: async ({ id }, { first }, { get }) => {
      const { results } = await get(`JobSessions/${id}/LogItems?offset=0&limit=${first}&orderAsc=true`);
      return { nodes: results.map(toLogItem) };
    },
  },
};

function context({ request }) {
  const authorization = request.headers.get('authorization');
  const get = (path) => getJson(path, authorization);
  return {
    get,
    loaders: {
      session: new DataLoader((ids) => Promise.all(ids.map(async (id) => toSession(await get(`JobSessions/${id}`))))),
      job: new DataLoader((ids) => Promise.all(ids.map(async (id) => toJob(await get(`Jobs/${id}`))))),
    },
  };
}

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), context, logging: false });
const server = createServer(yoga);
server.listen(0, '127.0.0.1', () => tellUrl(`http://127.0.0.1:${server.address().port}/graphql`));
