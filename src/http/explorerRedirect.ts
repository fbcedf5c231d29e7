import type { FastifyReply, FastifyRequest } from 'fastify';
import { readAsked } from './emptyParameters.js';
import { createNegotiation } from './negotiation.js';

/** The page comes last: whoever takes anything gets JSON. */
const negotiate = createNegotiation(['application/json', 'application/graphql-response+json', 'text/html']);

const asking = ['query', 'extensions', 'documentId'];

function isEmpty(request: FastifyRequest): boolean {
  const parameters = new URLSearchParams(readAsked(request).search);
  return asking.every((name) => !parameters.has(name));
}

/** Sends a browser that opens the address of GraphQL, and asks nothing, to the explorer. Any other GET goes on. */
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
