import { createApp } from '../../src/http/app.js';
import { createLog } from '../../src/log.js';
import { startSimulator, type SeenRequest, type Simulator, type SimulatorOptions } from '../../src/simulator/index.js';
import { createClient } from '../../src/upstream/client.js';
import { createNotice } from '../../src/upstream/notice.js';
import type { Trust } from '../../src/upstream/tls.js';
import { createVersionFinder } from '../../src/upstream/versions/index.js';

/** The clock of tests: no run of a day's jobs ends or starts near it. */
export const TEST_NOW_MS = Date.UTC(2026, 10, 20, 12, 30);

export type GatewayOptions = {
  apiVersion?: string;
  simulator?: SimulatorOptions;
  /** In front of this server instead of the simulator that is started. */
  origin?: string;
  trust?: Trust;
  introspection?: boolean;
  timeoutMs?: number;
  maxBodyBytes?: number;
  maxConcurrency?: number;
  scanLimitRows?: number;
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

export type AskOptions = { token?: string | null; headers?: Record<string, string> };

export type Gateway = {
  url: string;
  token: string;
  simulator: Simulator;
  /** Every line that was logged, parsed. */
  logLines: Record<string, unknown>[];
  ask: (query: string, variables?: Record<string, unknown>, options?: AskOptions) => Promise<Asked>;
  drain: () => void;
  close: () => Promise<void>;
};

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const simulator = await startSimulator({ days: 12, nowMs: () => TEST_NOW_MS, ...options.simulator });
  const { accessToken } = simulator.tokens.issue();
  const logLines: Record<string, unknown>[] = [];
  const log = createLog('trace', {
    write: (line) => {
      logLines.push(JSON.parse(line) as Record<string, unknown>);
    },
  });
  const client = createClient({
    origin: options.origin ?? simulator.origin,
    trust: options.trust ?? { by: 'fingerprint', sha256: simulator.fingerprint },
    timeoutMs: options.timeoutMs ?? 10_000,
    maxBodyBytes: options.maxBodyBytes ?? 32 * 1024 * 1024,
  });
  const app = await createApp({
    server: {
      client,
      versions: createVersionFinder(client, options.apiVersion ?? 'auto', log),
      notice: createNotice(log),
      maxConcurrency: options.maxConcurrency ?? 16,
      scanLimitRows: options.scanLimitRows ?? 5000,
    },
    introspection: options.introspection ?? true,
    log,
    exampleCurl: () => 'curl http://gateway/graphql',
    isEmbedded: true,
  });
  const url = await app.http.listen({ host: '127.0.0.1', port: 0 });

  return {
    url,
    token: accessToken,
    simulator,
    logLines,
    ask: async (query, variables = {}, { token = accessToken, headers = {} } = {}) => {
      simulator.forgetRequests();
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
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
    drain: app.drain,
    close: async () => {
      await app.http.close();
      client.close();
      await simulator.close();
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
