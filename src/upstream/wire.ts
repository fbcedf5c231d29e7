import type { IncomingHttpHeaders } from 'node:http';
import { errors, Pool, type Dispatcher } from 'undici';
import type { Answer } from './answer.js';
import { skipInformational } from './informational.js';
import type { Connector } from './tls.js';

/** Who reads the answer. */
export type Sink = Readonly<{
  /** Takes the next chunk of the body; false when it is enough. What it throws ends the call. */
  take: (chunk: Buffer, status: number, headers: Answer['headers']) => boolean;
  /** The body as far as it was taken. */
  whole: () => Buffer;
}>;

/** A GET in flight. */
export type Call = Readonly<{
  answer: Promise<Answer>;
  /** Gives it up: `answer` is rejected with the reason at once, and the connection closed. */
  abort: (reason: Error) => void;
}>;

export type Wire = Readonly<{
  /** Sends a GET: on a kept connection if there is one, unless `isOnNewConnection`. */
  get: (path: string, headers: IncomingHttpHeaders, sink: Sink, isOnNewConnection?: boolean) => Call;
  /** Closes the connections that nothing is asked on: they may be dead. */
  closeIdle: () => void;
  close: () => void;
}>;

/** What comes in the place of an answer of HTTP. */
export class ProtocolError extends Error {}

/** Words of undici's errors, where their codes say too little. */
const notHttp = new Set(['bad upgrade', 'bad response']);

/** How undici says what Node says of connections; anything else that it says is no answer of HTTP. */
const nodeCodes: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET', // closed by the server before the answer was whole
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_DESTROYED: 'ERR_CLOSED', // by ourselves, as the process ends
  UND_ERR_CLOSED: 'ERR_CLOSED',
};

function translate(error: Error & Readonly<{ code?: unknown }>): Error {
  const { code, message } = error;
  if (error instanceof ProtocolError) return error;
  if (error instanceof errors.HTTPParserError || notHttp.has(message)) return new ProtocolError('no HTTP');
  if (typeof code !== 'string' || !code.startsWith('UND_')) return error;
  const nodeCode = nodeCodes[code];
  return nodeCode === undefined ? new ProtocolError(code) : Object.assign(error, { code: nodeCode });
}

/** How long a connection waits for its next request, unless the server says how long it keeps one. */
const KEEP_ALIVE_MS = 30_000;

type Controller = Dispatcher.DispatchController;

/** Collects one answer. A call can be given up before it has a connection. */
class Collector implements Dispatcher.DispatchHandler {
  readonly answer: Promise<Answer>;
  readonly #sink: Sink;
  #resolve: (answer: Answer) => void = () => undefined;
  #reject: (reason: Error) => void = () => undefined;
  #controller: Controller | null = null;
  #reason: Error | null = null;
  #status = 0;
  #headers: Answer['headers'] = {};

  constructor(sink: Sink) {
    this.#sink = sink;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  abort(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#reject(reason);
    this.#controller?.abort(reason);
  }

  #end(): void {
    this.#resolve({ status: this.#status, headers: this.#headers, body: this.#sink.whole() });
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#reason) controller.abort(this.#reason);
  }

  onResponseStart(_: Controller, status: number, headers: Answer['headers']): void {
    if (status < 200) {
      this.abort(new ProtocolError('another protocol')); // other informational answers do not come here
      return;
    }
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    if (this.#reason) return;
    try {
      if (this.#sink.take(chunk, this.#status, this.#headers)) return;
      this.#end();
      this.abort(new ProtocolError('enough was read'));
    } catch (error) {
      this.abort(error instanceof Error ? error : new ProtocolError('the body could not be read'));
    }
  }

  onResponseEnd(): void {
    this.#end();
  }

  onResponseError(_: Controller, error: Error): void {
    this.abort(translate(error));
  }
}

/** GETs from one origin, with as little work for each as there can be: no redirects, no decompression, no time limits. */
export function createWire(origin: string, connector: Connector): Wire {
  /** undici rejects an unrequested 100 Continue. */
  const connect: Connector['connect'] = (target, callback) => {
    connector.connect(target, (...result) => {
      const [, socket] = result;
      if (socket) skipInformational(socket, () => new ProtocolError('too many informational responses'));
      callback(...result);
    });
  };
  const createPool = (): Pool =>
    new Pool(new URL(origin).origin, {
      connect,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
  let pool = createPool();
  /** Pools that take no more requests, and still answer some. */
  const retired = new Set<Pool>();

  /** Closes a pool after its last request was answered. */
  function retire(former: Pool): void {
    retired.add(former);
    void former.close().finally(() => retired.delete(former));
  }

  return {
    get: (path, headers, sink, isOnNewConnection = false) => {
      const collector = new Collector(sink);
      const carrier = isOnNewConnection ? createPool() : pool;
      carrier.dispatch({ path, method: 'GET', headers }, collector);
      if (isOnNewConnection) retire(carrier);
      return collector;
    },
    closeIdle: () => {
      const former = pool;
      pool = createPool();
      retire(former);
    },
    close: () => {
      connector.close();
      for (const each of [pool, ...retired]) void each.destroy();
    },
  };
}
