// How long a list of API v4, which comes whole however long it is, holds up the gateway's event loop.
import { setTimeout as wait } from 'node:timers/promises';
import { startContestant } from './contestants.mjs';
import { tableOf } from './markdown.mjs';
import { cores, startProcess } from './processes.mjs';
import { askForRows } from './sessionRows.mjs';
import { median } from './statistics.mjs';
import { peakRssMBOf } from './usage.mjs';

const CALLS = 6;
const ROWS = 50;
/** Between calls, so that what one leaves behind is not counted for the next. */
const PAUSE_MS = 300;

const file = (name) => new URL(name, import.meta.url).pathname;

/** One call, by a token of its own, and the longest block while it was answered and shortly after. */
async function measureCall(gateway, index) {
  await gateway.ask({});
  const startMs = performance.now();
  await askForRows(gateway.url, ROWS, `long-list-${index}-at-0`);
  const durationMs = performance.now() - startMs;
  await wait(PAUSE_MS);
  return { durationMs, ...(await gateway.ask({})) };
}

export async function measureLongList(node) {
  const upstream = await startProcess('long list', {
    node: process.execPath,
    args: [file('manySessions.mjs')],
    core: cores.load,
  });
  const { origin, bodyMB, sessions } = upstream.ready;
  const gateway = await startContestant('gateway', {
    node,
    upstream: origin,
    settings: { BACKUP_API_VERSION: 'v4' },
    nodeArgs: ['--import', file('blockProbe.mjs')],
  });
  const idlePeakMB = peakRssMBOf(gateway.pid);
  const calls = [];
  for (let index = 0; index < CALLS; index += 1) calls.push(await measureCall(gateway, index));
  const peakMB = peakRssMBOf(gateway.pid);
  await Promise.all([gateway.end(), upstream.end()]);

  const [first, ...later] = calls;
  const blocksMs = later.map(({ longestBlockMs }) => longestBlockMs);
  const durationsMs = later.map(({ durationMs }) => durationMs);
  const table = [
    ['first', first.longestBlockMs, first.durationMs],
    ['later, median', median(blocksMs), median(durationsMs)],
    ['later, most', Math.max(...blocksMs), Math.max(...durationsMs)],
  ].map(([name, ...figures]) => [name, ...figures.map((figure) => figure.toFixed(0))]);
  return {
    what: `${sessions} sessions of API v4 in one array of ${bodyMB.toFixed(1)} MB, of which ${ROWS} are asked for`,
    table: tableOf(['call', 'longest block of the event loop, ms', 'answered after ms'], table),
    memory: `Peak memory: ${peakMB.toFixed(0)} MB; ${idlePeakMB.toFixed(0)} MB before the first call.`,
  };
}
