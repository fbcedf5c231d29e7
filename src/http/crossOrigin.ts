import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import { rateLimitHeaders } from './rateLimit.js';

/** How long a browser need not ask again whether it may send. */
const PREFLIGHT_SECONDS = 600;

/** What pages of other origins may read beside the answer itself. */
const exposedHeaders = ['x-request-id', 'retry-after', 'etag', 'content-disposition', ...rateLimitHeaders];

/** Lets pages of these origins, and no others, ask. Never with cookies: a page has a bearer token, or it has nothing. */
export async function allowOrigins(http: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return;
  await http.register(cors, {
    origin: [...origins],
    methods: ['GET', 'POST'],
    exposedHeaders,
    maxAge: PREFLIGHT_SECONDS,
    credentials: false,
    strictPreflight: false, // one without an origin is nobody's, and gets no answer of another shape
  });
}
