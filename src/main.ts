#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { isatty } from 'node:tty';
import { loadConfig, type Config } from './config/load.js';
import { renderHelp } from './config/print.js';
import { settings } from './config/settings.js';
import { ConfigError } from './config/problems.js';
import { runDoctor } from './doctor/run.js';
import { createApp } from './http/app.js';
import { readBearerToken } from './http/bearer.js';
import { readExplorerFiles } from './http/explorerFiles.js';
import { closeInOrder } from './http/shutdown.js';
import { createOperatorsApp } from './http/operatorsApp.js';
import { createLog, openLog, openPrettyLog, type Log, type LogFile } from './log.js';
import type { Metrics } from './telemetry/metrics.js';
import type { Simulator } from './simulator/index.js';
import { UpstreamError } from './upstream/errors.js';
import { createUpstreamServer } from './upstream/server.js';
import { versions } from './upstream/versions/index.js';

/** How long closing may take after a signal. */
const SHUTDOWN_MS = 9500;

/** How long the process may linger once all is closed. */
const LINGER_MS = 500;

/** A session and a job that the embedded server has, and always the same. */
const DEMO_SESSION_ID = 'be376069-2865-4156-a9bc-825cef7d687e';
const DEMO_JOB_ID = '00b96531-1a68-4c90-a398-91141ffedb3b';

const EXAMPLE_QUERY = `{ jobSession(id: "${DEMO_SESSION_ID}") { status statistics { processingRateBytesPerSecond bottleneck } job { name } } }`;

/** What the first token of the embedded server is. No secret: the server is on loopback and all it has is made up. */
const DEMO_TOKEN = 'demo-token';

/** Loaded where it is needed: who has a server of their own need not wait for it. */
const loadSimulator = () => import('./simulator/index.js');
const loadStore = () => import('./store/store.js');

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A token of the embedded server that is good for half an hour at least. */
function createTokenSource(): (simulator: Simulator) => string {
  let token = '';
  let issuedMs = -Infinity;
  return (simulator) => {
    if (Date.now() - issuedMs > 1_800_000) {
      token = simulator.tokens.issue().accessToken;
      issuedMs = Date.now();
    }
    return token;
  };
}

const freshToken = createTokenSource();

function renderCurl(url: string, token: string): string {
  const body = JSON.stringify({ query: EXAMPLE_QUERY });
  return `curl -s ${url}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer ${token}' -d '${body}'`;
}

/** The log of this process, written to its end however that comes. */
function openFlushed(): LogFile {
  const file = openLog();
  process.on('exit', () => {
    file.flushSync();
  });
  return file;
}

