// Loaded into the gateway by the search: measures how long its event loop is blocked. On `reset` it collects garbage and
// starts anew; on `read` it answers with the longest block since then, by the clock and in CPU time.
import { writeFileSync } from 'node:fs';

const TICK_MS = 2;

let longest = { wallMs: 0, cpuMs: 0 };
let last = { ms: performance.now(), cpu: process.cpuUsage() };

function tick() {
  const now = { ms: performance.now(), cpu: process.cpuUsage() };
  const wallMs = now.ms - last.ms - TICK_MS;
  if (wallMs > longest.wallMs) {
    const cpuMs = (now.cpu.user - last.cpu.user + now.cpu.system - last.cpu.system) / 1000;
    longest = { wallMs, cpuMs: Math.min(cpuMs, wallMs) };
  }
  last = now;
}
setInterval(tick, TICK_MS).unref();

/** Resets the peak that Linux keeps of this process's memory. */
function resetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Another system, or not allowed: the peak is that of the whole run.
  }
}

process.on('message', ({ ask, collect }) => {
  if (ask === 'reset') {
    if (collect) globalThis.gc?.();
    resetPeak();
    last = { ms: performance.now(), cpu: process.cpuUsage() };
    longest = { wallMs: 0, cpuMs: 0 };
  } else {
    tick();
  }
  process.send?.({ ...longest, rssBytes: process.memoryUsage.rss(), heapBytes: process.memoryUsage().heapUsed });
});
process.on('disconnect', () => process.exit(1)); // the search has died
process.channel?.unref();
