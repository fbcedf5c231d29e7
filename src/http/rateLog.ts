import type { FastifyRequest } from 'fastify';
import type { Log } from '../log.js';
import { readBearerToken } from './bearer.js';
import { callerOf } from './report.js';
import type { RateLimitReason } from './rateLimit.js';

/** How often one caller is told of, and how many are: who is refused asks often. */
const TELL_EVERY_MS = 60_000;
const MAX_TOLD = 1000;

/** Tells the log who asks too often: a token by its eight digits, or an address. Once a minute for each. */
export function createRateLog(log: Log): (reason: RateLimitReason, key: string, request: FastifyRequest) => void {
  let told = new Set<string>();
  let sinceMs = -Infinity;
  return (reason, key, request) => {
    if (performance.now() - sinceMs > TELL_EVERY_MS) {
      told = new Set();
      sinceMs = performance.now();
    }
    const name = `${reason} ${key}`;
    if (told.has(name) || told.size >= MAX_TOLD) return;
    told.add(name);
    const caller = reason === 'token_rate' ? callerOf(readBearerToken(request.raw.rawHeaders)) : { address: key };
    log.info(
      { requestId: request.id, code: 'RATE_LIMITED', reason, ...caller },
      'a caller asks too often, and is told so once a minute',
    );
  };
}
