import type { Agent, ClientRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { got, RequestError, type Got } from 'got';
import type { Answer } from './answer.js';
import { createBodyReader } from './body.js';
import { UpstreamError, type About } from './errors.js';
import { createAgents, type Trust } from './tls.js';

export type ClientOptions = Readonly<{
  /** Scheme, host and port: the one place that requests, and tokens, go to. */
  origin: string;
  trust: Trust;
  /** From the first byte sent to the last byte read. */
  timeoutMs: number;
  maxBodyBytes: number;
}>;

export type UpstreamRequest = Readonly<{
  /** Below the origin, without a leading slash, made of fixed words and ids that were checked to be UUIDs. */
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
  /** One request and its answer. What is thrown is an `UpstreamError`, and means that no whole answer came. */
  exchange: (request: UpstreamRequest) => Promise<Answer>;
  /** Closes the connections that nothing is asked on: they may be dead. */
  closeIdle: () => void;
  close: () => void;
}>;

/** 100 Continue and 103 Early Hints come once or twice, if at all. */
const MAX_INFORMATIONAL = 20;

/** got's errors hold the token and the URL, so all that leaves this file of them is a word for the log. */
function connectionError(error: unknown, about: About): UpstreamError {
  const reason = error instanceof RequestError ? error.code : 'ERR_UNKNOWN';
  if (reason.startsWith('HPE_')) return new UpstreamError({ ...about, fault: 'badResponse', reason }); // no HTTP
  return new UpstreamError({ ...about, fault: reason === 'ETIMEDOUT' ? 'timedOut' : 'unavailable', reason });
}

function destroyIdle(agent: Agent): void {
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** One server's REST API over HTTP: one origin, no redirects, no retries, a time limit and a cap on the body. */
export function createClient(options: ClientOptions): Client {
  const agents = createAgents(options.trust, options.timeoutMs);
  const http: Got = got.extend({
    prefixUrl: options.origin,
    agent: agents,
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false, // and so none is asked for: what comes compressed all the same is refused
    headers: { accept: 'application/json', 'user-agent': 'backup365-gateway' },
  });

  async function exchange(request: UpstreamRequest): Promise<Answer> {
    const { about, owner } = request;
    if (owner?.signal.aborted === true) throw owner.ended(about);
    const timeoutMs = Math.min(options.timeoutMs, request.timeoutMs ?? Infinity);
    const controller = new AbortController();
    const timer = setTimeout(() => {
      controller.abort();
    }, timeoutMs);
    const onEnd = (): void => {
      controller.abort();
    };
    owner?.signal.addEventListener('abort', onEnd, { once: true });
    try {
      return await converse(request, controller, timeoutMs);
    } finally {
      clearTimeout(timer);
      owner?.signal.removeEventListener('abort', onEnd);
    }
  }

  async function converse(request: UpstreamRequest, controller: AbortController, timeoutMs: number): Promise<Answer> {
    const { path, query, headers, token, about, owner } = request;
    const body = createBodyReader(options.maxBodyBytes, about, owner?.keep ?? (() => undefined));
    const stream = http.stream(path, {
      searchParams: query,
      headers: token === null ? headers : { ...headers, authorization: `Bearer ${token}` },
      signal: controller.signal,
    });
    let oddity: string | undefined;
    stream.on('request', (sent: ClientRequest) => {
      let hints = 0;
      const end = (reason: string): void => {
        oddity = reason;
        controller.abort();
      };
      sent.on('information', () => {
        hints += 1;
        if (hints > MAX_INFORMATIONAL) end('one informational answer after the other');
      });
      sent.on('upgrade', (_, socket: Duplex) => {
        socket.destroy();
        end('another protocol');
      });
    });
    // An error can come after the loop below was left, and an unheard one would end the process, printing the token.
    stream.on('error', () => undefined);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        if (!body.take(chunk, stream.response?.statusCode ?? 0, stream.response?.headers ?? {})) break; // and so close it
      }
    } catch (error) {
      owner?.release(body.keptBytes());
      if (error instanceof UpstreamError) throw error;
      if (owner?.signal.aborted === true) throw owner.ended(about);
      if (oddity !== undefined) throw new UpstreamError({ ...about, fault: 'badResponse', reason: oddity });
      if (controller.signal.aborted)
        throw new UpstreamError({ ...about, fault: 'timedOut', reason: `${timeoutMs} ms` });
      throw connectionError(error, about);
    }
    if (!stream.response) throw new UpstreamError({ ...about, fault: 'unavailable', reason: 'no answer' });
    return { status: stream.response.statusCode, headers: stream.response.headers, body: body.whole() };
  }

  return {
    exchange,
    closeIdle: () => {
      destroyIdle(agents.http);
      destroyIdle(agents.https);
    },
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
