// The fake backup server of the search, in a process of its own: API v8 on loopback. The first word of a token names how it
// behaves (`variants` in rows.mjs), so that one server is all of them.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tables, variants } from './rows.mjs';

/** Pages that were rendered; a search asks for the same ones again and again. */
const MAX_RENDERED = 300;

const parameters = {
  jobId: 'jobId',
  jobType: 'jobType',
  organizationId: 'organizationId',
  repositoryId: 'repositoryId',
};
const statusOf = (query) => (query.get('status') === 'Succeeded' ? 'Success' : query.get('status'));

function rowsFor(collection, query) {
  let rows = tables[collection];
  for (const [parameter, field] of Object.entries(parameters)) {
    const value = query.get(parameter);
    if (value !== null) rows = rows.filter((row) => row[field] === value);
  }
  if (query.has('status')) rows = rows.filter((row) => row.status === statusOf(query));
  if (query.has('type')) rows = rows.filter((row) => row.type === query.get('type'));
  return query.get('orderAsc') === 'false' ? rows.toReversed() : rows;
}

function renderPage(path, collection, query, variant) {
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 30);
  const all = rowsFor(collection, query);
  const change = variants[variant];
  if (variant === 'arrays') return all.map(change);
  const href = (at) => ({ href: `/v8/${path}?offset=${at}&limit=${limit}` });
  const isLast = offset + limit >= all.length;
  return {
    offset,
    limit,
    results: all.slice(offset, offset + limit).map(change),
    _links: { self: href(offset), ...(isLast ? {} : { next: href(offset + limit) }) },
  };
}

/** The status and the body at a path. */
function answerFor(path, query, variant) {
  const [first, id, part] = path.split('/');
  if (first === 'ServiceInstance') return [200, { version: '8.0.2.159', installationId: tables.Proxies[0].id }];
  if (variant === 'forbidden' && (first !== 'JobSessions' || id !== undefined)) return [403, { message: 'Forbidden.' }];
  if (variant === 'missing' && id !== undefined) return [404, { message: 'None.', errorCode: 'NotFound' }];
  if (!Object.hasOwn(tables, first)) return [404, { message: 'None.', errorCode: 'NotFound' }];
  if (id === undefined) return [200, renderPage(path, first, query, variant)];
  if (part !== undefined && Object.hasOwn(tables, part)) return [200, renderPage(path, part, query, variant)];
  const row = tables[first].find((one) => one.id === id);
  return row ? [200, variants[variant](row)] : [404, { message: 'None.', errorCode: 'NotFound' }];
}

/** Starts the server; `origin` is where it listens. */
export async function startServer() {
  const rendered = new Map();
  let requests = 0;

  const server = createServer((request, response) => {
    requests += 1;
    const token = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const { pathname, searchParams } = new URL(request.url, 'http://server');
    const variant = token?.split('-')[0];
    const key = `${variant} ${request.url}`;
    let known = rendered.get(key);
    if (!known) {
      const isKnownVersion = pathname.startsWith('/v8/');
      const [status, body] = !isKnownVersion
        ? [404, {}]
        : variant === undefined || !Object.hasOwn(variants, variant)
          ? [401, { message: 'No token.' }]
          : answerFor(pathname.slice('/v8/'.length), searchParams, variant);
      known = [status, Buffer.from(JSON.stringify(body))];
      if (rendered.size >= MAX_RENDERED) rendered.clear();
      rendered.set(key, known);
    }
    const [status, body] = known;
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    requests: () => requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
