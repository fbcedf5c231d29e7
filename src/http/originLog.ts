import type { FastifyRequest } from 'fastify';
import { settings } from '../config/settings.js';
import type { Log } from '../log.js';

/** Time after which an origin has another line, and maximum number of origins until then: anybody can make up origins. */
const FORGET_MS = 3_600_000;
const MAX_ORIGINS = 100;

/** Maximum length of an origin in the log, in characters. Host names have 253. */
const MAX_CHARACTERS = 280;

/** True for a request of the gateway's own page, which needs nobody's leave. A browser or the Host header says so. */
function isSameOrigin(origin: string, { headers }: FastifyRequest): boolean {
  return headers['sec-fetch-site'] === 'same-origin' || origin.replace(/^https?:\/\//, '') === headers.host;
}

/** Writes one line of the log for each origin whose pages may not ask: the browser tells its person, and nobody here. */
export function createOriginLog(log: Log): (origin: string, request: FastifyRequest) => void {
  let known = new Set<string>();
  let sinceMs = -Infinity;
  return (origin, request) => {
    if (performance.now() - sinceMs > FORGET_MS) {
      known = new Set();
      sinceMs = performance.now();
    }
    // Anything but letters, digits and the marks of a URL could be a secret or forge what people see.
    const shown = origin.slice(0, MAX_CHARACTERS).replace(/[^\w.:/[\]+-]/g, '?');
    if (known.has(shown) || known.size >= MAX_ORIGINS || isSameOrigin(origin, request)) return;
    known.add(shown);
    log.info({ requestId: request.id, origin: shown, setting: settings.corsOrigins.env }, 'origin refused');
  };
}
