import type { IncomingHttpHeaders } from 'node:http';
import { fastify, type FastifyInstance } from 'fastify';
import { logLevels } from '../config/readers.js';
import { show } from '../config/show.js';
import type { Log } from '../log.js';
import { keepIdle } from './idleConnections.js';
import { addProbes, type Readiness } from './probes.js';

export type OperatorsAppOptions = Readonly<{
  log: Log;
  metrics: Readonly<{ contentType: string; render: () => Promise<string> }>;
  readiness: () => Readiness;
}>;

/** Prometheus, a person or two, and probes. */
const MAX_CONNECTIONS = 64;

/** Who calls from this very machine, or container. */
const isLoopback = (address: string): boolean => /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(address);

/** Whether that is no page, be it under a name that leads to this machine, and nobody whom a proxy speaks for. */
function isDirect(headers: IncomingHttpHeaders): boolean {
  const byOthers = ['origin', 'sec-fetch-site', 'forwarded', 'x-forwarded-for'].some((name) => name in headers);
  return !byOthers && /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(headers.host ?? '');
}

/**
 * Creates the listener for operators: `/metrics`, the probes, which callers cannot keep from being answered here, and
 * `/log-level`, which can be changed from the same machine alone (`kubectl port-forward` and `docker exec` are that). It has no
 * token, and nothing of a caller's.
 */
export function createOperatorsApp({ log, metrics, readiness }: OperatorsAppOptions): FastifyInstance {
  const http = fastify({
    logger: false,
    bodyLimit: 1024,
    requestTimeout: 10_000,
    connectionTimeout: 30_000,
    http: { headersTimeout: 5000, connectionsCheckingInterval: 1000 },
    forceCloseConnections: true, // nothing here is worth waiting for
  });
  http.server.maxConnections = MAX_CONNECTIONS;
  keepIdle(http.server);
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => {
    done(null, body);
  });

  addProbes(http, readiness);
  http.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.render()));

  http.get('/log-level', (_, reply) => reply.type('text/plain').send(`${log.level}\n`));

  http.put('/log-level', (request, reply) => {
    void reply.type('text/plain');
    if (!isLoopback(request.socket.remoteAddress ?? '') || !isDirect(request.headers)) {
      return reply.status(403).send('The level can be changed from the same machine alone.\n');
    }
    const wanted = typeof request.body === 'string' ? request.body.trim() : request.body;
    const level = logLevels.find((each) => each === wanted);
    if (level === undefined) {
      return reply.status(400).send(`Expected one of ${logLevels.join(', ')}; got ${show(wanted)}.\n`);
    }
    const before = log.level;
    log.level = 'info'; // so that the change is told, whatever it is from and to
    log.info({ before, level }, 'the log level was changed');
    log.level = level;
    return reply.send(`${level}\n`);
  });

  http.setNotFoundHandler((_, reply) =>
    reply.status(404).type('text/plain').send('Here are /metrics, /livez, /readyz and /log-level.\n'),
  );
  return http;
}
