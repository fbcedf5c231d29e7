import type { FastifyReply, FastifyRequest } from 'fastify';
import { readAsked } from './emptyParameters.js';
import { createNegotiation } from './negotiation.js';

/** HTML comes last, so that a client that accepts anything gets JSON. */
const negotiate = createNegotiation(['application/json', 'application/graphql-response+json', 'text/html']);

const asking = ['query', 'extensions', 'documentId'];

function isEmpty(request: FastifyRequest): boolean {
  const parameters = new URLSearchParams(readAsked(request).search);
  return asking.every((name) => !parameters.has(name));
}

/** Redirects a browser that opens `/graphql` without a query to the explorer. */
export function redirectToExplorer(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (negotiate(request.headers.accept) !== 'text/html' || !isEmpty(request)) {
    done();
    return;
  }
  // Relative, so that it leads to the same place below a path of a reverse proxy.
  const [path = ''] = request.url.split('?', 1);
  void reply
    .status(303)
    .header('location', path.endsWith('/') ? '../' : './')
    .send();
}
