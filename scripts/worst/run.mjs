// `npm run worst`: searches for the worst legal documents, prints them, and ends with code 1 when one misses a goal or meets a fault.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { startGateway } from './gateway.mjs';
import { measureCrowd, measureKept, measureMedian } from './measure.mjs';
import { readOptions } from './options.mjs';
import { createRandom } from './random.mjs';
import { linesOf, writeDocuments } from './report.mjs';
import { search } from './search.mjs';

/** The share of the time that is kept for measuring the worst again. */
const MEASURING_SHARE = 0.25;
const ANSWER_LIMIT_MS = 20_000;

const options = readOptions(process.argv.slice(2));
if (options === null) process.exit(0);
const { minutes, seed, goalsMs, top, copies, families, heapMegabytes, out, isVerbose } = options;
console.log(
  `seed ${seed}, ${minutes} minutes, goals ${goalsMs.token} ms with a token and ${goalsMs['no token']} ms without`,
);

const server = fork(new URL('serverProcess.mjs', import.meta.url).pathname);
const [{ origin }] = await once(server, 'message');
const gateway = await startGateway(origin, { limitMs: ANSWER_LIMIT_MS, heapMegabytes });
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.kill();
    void gateway.stop().then(() => process.exit(1));
  });
}

const startMs = performance.now();
const endMs = startMs + minutes * 60_000;
const { archives, codes, count, faults } = await search(gateway, {
  random: createRandom(seed),
  untilMs: startMs + minutes * 60_000 * (1 - MEASURING_SHARE),
  families,
  onFound: ({ candidate, measured, hasToken }) => {
    if (!isVerbose) return;
    const who = hasToken ? 'token' : 'no token';
    console.log(`${who}: ${Math.round(measured.blockMs)} ms, ${Math.round(measured.growthMB)} MB, ${candidate.trail}`);
  },
});
console.log(
  `${count} documents; the first code of each answer: ${[...codes].map(([code, times]) => `${code} ${times}`).join(', ')}\n`,
);

const misses = [];
for (const [title, archive] of Object.entries(archives)) {
  const hasToken = title.startsWith('token');
  const isBlock = title.endsWith('block');
  const rows = [];
  for (const { candidate, measured: first } of archive.worst(top)) {
    // Out of time, what was measured once has to do.
    const measured = performance.now() < endMs ? await measureMedian(gateway, candidate, { hasToken }) : first;
    const isInDepth = !isBlock && performance.now() < endMs;
    const crowd = isInDepth ? await measureCrowd(gateway, candidate, { hasToken, copies }) : undefined;
    const keptMB = isInDepth ? await measureKept(gateway, candidate, { hasToken }) : undefined;
    rows.push({ candidate, measured, crowdMB: crowd?.growthMB, keptMB });
  }
  rows.sort((a, b) => (isBlock ? b.measured.blockMs - a.measured.blockMs : b.measured.growthMB - a.measured.growthMB));
  console.log(linesOf(title, rows).join('\n'));
  if (out) writeDocuments(out, title, rows);
  const goalMs = goalsMs[hasToken ? 'token' : 'no token'];
  misses.push(...rows.filter(({ measured }) => measured.died || measured.blockMs >= goalMs).map(() => title));
}

if (faults.length > 0) {
  console.log(linesOf('faults of the gateway', faults).join('\n'));
  if (out) writeDocuments(out, 'fault', faults);
}

await gateway.stop();
server.disconnect();
console.log(
  `the gateway was started ${gateway.starts()} time(s); ${misses.length} document(s) miss a goal, ${faults.length} met a fault (seed ${seed})`,
);
process.exitCode = misses.length + faults.length === 0 ? 0 : 1;
