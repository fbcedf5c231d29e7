// Mercurius with compiled queries (`jit: 1`) and its own loaders, on Fastify and undici.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { getJson } from './pool.mjs';
import { toJob, toLogItem, toSession } from './records.mjs';
import { tellUrl } from './runner.mjs';
import { typeDefs } from './schema.mjs';

const resolvers = {
  Query: {
    jobSession: async (_, { id }, { authorization }) => toSession(await getJson(`JobSessions/${id}`, authorization)),
    jobSessions: async (_, { first }, { authorization }) => {
      const { results } = await getJson(`JobSessions?offset=0&limit=${first}`, authorization);
      return { nodes: results.map(toSession) };
    },
  },
};

/** One GET per job, however many of the sessions are of it. */
async function loadJobs(queries, { authorization }) {
  const jobs = new Map();
  for (const { obj } of queries) {
    if (!jobs.has(obj.jobId)) jobs.set(obj.jobId, getJson(`Jobs/${obj.jobId}`, authorization).then(toJob));
  }
  return Promise.all(queries.map(({ obj }) => jobs.get(obj.jobId)));
}

function loadLogs(queries, { authorization }) {
  return Promise.all(
    queries.map(async ({ obj, params }) => {
      const path = `JobSessions/${obj.id}/LogItems?offset=0&limit=${params.first}&orderAsc=true`;
      const { results } = await getJson(path, authorization);
      return { nodes: results.map(toLogItem) };
    }),
  );
}

// Mercurius's own cache of a loader's answers writes each parent object as text for its key, which costs more here.
const opts = { cache: false };
const loaders = { JobSession: { job: { loader: loadJobs, opts }, log: { loader: loadLogs, opts } } };

const app = Fastify();
await app.register(mercurius, {
  schema: typeDefs,
  resolvers,
  loaders,
  jit: 1,
  context: ({ headers: { authorization } }) => ({ authorization }),
});
tellUrl(`${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql`);