/** Ends the process on a signal: nothing new is taken, what was taken is answered. A second signal ends it at once. */
function closeOnSignals(log: Log, close: () => Promise<void>): void {
  let isClosing = false;
  const onSignal = (signal: string): void => {
    if (isClosing) process.exit(1);
    isClosing = true;
    log.info({ signal }, 'closing');
    const late = setTimeout(() => {
      log.error('closing takes too long');
      process.exit(1);
    }, SHUTDOWN_MS);
    close().then(
      () => {
        clearTimeout(late);
        process.exitCode = 0;
        setTimeout(() => process.exit(), LINGER_MS).unref(); // something else may still be open, such as a collector that hangs
      },
      (error: unknown) => {
        log.fatal({ error: error instanceof Error ? error.stack : String(error) }, 'could not close');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', onSignal);
}

/** What nobody expected is logged, and ends the process: its state is not known any more. */
function endOnUnexpected(log: Log): void {
  const end = (error: unknown, origin: string): void => {
    log.fatal({ origin, error: error instanceof Error ? error.stack : String(error) }, 'unexpected');
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', (reason) => {
    // That a server fails is expected, also where an answer was given meanwhile and nobody waits for it any more.
    if (reason instanceof UpstreamError) log.warn({ ...reason.details }, 'nobody waited for what went wrong');
    else end(reason, 'unhandledRejection');
  });
}

async function loadMetrics({ trustedDocuments, metricsOperations }: Config): Promise<Metrics> {
  const { createMetrics } = await import('./telemetry/metrics.js');
  const operationNames = [...metricsOperations, ...(trustedDocuments ?? []).map(({ name }) => name)];
  return createMetrics({ version: readVersion(), operationNames });
}

/** Says which setting a listener has its port of, where it cannot be opened. */
function named(setting: string, listening: Promise<unknown>): Promise<unknown> {
  return listening.catch((error: unknown) => {
    throw new Error(`${setting}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });
}

async function serve(config: Config, log: Log): Promise<void> {
  const simulator: Simulator | null = config.server ? null : await (await loadSimulator()).startSimulator();
  simulator?.tokens.issue({ accessToken: DEMO_TOKEN });
  const { origin, trust } = config.server ?? {
    origin: simulator?.origin ?? '',
    trust: { by: 'fingerprint', sha256: simulator?.fingerprint ?? '' } as const,
  };
  if (trust.by === 'nothing') {
    log.warn(
      'BACKUP_SERVER_TLS_VERIFY is off: ANY certificate is accepted, so tokens go to whoever answers. Never leave it so.',
    );
  }
  const metrics = config.metrics && (await loadMetrics(config));
  const tracer =
    config.tracing &&
    (await import('./telemetry/tracing.js')).createTracer({ ...config.tracing, version: readVersion(), log });
  const store =
    config.redis &&
    (await loadStore()).createStore({ ...config.redis, origin, release: readVersion() }, log, metrics?.store);
  const server = createUpstreamServer({ ...config, origin, trust }, log, { observer: metrics?.upstream, store });
  const app = await createApp({
    ...config,
    server,
    store,
    log,
    observer: metrics?.door,
    tracer,
    explorer: config.explorer
      ? {
          files: readExplorerFiles(new URL('explorer/', import.meta.url)),
          curl: () => renderCurl(url(), simulator ? freshToken(simulator) : '<token of your backup server>'),
          demo: simulator && (() => ({ token: freshToken(simulator), sessionId: DEMO_SESSION_ID, jobId: DEMO_JOB_ID })),
        }
      : null,
  });
  const url = (): string => {
    const { address, port, family } = app.http.server.address() as AddressInfo; // it listens when this is called
    const host = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
    return `http://${host}:${port}`;
  };
  metrics?.gauge({
    upstream: server.figures,
    condition: () => server.state().state,
    door: app.figures,
    isStoreUp: store && store.isUp,
  });
  const operators = metrics && createOperatorsApp({ log, metrics });
  closeOnSignals(log, async () => {
    await closeInOrder(app);
    server.close();
    await store?.close();
    await tracer?.close();
    await operators?.close();
    await simulator?.close();
  });
  // First the operators': who takes callers has all that it needs.
  if (operators) {
    await named(settings.metricsPort.env, operators.listen(config.metrics));
    const { address, port } = operators.server.address() as AddressInfo; // it listens
    log.info({ address, port }, "the operators' listener is open");
  }
  await named(settings.port.env, app.http.listen({ host: config.host, port: config.port }));
  server.keepLookout();
  if (simulator) {
    print(`\nbackup365-gateway listens at ${url()} in front of its embedded demo server. Ask it:\n`);
    print(`  ${renderCurl(url(), DEMO_TOKEN)}\n`);
    print('The token is good for an hour; the page at the address above shows a fresh one.\n');
  }
}

async function simulate(config: Config, log: Log): Promise<void> {
  const { startSimulator, DEMO_USER } = await loadSimulator();
  const simulator = await startSimulator({ port: config.port });
  closeOnSignals(log, simulator.close);
  print(`The demo backup server listens at ${simulator.origin}, certificate fingerprint\n${simulator.fingerprint}`);
  print(
    `A token, for an hour:\n\n  curl -sk ${simulator.origin}/v8/token -d 'username=${DEMO_USER.username}&password=${DEMO_USER.password}&disable_antiforgery_token=true'\n`,
  );
}

/** Looks at the way to the backup server, and ends the process: a resolver that never answers would keep it. */
async function examine(config: Config): Promise<void> {
  if (!config.server) throw new Error('no server to look at'); // which the configuration has refused
  const token = process.env['BACKUP_TOKEN']?.trim() ?? '';
  const isWell = await runDoctor(
    {
      ...config,
      ...config.server,
      token: token === '' ? { missing: 'absent' } : readBearerToken(['authorization', `Bearer ${token}`]),
    },
    print,
  );
  process.stdout.write('', () => process.exit(isWell ? 0 : 1)); // once all is written
}

function readVersion(): string {
  const text: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof text === 'object' && text !== null && 'version' in text ? String(text.version) : 'unknown';
}

async function main(): Promise<void> {
  const { command, config } = loadConfig(
    process.env,
    process.argv.slice(2),
    versions.map(({ name }) => name),
  );
  if (command === 'help') print(renderHelp());
  else if (command === 'version') print(readVersion());
  else if (command === 'doctor') await examine(config);
  else {
    const isWatched = isatty(1);
    const isPretty = config.logFormat === 'pretty' || (config.logFormat === null && isWatched);
    const log = createLog(config.logLevel, isPretty ? await openPrettyLog(isWatched) : openFlushed());
    endOnUnexpected(log);
    await (command === 'simulator' ? simulate(config, log) : serve(config, log));
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else
    process.stderr.write(
      `backup365-gateway could not start: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  process.exit(1); // the embedded server may be up already, and would keep the process so
}
