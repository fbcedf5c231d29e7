import { createMetrics } from '../../src/telemetry/metrics.js';

/** The gateway's own metrics, as `/metrics` has them: without what Prometheus adds to those of histograms. */
export async function readMetricNames(): Promise<readonly string[]> {
  const metrics = createMetrics({ version: '0', operationNames: [] });
  metrics.gauge({
    upstream: () => ({
      inFlight: 0,
      waiting: 0,
      breaker: 'closed',
      certificateEndsMs: null,
      sharing: { tokens: 0, entries: 0, bytes: 0 },
    }),
    condition: () => 'unknown',
    door: () => ({ operations: 0, connections: 0, closedIdle: 0, abandoned: 0 }),
    isStoreUp: () => false,
    droppedLogLines: () => 0,
  });
  const text = await metrics.render();
  return [...text.matchAll(/^# TYPE (backup365_\w+) /gm)].map(([, name = '']) => name);
}
