// The backup server of `run.mjs`, in a process of its own: API v8 on loopback, with 1,000 sessions. Lists take half a second, so
// that equal operations wait for one request together.
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const ROWS = 1000;
const LIST_DELAY_MS = 500;

const idOf = (index) => `00000001-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
const rows = Array.from({ length: ROWS }, (_, index) => ({
  id: idOf(index),
  status: 'Success',
  jobType: 'Backup',
  creationTime: new Date(Date.UTC(2025, 0, 1) - index * 60_000).toISOString(),
  endTime: new Date(Date.UTC(2025, 0, 1) - index * 60_000 + 30_000).toISOString(),
  details: 'x'.repeat(64),
}));

async function bodyAt({ pathname, searchParams }) {
  if (pathname === '/v8/ServiceInstance') return { version: '8.0', installationId: idOf(0) };
  const [, version, collection, id] = pathname.split('/');
  if (version !== 'v8' || collection !== 'JobSessions') return undefined;
  if (id !== undefined) return rows.find((row) => row.id === id);
  await wait(LIST_DELAY_MS);
  const offset = Number(searchParams.get('offset') ?? 0);
  const limit = Number(searchParams.get('limit') ?? 30);
  return { offset, limit, results: rows.slice(offset, offset + limit) };
}

const server = createServer((request, response) => {
  void bodyAt(new URL(request.url ?? '/', 'http://server')).then((body) => {
    const hasToken = request.headers.authorization !== undefined;
    const status = !hasToken ? 401 : body === undefined ? 404 : 200;
    const text = JSON.stringify(status === 200 ? body : { errorCode: 'none' });
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  });
});
server.keepAliveTimeout = 0;
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  process.send({ origin: `http://127.0.0.1:${server.address().port}`, sessionId: idOf(7) });
});
