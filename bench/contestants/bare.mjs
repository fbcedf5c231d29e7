// The least that can answer: a node:http handler that knows the three queries by name, without any GraphQL.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { getJson } from './pool.mjs';
import { toJob, toLogItem, toSession } from './records.mjs';
import { tellUrl } from './runner.mjs';

const pick = ({ id, status, creationTime, endTime }) => ({ id, status, creationTime, endTime });

/** The newest sessions, and all jobs by id from one list. */
async function sessionsAndJobs(first, authorization) {
  const [sessions, jobs] = await Promise.all([
    getJson(`JobSessions?offset=0&limit=${first}`, authorization),
    getJson('Jobs?offset=0&limit=100', authorization),
  ]);
  return { sessions: sessions.results.map(toSession), jobs: new Map(jobs.results.map((job) => [job.id, toJob(job)])) };
}

const answers = {
  Q1: async ({ id }, authorization) => {
    const session = toSession(await getJson(`JobSessions/${id}`, authorization));
    const job = toJob(await getJson(`Jobs/${session.jobId}`, authorization));
    return { jobSession: { ...pick(session), statistics: session.statistics, job } };
  },
  Q2: async (_, authorization) => {
    const { sessions, jobs } = await sessionsAndJobs(50, authorization);
    const nodes = sessions.map((session) => ({
      ...pick(session),
      statistics: session.statistics,
      job: jobs.get(session.jobId),
    }));
    return { jobSessions: { nodes } };
  },
  Q3: async (_, authorization) => {
    const { sessions, jobs } = await sessionsAndJobs(20, authorization);
    const readLog = async (session) => {
      const path = `JobSessions/${session.id}/LogItems?offset=0&limit=20&orderAsc=true`;
      const { results } = await getJson(path, authorization);
      return { ...pick(session), job: jobs.get(session.jobId), log: { nodes: results.map(toLogItem) } };
    };
    return { jobSessions: { nodes: await Promise.all(sessions.map(readLog)) } };
  },
};

async function answer(request) {
  const { operationName, variables } = JSON.parse(await text(request));
  const { authorization } = request.headers;
  if (authorization === undefined) throw new Error('There is no token.');
  return JSON.stringify({ data: await answers[operationName](variables, authorization) });
}

const server = createServer((request, response) => {
  const send = (status, body) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, headers).end(body);
  };
  answer(request).then(
    (body) => send(200, body),
    (error) => send(500, JSON.stringify({ errors: [{ message: error.message }] })),
  );
});
server.listen(0, '127.0.0.1', () => tellUrl(`http://127.0.0.1:${server.address().port}/graphql`));
