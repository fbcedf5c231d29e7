import { got, RequestError, type Got } from 'got';
import { UpstreamError, type About, type Fault } from './errors.js';
import { isObject } from './raw.js';
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
}>;

export type Client = Readonly<{
  /** The JSON that the server answers; anything else is thrown as an `UpstreamError`. */
  get: (request: UpstreamRequest) => Promise<unknown>;
  close: () => void;
}>;

const MAX_ERROR_BODY_BYTES = 64 * 1024;

const faults: Readonly<Record<number, Fault>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  429: 'rateLimited',
};

function faultOf(status: number): Fault {
  if (status >= 500) return 'failed';
  return faults[status] ?? (status >= 400 ? 'rejected' : 'badResponse');
}

/** `Retry-After` in whole seconds: it is a number of them, or a date. */
function retryAfterSeconds(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const untilMs = Date.parse(header) - Date.now();
  return Number.isNaN(untilMs) ? undefined : Math.max(0, Math.ceil(untilMs / 1000));
}

/** The server's `errorCode`, a word such as `ResourceNotFound`. Nothing else of an error body is used: it may hold a stack trace. */
function errorCodeIn(body: Buffer): string | undefined {
  try {
    const error: unknown = JSON.parse(body.toString());
    const code = isObject(error) ? error['errorCode'] : undefined;
    return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
  } catch {
    return undefined; // error bodies may be empty, HTML, or cut; the status says what matters
  }
}

/** got's errors hold the token and the URL, so all that leaves this file of them is a word for the log. */
function connectionError(error: unknown, about: About): UpstreamError {
  const reason = error instanceof RequestError ? error.code : 'ERR_UNKNOWN';
  return new UpstreamError({ ...about, fault: reason === 'ETIMEDOUT' ? 'timedOut' : 'unavailable', reason });
}

/** One server's REST API as JSON over HTTP: one origin, no redirects, no retries, a deadline and a cap on the body. */
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

  async function read(
    request: UpstreamRequest,
  ): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
    const { path, query, headers, token, about } = request;
    const deadline = new AbortController();
    const timer = setTimeout(() => {
      deadline.abort();
    }, options.timeoutMs);
    const stream = http.stream(path, {
      searchParams: query,
      headers: token === null ? headers : { ...headers, authorization: `Bearer ${token}` },
      signal: deadline.signal,
    });
    // An error can come after the loop below was left, and an unheard one would end the process, printing the token.
    stream.on('error', () => undefined);
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        const status = stream.response?.statusCode ?? 0;
        if (status >= 300 && bytes > MAX_ERROR_BODY_BYTES) break; // leaving the loop closes the stream
        if (bytes > options.maxBodyBytes) {
          throw new UpstreamError({
            ...about,
            fault: 'tooLarge',
            status,
            reason: `more than ${options.maxBodyBytes} bytes`,
          });
        }
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof UpstreamError) throw error;
      if (deadline.signal.aborted)
        throw new UpstreamError({ ...about, fault: 'timedOut', reason: `${options.timeoutMs} ms` });
      throw connectionError(error, about);
    } finally {
      clearTimeout(timer);
    }
    if (!stream.response) throw new UpstreamError({ ...about, fault: 'unavailable', reason: 'no answer' });
    return { status: stream.response.statusCode, headers: stream.response.headers, body: Buffer.concat(chunks) };
  }

  return {
    get: async (request) => {
      const { about } = request;
      const { status, headers, body } = await read(request);
      if (status < 200 || status >= 300) {
        throw new UpstreamError({
          ...about,
          fault: faultOf(status),
          status,
          errorCode: errorCodeIn(body),
          retryAfterSeconds: status === 429 ? retryAfterSeconds(headers['retry-after']) : undefined,
          reason: status < 400 ? 'a redirect' : undefined,
        });
      }
      const bad = (reason: string): UpstreamError =>
        new UpstreamError({ ...about, fault: 'badResponse', status, reason });
      if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw bad('a compressed body');
      try {
        return JSON.parse(body.toString().replace(/^\uFEFF/, '')) as unknown;
      } catch {
        throw bad(body.length === 0 ? 'an empty body' : 'a body that is not JSON');
      }
    },
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
