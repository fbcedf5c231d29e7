import { hash } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RATE_LIMITED_MESSAGE, type ErrorCode } from '../graph/formatError.js';
import type { SharedStore } from '../sharedStore.js';
import { readBearerToken } from './bearer.js';
import { RateLimitStore } from './rateLimitStore.js';

export type RateLimitReason = 'token_rate' | 'address_rate';

export type RateLimitOptions = Readonly<{
  /** Requests a minute; null for any number. */
  rateLimits: Readonly<{ perToken: number | null; perAddress: number | null }>;
  /** Where all instances count together; null for each by itself. */
  store?: SharedStore | null;
  onRateLimited?: (reason: RateLimitReason, key: string, request: FastifyRequest) => void;
}>;

const WINDOW_MS = 60_000;

/** Headers of a limited answer, as in draft-ietf-httpapi-ratelimit-headers-06. */
export const rateLimitHeaders = ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'] as const;

type Standing = Readonly<{
  reason: RateLimitReason;
  /** Who is counted: a hash of a token, or an address, or a network of IPv6. */
  key: string;
  max: number;
  remaining: number;
  isExceeded: boolean;
  leftMs: number;
}>;

/** The request's count; null where it is not counted by this limit. */
type Limiter = (request: FastifyRequest) => Promise<Standing | null>;

/** Knows a token again without knowing it. */
function nameOfToken(request: FastifyRequest): string {
  const token = readBearerToken(request.raw.rawHeaders);
  return typeof token === 'string' ? hash('sha256', `backup365-gateway rate ${token}`, 'base64url') : '';
}

/** An IPv6 address as there is one way to write it, by `URL`: `2001:db8::c000:201` for `2001:DB8:0::192.0.2.1`. */
const spelled = (address: string): string => new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);

/** The first four of an IPv6 address's eight groups, which are one network (/64); of one that stands for IPv4, that address. */
function networkOf(address: string): string {
  const text = spelled(address);
  const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [before = [], after] = text.split('::').map(groupsOf);
  const groups = after ? [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after] : before;
  if (/^::ffff:[^:]+:[^:]+$/.test(text)) {
    const bytes = groups.slice(6).flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]);
    return bytes.join('.');
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/**
 * The address that a request is counted under. What a proxy says of it can have a port, or be no address: then it is the
 * proxy's own. Addresses of one IPv6 network are one.
 */
export function nameOfAddress({
  ip,
  socket,
}: Pick<FastifyRequest, 'ip'> & { socket: { remoteAddress?: string | undefined } }): string {
  const plain = /^\[(.+)\](?::\d+)?$/.exec(ip)?.[1] ?? /^([\d.]+):\d+$/.exec(ip)?.[1] ?? ip;
  const address = isIP(plain) === 0 ? (socket.remoteAddress ?? '') : plain;
  return isIPv6(address) ? networkOf(address) : address;
}

/** Which of two standings leaves less room. */
function tighter(one: Standing, other: Standing): Standing {
  if (one.isExceeded !== other.isExceeded) return one.isExceeded ? one : other;
  if (one.remaining !== other.remaining) return one.remaining < other.remaining ? one : other;
  return one.leftMs >= other.leftMs ? one : other;
}

function createLimiter(
  http: FastifyInstance,
  reason: RateLimitReason,
  max: number,
  store: SharedStore | null,
  keyGenerator?: (request: FastifyRequest) => string,
): Limiter {
  const options = { max, timeWindow: WINDOW_MS, ...(keyGenerator && { keyGenerator }) };
  const count = http.createRateLimit(options);
  return async (request) => {
    // This instance counts in any case: its own counts hold while the store is away.
    const own = await count(request);
    if (own.isAllowed) return null;
    const { remaining, isExceeded, ttl: leftMs, key } = own;
    const standing = { reason, key, max, remaining, isExceeded, leftMs };
    if (isExceeded) return standing; // the others' counts can only add to it
    const shared = await store?.count(`${reason} ${key}`, WINDOW_MS);
    if (!shared || max - shared.count > remaining) return standing; // it may have lost what it had
    const { count: sharedCount, leftMs: sharedLeftMs } = shared;
    return {
      ...standing,
      remaining: Math.max(0, max - sharedCount),
      isExceeded: sharedCount > max,
      leftMs: Math.min(sharedLeftMs, WINDOW_MS), // whatever Redis says, no window is longer
    };
  };
}

function refuse(reply: FastifyReply, retryAfterSeconds: number): FastifyReply {
  const code: ErrorCode = 'RATE_LIMITED';
  const extensions = { code, retryAfterSeconds, requestId: reply.request.id };
  return reply
    .status(429)
    .header('retry-after', String(retryAfterSeconds))
    .send({ errors: [{ message: RATE_LIMITED_MESSAGE, extensions }] });
}

/** Refuses requests to routes of `http` that come too often from one token or one address, before anything is done for them. */
export async function limitRates(http: FastifyInstance, options: RateLimitOptions): Promise<void> {
  const { rateLimits, store = null, onRateLimited } = options;
  const { perToken, perAddress } = rateLimits;
  if (perToken === null && perAddress === null) return;
  await http.register(rateLimit, { global: false, store: RateLimitStore });
  const byToken = perToken === null ? null : createLimiter(http, 'token_rate', perToken, store, nameOfToken);
  const byAddress = perAddress === null ? null : createLimiter(http, 'address_rate', perAddress, store, nameOfAddress);

  http.addHook('onRequest', async (request, reply) => {
    if (request.method === 'OPTIONS' || request.socket.remoteAddress === undefined) return; // or the caller has gone
    const hasToken = typeof readBearerToken(request.raw.rawHeaders) === 'string';
    const ofAddress = (await byAddress?.(request)) ?? null;
    // What is refused by address uses up nothing of its token's.
    const ofToken = hasToken && ofAddress?.isExceeded !== true ? ((await byToken?.(request)) ?? null) : null;
    const standing = ofAddress && ofToken ? tighter(ofAddress, ofToken) : (ofAddress ?? ofToken);
    if (!standing) return;
    const { reason, key, max, remaining, isExceeded, leftMs } = standing;
    const resetSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    const values = [max, remaining, resetSeconds];
    for (const [index, name] of rateLimitHeaders.entries()) void reply.header(name, String(values[index]));
    if (!isExceeded) return;
    onRateLimited?.(reason, key, request);
    return refuse(reply, resetSeconds);
  });
}
