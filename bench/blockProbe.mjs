// Loaded into the gateway by growth.mjs: tells the longest that its event loop was held up since it was asked before.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const TICK_MS = 5;

// The histogram counts what its own timer was late; a second timer tells what the first one may miss between two ticks.
const delay = monitorEventLoopDelay({ resolution: TICK_MS });
delay.enable();
let longestMs = 0;
let lastMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  longestMs = Math.max(longestMs, nowMs - lastMs - TICK_MS);
  lastMs = nowMs;
}, TICK_MS).unref();

process.on('message', () => {
  process.send({ longestBlockMs: Math.max(longestMs, delay.max / 1e6 - TICK_MS, 0) });
  delay.reset();
  longestMs = 0;
});
process.channel.unref();
