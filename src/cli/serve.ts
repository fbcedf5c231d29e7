import type { AddressInfo } from 'node:net';
import type { Config } from '../config/load.js';
import { describeIgnoredProxies, findIgnoredProxies } from '../config/proxies.js';
import { settings } from '../config/settings.js';
import { createApp } from '../http/app.js';
import { createOperatorsApp } from '../http/operatorsApp.js';
import { closeInOrder } from '../http/shutdown.js';
import type { Metrics } from '../telemetry/metrics.js';
import { createUpstreamServer } from '../upstream/server.js';
import { explorerOptions, printExample, startEmbeddedServer } from './demo.js';
import { closeOnSignal, type ProcessLog } from './process.js';
import type { Signals } from './signals.js';
import { readVersion } from './version.js';

async function loadMetrics({ trustedDocuments, metricsOperations }: Config): Promise<Metrics> {
  const { createMetrics } = await import('../telemetry/metrics.js');
  const operationNames = [...metricsOperations, ...(trustedDocuments ?? []).map(({ name }) => name)];
  return createMetrics({ version: readVersion(), operationNames });
}

/** Rejects with the name of the setting that a listener has its port of, when it cannot be opened. */
function named(setting: string, listening: Promise<unknown>): Promise<unknown> {
  return listening.catch((error: unknown) => {
    throw new Error(`${setting}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });
}

/** Returns the URL of a listener, by a name that a person on this machine can use. */
function urlOf({ address, port, family }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

/** Starts the gateway: composes its parts, opens its listeners, and closes all in order when a signal comes. */
export async function serve(config: Config, { log, droppedLogLines }: ProcessLog, signals: Signals): Promise<void> {
  const simulator = config.server ? null : await startEmbeddedServer();
  const { origin, trust } = config.server ?? {
    origin: simulator?.origin ?? '',
    trust: { by: 'fingerprint', sha256: simulator?.fingerprint ?? '' } as const,
  };
  if (trust.by === 'nothing') {
    log.warn(
      'BACKUP_SERVER_TLS_VERIFY is off: ANY certificate is accepted, so tokens go to whoever answers. Never leave it so.',
    );
  }
  const ignored = config.server ? findIgnoredProxies(process.env, origin) : [];
  if (ignored.length > 0) log.warn({ variables: ignored }, describeIgnoredProxies(ignored));
  const metrics = config.metrics && (await loadMetrics(config));
  const tracer =
    config.tracing &&
    (await import('../telemetry/tracing.js')).createTracer({ ...config.tracing, version: readVersion(), log });
  const store =
    config.redis &&
    (await import('../store/store.js')).createStore(
      { ...config.redis, origin, release: readVersion() },
      log,
      metrics?.store,
    );
  const server = createUpstreamServer({ ...config, origin, trust }, log, { observer: metrics?.upstream, store });
  const url = (): string => urlOf(app.http.server.address() as AddressInfo); // it listens when this is called
  const app = await createApp({
    ...config,
    server,
    store,
    log,
    observer: metrics?.door,
    tracer,
    allowsLoopbackOrigins: simulator !== null,
    explorer: config.explorer ? explorerOptions(url, simulator) : null,
  });
  metrics?.gauge({
    upstream: server.figures,
    condition: () => server.state().state,
    door: app.figures,
    isStoreUp: store && store.isUp,
    droppedLogLines,
  });
  // First the operators': who takes callers has all that it needs.
  const operators = metrics && createOperatorsApp({ log, metrics, readiness: app.readiness });
  if (operators) {
    await named(settings.metricsPort.env, operators.listen(config.metrics));
    const { address, port } = operators.server.address() as AddressInfo; // it listens
    log.info({ address, port }, "the operators' listener is open");
  }
  // Fastify would open a second listener for the other address of `localhost`, and nothing bounds what comes in there.
  const host = config.host === 'localhost' ? '127.0.0.1' : config.host;
  const listening = named(settings.port.env, app.http.listen({ host, port: config.port }));
  // From here on there may be callers to answer. A listener that is half open cannot be closed.
  closeOnSignal(signals, log, async () => {
    await listening;
    await closeInOrder(app);
    server.close();
    await store?.close();
    await tracer?.close();
    await operators?.close();
    await simulator?.close();
  });
  await listening;
  server.keepLookout();
  if (simulator) printExample(url());
}
