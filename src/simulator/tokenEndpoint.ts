import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiVersion } from './format.js';
import { send } from './send.js';
import { DEMO_USER, type TokenPair, type Tokens } from './tokens.js';

/** What it is called is documented nowhere. */
export const ANTIFORGERY_COOKIE = 'x-antiforgery=1';
const MAX_FORM_BYTES = 64 * 1024;

async function readForm(request: IncomingMessage): Promise<ReadonlyMap<string, string> | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_FORM_BYTES) return null;
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString();
  if (!(request.headers['content-type'] ?? '').startsWith('application/json'))
    return new Map(new URLSearchParams(text));
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) return null;
    return new Map(Object.entries(body).map(([name, value]) => [name, String(value)]));
  } catch {
    return null;
  }
}

function renderTokens(version: ApiVersion, pair: TokenPair): Record<string, unknown> {
  const written = (ms: number): string =>
    version >= 6 ? new Date(ms).toISOString().replace(/\.\d+/, '') : new Date(ms).toUTCString();
  return {
    access_token: pair.accessToken,
    token_type: 'bearer',
    expires_in: pair.expiresInSeconds,
    refresh_token: pair.refreshToken,
    userName: DEMO_USER.username,
    '.issued': written(pair.issuedMs),
    '.expires': written(pair.issuedMs + pair.expiresInSeconds * 1000),
  };
}

/** `POST /vN/token`: forms in every version, JSON from v6; the OAuth way of saying no. */
export async function answerTokenRequest(
  version: ApiVersion,
  request: IncomingMessage,
  response: ServerResponse,
  tokens: Tokens,
): Promise<void> {
  const form = await readForm(request);
  const no = (error: string, description: string): void => {
    send(response, 400, { error, error_description: description });
  };
  if (form === null || ((request.headers['content-type'] ?? '').startsWith('application/json') && version < 6)) {
    no('invalid_request', 'The body cannot be read');
    return;
  }
  const needsCookie = version >= 8 && form.get('disable_antiforgery_token')?.toLowerCase() !== 'true';
  const grant = form.get('grant_type') ?? 'password';
  let pair: TokenPair | null = null;
  if (grant === 'password') {
    const isRight = form.get('username') === DEMO_USER.username && form.get('password') === DEMO_USER.password;
    pair = isRight ? tokens.issue({ needsCookie }) : null;
  } else if (grant === 'refresh_token') pair = tokens.refresh(form.get('refresh_token') ?? '', needsCookie);
  else {
    no('unsupported_grant_type', 'The grant is not supported');
    return;
  }
  if (!pair) no('invalid_grant', 'Invalid credential');
  else
    send(
      response,
      200,
      renderTokens(version, pair),
      needsCookie ? { 'set-cookie': `${ANTIFORGERY_COOKIE}; Secure; HttpOnly` } : {},
    );
}
