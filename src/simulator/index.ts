import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCertificate, type Certificate } from './certificate.js';
import { createHistory, type History } from './history.js';
import { misbehave, type Misbehaviour } from './misbehaviour.js';
import { renderError, type ApiVersion } from './format.js';
import { createResources } from './resources.js';
import { send } from './send.js';
import { ANTIFORGERY_COOKIE, answerTokenRequest } from './tokenEndpoint.js';
import { createTokens, type Tokens } from './tokens.js';

export type { Misbehaviour } from './misbehaviour.js';
export { DEMO_USER } from './tokens.js';

/** One request as it came in. Probes for a version carry no `authorization`. */
export type SeenRequest = {
  readonly method: string;
  readonly version: string;
  /** Below the version, as it was written. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** How many requests were in flight when this one came, itself included. */
  readonly inFlight: number;
  status: number | null;
};

export type SimulatorOptions = Readonly<{
  /** 0, any free port, unless given. */
  port?: number;
  /** Other seeds have other sessions. */
  seed?: string;
  /** How many days have been running before the clock's now. */
  days?: number;
  nowMs?: () => number;
  /** The API versions that are served; all of them unless given. */
  versions?: readonly ApiVersion[];
  /** Whether v2 writes decimals with a comma. */
  decimalComma?: boolean;
  /** One that it makes for itself unless given. */
  certificate?: Certificate;
}>;

/** An embedded backup server for demonstrations and tests: HTTPS on loopback, v2 to v8 at once from one set of data. */
export type Simulator = Readonly<{
  origin: string;
  /** The certificate's SHA-256 fingerprint. */
  fingerprint: string;
  /** The requests since the start, or since `forgetRequests`, the last 10,000 of them. */
  requests: readonly SeenRequest[];
  forgetRequests: () => void;
  history: History;
  tokens: Tokens;
  /** Answers requests for which `matches` holds in another way, the newest such rule first, until it is called off or has been used `times`. */
  misbehave: (matches: (request: SeenRequest) => boolean, how: Misbehaviour, times?: number) => () => void;
  close: () => Promise<void>;
}>;

const MAX_SEEN_REQUESTS = 10_000;

/** Starts the server; it listens on loopback alone. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, seed = 'backup365', days = 90, nowMs = Date.now, decimalComma = false } = options;
  const served = new Set<number>(options.versions ?? [2, 3, 4, 5, 6, 7, 8]);
  const history = createHistory({ seed, days, nowMs });
  const resources = createResources({ history, nowMs, decimalComma });
  const tokens = createTokens(nowMs);
  const requests: SeenRequest[] = [];
  let rules: { matches: (request: SeenRequest) => boolean; how: Misbehaviour; left: number }[] = [];
  let inFlight = 0;

  async function answer(request: IncomingMessage, response: ServerResponse, seen: SeenRequest): Promise<void> {
    const rule = rules.findLast(({ matches, left }) => left > 0 && matches(seen));
    if (rule) {
      rule.left -= 1;
      if (await misbehave(response, rule.how)) return;
    }
    const version = Number(/^v([2-8])$/i.exec(seen.version)?.[1] ?? 0) as ApiVersion | 0;
    if (version === 0 || !served.has(version)) {
      send(response, 404, undefined);
      return;
    }
    const segments = seen.path.toLowerCase().split('/');
    if (segments[0] === 'token' && segments.length === 1 && request.method === 'POST') {
      await answerTokenRequest(version, request, response, tokens);
      return;
    }
    if (version === 2 && !(request.headers['content-type'] ?? '').startsWith('application/json')) {
      send(response, 400, renderError(version, 'The Content-Type header is required.'));
      return;
    }
    if (request.method === 'POST' && seen.path.toLowerCase() === 'token/logout' && version >= 7) {
      tokens.revoke((request.headers.authorization ?? '').replace(/^Bearer /, ''));
      send(response, 204, undefined);
      return;
    }
    if (request.method !== 'GET') {
      send(response, 405, renderError(version, 'The method is not allowed.'));
      return;
    }
    const query = new Map(Object.entries(seen.query).map(([name, value]) => [name.toLowerCase(), value]));
    if (segments[0] === 'serviceinstance' && version < 6) {
      send(response, 404, renderError(version, 'No such resource.')); // without a token as well: a probe is told so
      return;
    }
    if (!tokens.accepts(request.headers.authorization, request.headers.cookie?.includes(ANTIFORGERY_COOKIE) === true)) {
      // v8 answers with nothing in the body.
      send(
        response,
        401,
        version === 8 ? undefined : renderError(version, 'Authorization has been denied for this request.'),
      );
      return;
    }
    const result = resources.answer({ version, segments, query });
    if (result.status === 200) send(response, 200, result.body);
    else send(response, result.status, renderError(version, result.message, result.errorCode));
  }

  const { key, cert, fingerprint } = options.certificate ?? (await createCertificate());
  const server = createServer({ key, cert, maxHeaderSize: 32 * 1024 }, (request, response) => {
    inFlight += 1;
    const [pathname = '', search = ''] = (request.url ?? '').split(/\?(.*)/s);
    const [, version = '', ...path] = pathname.split('/');
    const seen: SeenRequest = {
      method: request.method ?? '',
      version,
      path: path.join('/'),
      query: Object.fromEntries(new URLSearchParams(search)),
      headers: request.headers,
      inFlight,
      status: null,
    };
    requests.push(seen);
    if (requests.length > MAX_SEEN_REQUESTS) requests.shift();
    response.on('close', () => {
      inFlight -= 1;
      seen.status = response.headersSent ? response.statusCode : null;
    });
    answer(request, response, seen).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, { message: `The demo server itself failed: ${String(error)}` });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo; // a TCP server that listens has one

  return {
    origin: `https://127.0.0.1:${address.port}`,
    fingerprint,
    requests,
    forgetRequests: () => {
      requests.length = 0;
    },
    history,
    tokens,
    misbehave: (matches, how, times = Infinity) => {
      const rule = { matches, how, left: times };
      rules.push(rule);
      return () => {
        rules = rules.filter((other) => other !== rule);
      };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
