import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../log.js';
import { createOriginLog } from './originLog.js';
import { rateLimitHeaders } from './rateLimit.js';

/** How long a browser need not ask again whether it may send. */
const PREFLIGHT_SECONDS = 600;

/** What pages of other origins may read beside the answer itself. */
const exposedHeaders = ['x-request-id', 'retry-after', 'etag', 'content-disposition', ...rateLimitHeaders];

/** Origins of pages that the browser's own machine serves, such as a front end's dev server. */
const loopback = /^https?:\/\/((?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

export type OriginOptions = Readonly<{
  /** Origins that CORS allows. */
  corsOrigins: readonly string[];
  /** Pages that the browser's own machine serves may ask as well. For the demo server alone: what it has is made up. */
  allowsLoopbackOrigins: boolean;
  log: Log;
}>;

/** Lets pages of these origins, and no others, ask. Never with cookies: a page has a bearer token, or it has nothing. */
export async function allowOrigins(http: FastifyInstance, options: OriginOptions): Promise<void> {
  const { corsOrigins, allowsLoopbackOrigins, log } = options;
  const isAllowed = (origin: string): boolean =>
    corsOrigins.includes(origin) || (allowsLoopbackOrigins && loopback.test(origin));
  const reportRefused = createOriginLog(log);

  http.addHook('onRequest', (request, _, done) => {
    const { origin = '' } = request.headers;
    if (origin !== '' && !isAllowed(origin)) reportRefused(origin, request);
    done();
  });
  if (corsOrigins.length === 0 && !allowsLoopbackOrigins) return;
  await http.register(cors, {
    origin: [...corsOrigins, ...(allowsLoopbackOrigins ? [loopback] : [])],
    methods: ['GET', 'POST'],
    exposedHeaders,
    maxAge: PREFLIGHT_SECONDS,
    credentials: false,
    strictPreflight: false, // one without an origin is nobody's, and gets no answer of another shape
  });
}
