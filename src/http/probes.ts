import type { FastifyInstance } from 'fastify';
import type { ServerState } from '../upstream/state.js';

export type Readiness = Readonly<{
  isReady: boolean;
  body: Readonly<{ status: 'starting' | 'ready' | 'draining'; backupServer: ServerState }>;
}>;

/** Adds `GET /livez` and `GET /readyz`. Both listeners have them, with the same answers. */
export function addProbes(http: FastifyInstance, readiness: () => Readiness): void {
  http.get('/livez', () => ({ status: 'alive' }));
  http.get('/readyz', (_, reply) => {
    const { isReady, body } = readiness();
    return reply.status(isReady ? 200 : 503).send(body);
  });
}
