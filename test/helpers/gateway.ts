import { loadConfig, type Config } from '../../src/config/load.js';
import { createApp, type App } from '../../src/http/app.js';
import { readExplorerFiles } from '../../src/http/explorerFiles.js';
import type { DoorObserver } from '../../src/http/report.js';
import { createLog } from '../../src/log.js';
import type { SharedStore } from '../../src/sharedStore.js';
import { startSimulator, type SeenRequest, type Simulator, type SimulatorOptions } from '../../src/simulator/index.js';
import type { Metrics } from '../../src/telemetry/metrics.js';
import type { Tracer } from '../../src/trace.js';
import type { UpstreamObserver } from '../../src/upstream/observer.js';
import { createUpstreamServer, type UpstreamOptions, type UpstreamServer } from '../../src/upstream/server.js';

/** The clock of tests: no run of a day's jobs ends or starts near it. */
export const TEST_NOW_MS = Date.UTC(2026, 10, 20, 12, 30);

/** What is not given is as it is by default. */
export type GatewayOptions = Partial<Omit<Config & UpstreamOptions, 'sharing' | 'server' | 'metrics'>> & {
  sharing?: Partial<UpstreamOptions['sharing']>;
  /** A simulator that runs already, and is not closed with the gateway; or how to start one. */
  simulator?: SimulatorOptions | Simulator;
  /** What it shares with other instances; for whom that is, is not closed here. */
  store?: SharedStore | null;
  observer?: UpstreamObserver;
  /** Who is told of operations and refusals, where there are no metrics. */
  door?: DoorObserver;
  /** Whether the explorer has a token and ids filled in, as with the embedded server. */
  isEmbedded?: boolean;
  /** Whether pages of loopback origins may ask, as with the embedded server; not unless a test says so. */
  allowsLoopbackOrigins?: boolean;
  metrics?: Metrics;
  tracer?: Tracer;
};

export type GraphError = {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; requestId: string; retryAfterSeconds?: number; argument?: string };
};

/** Answers are JSON of any shape: tests look into them freely and compare with what they expect. */
export type Data = any;

export type Asked = {
  status: number;
  headers: Headers;
  text: string;
  data: Data;
  errors: GraphError[] | undefined;
  /** What the operation made the gateway ask of the server, without probes for its version. */
  upstream: SeenRequest[];
};

/** Without a token, one that was never seen before: nothing is shared with what was asked earlier. */
export type AskOptions = { token?: string | null; headers?: Record<string, string> };

export type Gateway = {
  url: string;
  token: string;
  simulator: Simulator;
  /** Every line that was logged, parsed; those of single calls apart, and those that sum up operations and downloads. */
  logLines: Record<string, unknown>[];
  callLines: Record<string, unknown>[];
  summaryLines: Record<string, unknown>[];
  ask: (query: string, variables?: Record<string, unknown>, options?: AskOptions) => Promise<Asked>;
  server: UpstreamServer;
  app: App;
  close: () => Promise<void>;
};

const defaults = (): Config => loadConfig({}, [], []).config;

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const {
    simulator: asked,
    sharing,
    isEmbedded = true,
    store = null,
    metrics,
    tracer,
    allowsLoopbackOrigins = false,
    ...others
  } = options;
  const { observer = metrics?.upstream, door = metrics?.door, ...given } = others;
  const isRunning = asked !== undefined && 'origin' in asked;
  const simulator = isRunning ? asked : await startSimulator({ days: 12, nowMs: () => TEST_NOW_MS, ...asked });
  const closeSimulator = async (): Promise<void> => {
    if (!isRunning) await simulator.close();
  };
  const { accessToken } = simulator.tokens.issue();
  const logLines: Record<string, unknown>[] = [];
  const callLines: Record<string, unknown>[] = [];
  const summaryLines: Record<string, unknown>[] = [];
  const apart = new Map<unknown, Record<string, unknown>[]>([
    ['asked the backup server', callLines],
    ['answered an operation', summaryLines],
    ['answered a download', summaryLines],
  ]);
  const log = createLog('trace', {
    write: (text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      (apart.get(line['msg']) ?? logLines).push(line);
    },
  });
  const settings = {
    ...defaults(),
    origin: simulator.origin,
    trust: { by: 'fingerprint', sha256: simulator.fingerprint } as const,
    corsOrigins: [],
    explorer: false,
    upstreamExtension: false, // durations differ from answer to answer
    ...given,
    sharing: { ...defaults().sharing, ...sharing },
  };
  const server = createUpstreamServer(settings, log, { observer, store });
  const app = await createApp({
    ...settings,
    server,
    store,
    log,
    observer: door,
    tracer,
    allowsLoopbackOrigins,
    explorer: settings.explorer
      ? {
          files: readExplorerFiles(new URL('../../dist/explorer/', import.meta.url)),
          curl: () => 'curl http://gateway/graphql',
          demo: isEmbedded
            ? () => ({
                token: simulator.tokens.issue().accessToken,
                sessionId: 'be376069-2865-4156-a9bc-825cef7d687e',
                jobId: '00b96531-1a68-4c90-a398-91141ffedb3b',
              })
            : null,
        }
      : null,
  }).catch(async (error: unknown) => {
    server.close();
    await closeSimulator();
    throw error;
  });
  metrics?.gauge({
    upstream: server.figures,
    condition: () => server.state().state,
    door: app.figures,
    isStoreUp: store && store.isUp,
    droppedLogLines: () => 0,
  });
  const url = await app.http.listen({ host: '127.0.0.1', port: 0 });

  return {
    url,
    token: accessToken,
    simulator,
    logLines,
    callLines,
    summaryLines,
    ask: async (query, variables = {}, { token = simulator.tokens.issue().accessToken, headers = {} } = {}) => {
      simulator.forgetRequests();
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/graphql-response+json',
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      const { data, errors } = JSON.parse(text) as { data: Data; errors?: GraphError[] };
      const upstream = simulator.requests.filter((request) => request.headers['authorization'] !== undefined);
      return { status: response.status, headers: response.headers, text, data, errors, upstream };
    },
    server,
    app,
    close: async () => {
      await app.close();
      server.close();
      await closeSimulator();
    },
  };
}

/** The same, closed again after the tests that are given it. */
export async function withGateway<T>(options: GatewayOptions, use: (gateway: Gateway) => Promise<T>): Promise<T> {
  const gateway = await startGateway(options);
  try {
    return await use(gateway);
  } finally {
    await gateway.close();
  }
}
