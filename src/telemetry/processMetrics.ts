import type { Registry } from 'prom-client';
import addEventLoop from 'prom-client/lib/metrics/eventLoopLag.js';
import addHeap from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import addMemory from 'prom-client/lib/metrics/osMemoryHeap.js';
import addCpu from 'prom-client/lib/metrics/processCpuTotal.js';
import addMaxFiles from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import addOpenFiles from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import addStart from 'prom-client/lib/metrics/processStartTime.js';
import addVersion from 'prom-client/lib/metrics/version.js';

/**
 * Adds what there is to tell of any Node.js process: prom-client's default metrics without its observer of garbage collections,
 * which costs short operations some percent of their CPU (`node bench/telemetry.mjs`), and without those whose names
 * Prometheus' own check refuses.
 */
export function addProcessMetrics(registry: Registry): void {
  for (const add of [addCpu, addStart, addMemory, addHeap, addOpenFiles, addMaxFiles, addVersion]) add(registry);
  addEventLoop(registry, { eventLoopMonitoringPrecision: 10 });
}
