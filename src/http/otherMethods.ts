import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refusal } from './intake.js';

type Path = Readonly<{ pattern: RegExp; methods: Set<string> }>;

/** Answers a request whose path has no such method. Returns true when it did. */
export type AnswerOtherMethod = (request: FastifyRequest, reply: FastifyReply) => boolean;

/** Returns the path that a request names, whole (as proxies are asked), encoded or with a fragment. */
function pathOf(url: string): string {
  const [path = ''] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Answers OPTIONS for each path that has a route, and 405 for methods that it does not have. Must be called before routes are added. */
export function createOtherMethods(http: FastifyInstance): AnswerOtherMethod {
  const paths = new Map<string, Path>();

  http.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return; // the CORS plugin's, which is for preflights of any path
    const known = paths.get(url) ?? {
      pattern: new RegExp(`^${url.replace(/:\w+/g, '[^/]+')}$`),
      methods: new Set<string>(),
    };
    for (const each of [method].flat()) known.methods.add(each);
    paths.set(url, known);
  });

  function allowedFor(url: string): string | null {
    const path = pathOf(url);
    const found = [...paths.values()].find(({ pattern }) => pattern.test(path));
    return found ? [...new Set([...found.methods, 'OPTIONS'])].sort().join(', ') : null;
  }

  return (request, reply) => {
    const isOptions = request.method === 'OPTIONS';
    if (!isOptions && !request.is404) return false;
    const allowed = allowedFor(request.url);
    if (allowed === null) return false;
    void reply.header('allow', allowed);
    if (!request.is404) return false; // an OPTIONS that has a route
    if (isOptions) void reply.status(204).send();
    else {
      const message = `${request.method} is not allowed here. Allowed are ${allowed}.`;
      void reply.status(405).send(refusal(message, 'BAD_REQUEST', request.id));
    }
    return true;
  };
}
