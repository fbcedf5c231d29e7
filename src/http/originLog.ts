import type { FastifyRequest } from 'fastify';
import { settings } from '../config/settings.js';
import type { Log } from '../log.js';

/** Time after which an origin has another line, and maximum number of origins until then: anybody can make up origins. */
const FORGET_MS = 3_600_000;
const MAX_ORIGINS = 100;

/** Maximum length of an origin in the log, in characters. Host names have 253. */
const MAX_CHARACTERS = 280;

/** True for a request from the gateway's own page, which CORS does not affect. The browser or the Host header says so. */
function isSameOrigin(origin: string, { headers, host }: FastifyRequest): boolean {
  if (headers['sec-fetch-site'] === 'same-origin') return true;
  const page = URL.canParse(origin) ? new URL(origin) : null;
  return (
    page !== null &&
    URL.canParse(`${page.protocol}//${host}`) &&
    new URL(`${page.protocol}//${host}`).host === page.host
  );
}

/** Returns a function that logs each refused origin once an hour. The browser shows its user only a network error. */
export function createOriginLog(log: Log): (origin: string, request: FastifyRequest) => void {
  let known = new Set<string>();
  let sinceMs = -Infinity;
  return (origin, request) => {
    if (performance.now() - sinceMs > FORGET_MS) {
      known = new Set();
      sinceMs = performance.now();
    }
    // An origin has no user, path or query, where a secret could be. Odd characters could forge a line of the log.
    const [, scheme = '', host = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(?:[^/?#]*@)?([^/?#]*)/i.exec(origin) ?? [];
    const shown = (scheme + host).slice(0, MAX_CHARACTERS).replace(/[^\w.:/[\]+-]/g, '?');
    if (known.has(shown) || known.size >= MAX_ORIGINS || isSameOrigin(origin, request)) return;
    known.add(shown);
    log.info({ requestId: request.id, origin: shown, setting: settings.corsOrigins.env }, 'origin refused');
  };
}
