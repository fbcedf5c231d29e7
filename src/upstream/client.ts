import { setTimeout as wait } from 'node:timers/promises';
import { got } from 'got';
import type { Answer } from './answer.js';
import { createBodyReader } from './body.js';
import { readErrorBody } from './errorBody.js';
import { UpstreamError, type About } from './errors.js';
import { createAgents, createConnector, type Trust } from './tls.js';
import { createWire, ProtocolError } from './wire.js';

export type ClientOptions = Readonly<{
  /** Scheme, host and port, and the path of a proxy if there is one: the one place that requests, and tokens, go to. */
  origin: string;
  trust: Trust;
  /** From the first byte sent to the last byte read. */
  timeoutMs: number;
  maxBodyBytes: number;
}>;

export type UpstreamRequest = Readonly<{
  /** Below the origin and its path, without a leading slash, made of fixed words and ids that were checked to be UUIDs. */
  path: string;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
  token: string | null;
  about: About;
  /** Counts where it is less than the client's own. */
  timeoutMs?: number;
  /** For whom it is sent: who may end it, and counts what is kept of its answer. */
  owner?: Readonly<{
    signal: AbortSignal;
    ended: (about: About) => UpstreamError;
    keep: (bytes: number, about: About) => void;
    release: (bytes: number) => void;
  }>;
}>;

export type Client = Readonly<{
  /**
   * Sends a request and returns its answer. After 408 or 421 it sends the request once more, on a new connection. Throws an
   * `UpstreamError` when no whole answer came.
   */
  exchange: (request: UpstreamRequest) => Promise<Answer>;
  /** Closes the connections that nothing is asked on: they may be dead. */
  closeIdle: () => void;
  /** See `Connector`. */
  certificateEndsMs: () => number | null;
  close: () => void;
}>;

/** How long the server may take to see that a connection was closed. */
const CLOSING_MS = 5;

/** Errors of the wire may hold the URL, so all that leaves this file of them is a word for the log. */
function connectionError(error: unknown, about: About): UpstreamError {
  if (error instanceof UpstreamError) return error;
  if (error instanceof ProtocolError)
    return new UpstreamError({ ...about, fault: 'badResponse', reason: error.message });
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  const reason = typeof code === 'string' ? code : 'ERR_UNKNOWN';
  return new UpstreamError({ ...about, fault: reason === 'ETIMEDOUT' ? 'timedOut' : 'unavailable', reason });
}

/** Root of the paths of all GETs, and their headers. got prepares both once. */
type Prepared = Readonly<{ root: string; headers: Readonly<Record<string, string>> }>;

/** Returns a path with its query, encoded as a form. */
function targetOf(root: string, path: string, query: UpstreamRequest['query']): string {
  if (Object.keys(query).length === 0) return `${root}${path}`;
  return `${root}${path}?${new URLSearchParams(query).toString()}`;
}

/** Statuses that can be about the connection alone: 408 because it was idle, 421 because it was made for another host. */
const statusesOfConnection: ReadonlySet<number> = new Set([408, 421]);

/** Returns true for an answer after which the same GET may do better on a new connection. */
const isAboutConnection = ({ status, body }: Answer): boolean =>
  statusesOfConnection.has(status) && !readErrorBody(body).hasCode;

/** One server's REST API over HTTP: one origin, no redirects, no retries, a time limit and a cap on the body. */
export function createClient(options: ClientOptions): Client {
  const connector = createConnector(options.trust, options.timeoutMs);
  const agents = createAgents(connector);
  const wire = createWire(options.origin, connector);
  const http = got.extend({
    prefixUrl: options.origin,
    agent: agents,
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    // Without this header, a proxy may compress the body. The gateway rejects a compressed body.
    headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'backup365-gateway' },
    handlers: [
      (request, next) => {
        if (request.isStream || request.method !== 'GET') return next(request);
        const { url, headers } = request;
        const isText = (header: [string, unknown]): header is [string, string] => typeof header[1] === 'string';
        const prepared: Prepared = {
          root: url instanceof URL ? url.pathname : '/',
          headers: Object.fromEntries(Object.entries(headers).filter(isText)),
        };
        return prepared as never;
      },
    ],
  });
  const { root, headers: ownHeaders } = http('') as unknown as Prepared; // the handler above returns it in place of a response

  /** Sends a request once. `timeoutMs` is from the first byte sent to the last byte read. */
  async function send(request: UpstreamRequest, timeoutMs: number, isOnNewConnection: boolean): Promise<Answer> {
    const { path, query, headers, token, about, owner } = request;
    if (owner?.signal.aborted === true) throw owner.ended(about);
    const body = createBodyReader(options.maxBodyBytes, about, owner?.keep ?? (() => undefined));
    const call = wire.get(
      targetOf(root, path, query),
      { ...ownHeaders, ...headers, ...(token !== null && { authorization: `Bearer ${token}` }) },
      body,
      isOnNewConnection,
    );
    const timer = setTimeout(() => {
      call.abort(new UpstreamError({ ...about, fault: 'timedOut', reason: `${timeoutMs} ms` }));
    }, timeoutMs);
    const onEnd = (): void => {
      call.abort(owner?.ended(about) ?? new UpstreamError({ ...about, fault: 'cancelled' }));
    };
    owner?.signal.addEventListener('abort', onEnd, { once: true });
    try {
      return await call.answer;
    } catch (error) {
      owner?.release(body.keptBytes());
      await wait(CLOSING_MS); // whoever has its place next shall not be one too many at the server
      throw connectionError(error, about);
    } finally {
      clearTimeout(timer);
      owner?.signal.removeEventListener('abort', onEnd);
    }
  }

  async function exchange(request: UpstreamRequest): Promise<Answer> {
    const timeoutMs = Math.min(options.timeoutMs, request.timeoutMs ?? Infinity);
    const startMs = performance.now();
    const answer = await send(request, timeoutMs, false);
    if (!isAboutConnection(answer)) return answer;
    const restMs = Math.floor(timeoutMs - (performance.now() - startMs));
    return restMs > 0 ? send(request, restMs, true) : answer;
  }

  return {
    exchange,
    closeIdle: wire.closeIdle,
    certificateEndsMs: connector.certificateEndsMs,
    close: () => {
      wire.close();
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
