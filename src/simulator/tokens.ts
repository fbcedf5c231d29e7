import { randomBytes } from 'node:crypto';

export const DEMO_USER = { username: 'demo', password: 'demo' } as const;

const LIFETIME_SECONDS = 3600;
const MAX_REFRESHABLE = 1000;

export type TokenPair = Readonly<{
  accessToken: string;
  refreshToken: string;
  expiresInSeconds: number;
  issuedMs: number;
}>;

/** Tokens as the product hands them out: opaque, for an hour, renewed as a pair. */
export type Tokens = Readonly<{
  issue: (options?: Readonly<{ accessToken?: string; expiresInSeconds?: number; needsCookie?: boolean }>) => TokenPair;
  /** A new pair for a refresh token, which is used up by it. */
  refresh: (refreshToken: string, needsCookie: boolean) => TokenPair | null;
  /** Whether a call with these headers is let in. A token that was asked for without opting out of the antiforgery cookie needs it. */
  accepts: (authorization: string | undefined, hasCookie: boolean) => boolean;
  revoke: (accessToken: string) => void;
}>;

export function createTokens(nowMs: () => number): Tokens {
  const access = new Map<string, { untilMs: number; needsCookie: boolean }>();
  const refreshable = new Set<string>();

  const issue: Tokens['issue'] = ({ accessToken, expiresInSeconds = LIFETIME_SECONDS, needsCookie = false } = {}) => {
    // A page that shows a fresh token issues many.
    const [oldest] = refreshable;
    if (refreshable.size > MAX_REFRESHABLE && oldest !== undefined) refreshable.delete(oldest);
    for (const [token, { untilMs }] of access) if (untilMs <= nowMs()) access.delete(token);
    const pair = {
      accessToken: accessToken ?? `AQAAA${randomBytes(24).toString('base64url')}`,
      refreshToken: randomBytes(24).toString('base64url'),
      expiresInSeconds,
      issuedMs: nowMs(),
    };
    access.set(pair.accessToken, { untilMs: pair.issuedMs + expiresInSeconds * 1000, needsCookie });
    refreshable.add(pair.refreshToken);
    return pair;
  };

  return {
    issue,
    refresh: (refreshToken, needsCookie) => (refreshable.delete(refreshToken) ? issue({ needsCookie }) : null),
    accepts: (authorization, hasCookie) => {
      const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
      const known = token === undefined ? undefined : access.get(token);
      return known !== undefined && nowMs() < known.untilMs && (hasCookie || !known.needsCookie);
    },
    revoke: (accessToken) => {
      access.delete(accessToken);
    },
  };
}
