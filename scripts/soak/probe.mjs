// Loaded into the gateway by the soak: tells its memory and how long its event loop was held up, when it is asked.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

process.on('message', (question) => {
  if (question === 'collect') globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;
  const milliseconds = (nanoseconds) => Math.round(nanoseconds / 1e5) / 10;
  process.send?.({
    rssMB: megabytes(rss),
    heapMB: megabytes(heapUsed),
    loopDelayP99Ms: milliseconds(delay.percentile(99)),
    loopDelayMaxMs: milliseconds(delay.max),
  });
  if (question === 'reset') delay.reset();
});
process.channel?.unref();
