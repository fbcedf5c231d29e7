// The backup server of the benchmark, in a process of its own: API v8 on loopback, nearly free. The number at the end of
// a token is the place where its list of newest sessions begins.
import { createServer } from 'node:http';
import {
  LAST_FIRST_SIGHT_START,
  POLLING_LISTS,
  POLLING_LIST_SESSIONS,
  FINISHED_SESSIONS,
  RUNNING_AT,
} from './bodies.mjs';
import { page, renderBodies } from './bodies.mjs';

const { jobs, jobRows, sessions, sessionIds, sessionRows, logs } = renderBodies(Date.now());
const serviceInstance = Buffer.from('{"installationId":"9b1d2c3e-4f50-4617-8a2b-3c4d5e6f7081","version":"8.0.2.159"}');

let latencyMs = 0;
let requests = 0;

const pollingStart = (list) => FINISHED_SESSIONS + list * POLLING_LIST_SESSIONS;

/** Where the token's list begins and what it ends before. */
function listOf(token) {
  const from = Number(/\d+$/.exec(token)?.[0] ?? 0);
  if (from < FINISHED_SESSIONS) return { from, end: FINISHED_SESSIONS };
  return { from, end: from + POLLING_LIST_SESSIONS };
}

/** The body at a path, or undefined where there is none. */
function bodyAt(path, query, token) {
  const [, version, collection, id, part] = path.split('/');
  if (version !== 'v8') return undefined;
  if (collection === 'ServiceInstance') return serviceInstance;
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 30);
  if (collection === 'Jobs') {
    return id === undefined ? page(jobRows, 'Jobs', { offset, limit, from: offset }) : jobs.get(id);
  }
  if (collection !== 'JobSessions') return undefined;
  if (id === undefined) {
    const { from, end } = listOf(token);
    return page(sessionRows, 'JobSessions', { offset, limit, from: from + offset, end });
  }
  if (part === undefined) return sessions.get(id);
  const log = logs.get(id);
  if (part !== 'LogItems' || log === undefined || query.get('orderAsc') === 'false') return undefined;
  return page(log, `JobSessions/${id}/LogItems`, { offset, limit, from: offset });
}

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length });
  response.end(body);
}

const server = createServer((request, response) => {
  requests += 1;
  const token = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const mark = request.url.indexOf('?');
  const path = mark < 0 ? request.url : request.url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark + 1));
  const body = token === undefined ? undefined : bodyAt(path, query, token);
  const status = token === undefined ? 401 : body === undefined ? 404 : 200;
  const answer = () => send(response, status, body ?? Buffer.from('{"message":"None.","errorCode":null}'));
  if (latencyMs > 0) setTimeout(answer, latencyMs);
  else answer();
});
server.keepAliveTimeout = 0; // no connection ends while the others are measured

process.on('message', (message) => {
  if (message.latencyMs !== undefined) latencyMs = message.latencyMs;
  process.send({ requests });
});
process.on('disconnect', () => process.exit());

server.listen(0, '127.0.0.1', () => {
  process.send({
    origin: `http://127.0.0.1:${server.address().port}`,
    firstSightIds: sessionIds.slice(0, LAST_FIRST_SIGHT_START),
    pollingLists: Array.from({ length: POLLING_LISTS }, (_, list) => ({
      start: pollingStart(list),
      finishedId: sessionIds[pollingStart(list)],
      runningId: sessionIds[pollingStart(list) + RUNNING_AT],
    })),
  });
});
