/** The parts of prom-client's default metrics, which it gives without types: each adds its own to a registry. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';

  const add: (registry: Registry, config?: { eventLoopMonitoringPrecision?: number }) => void;
  export default add;
}
