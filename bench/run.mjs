// `npm run bench`: what the gateway costs beside what one would write in its place, against one simulated server.
import { checkAnswers } from './check.mjs';
import { BEFORE, startContestant } from './contestants.mjs';
import { createMeter } from './measure.mjs';
import { readOptions, usage } from './options.mjs';
import { cores, endAll, pinThisProcess, startProcess, within } from './processes.mjs';
import { report } from './report.mjs';
import { createWorkload, regimeNames } from './workload.mjs';
import { rssMBOf } from './usage.mjs';

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 1.5;
/** Twice, as the second time finds functions compiled and shapes known from all queries, as the rounds do. */
const WARM_UP_PASSES = 2;
const LATENCY_MS = 20;
const LATENCY_WARM_UP_SECONDS = 0.3;

const note = (text) => console.error(text);

/** Begins with another contestant each time, so that none is always the one after a costly one. */
const rotated = (list, by) => list.map((_, index) => list[(index + by) % list.length]);

async function compare({ rounds, seconds, only, queries, withLatency, node, against }) {
  pinThisProcess();
  const upstream = await startProcess('upstream', {
    node: process.execPath,
    args: [new URL('upstream.mjs', import.meta.url).pathname],
    core: cores.load,
  });
  const contestants = [];
  for (const name of only) {
    const root = name === BEFORE ? against : undefined;
    contestants.push(await startContestant(name, { node, upstream: upstream.ready.origin, root }));
  }

  const workload = createWorkload(upstream.ready);
  const minBodyLengths = await checkAnswers(contestants, workload, queries);
  note(`${contestants.length} contestants answer alike.`);

  const { warmUp, measure } = createMeter({ workload, upstream, minBodyLengths });
  const groups = queries.flatMap((query) => regimeNames.map((regime) => ({ query, regime })));
  const cellsOf = (round, connections) =>
    rotated(groups, round).flatMap((group, index) =>
      rotated(contestants, round + index).map((contestant) => ({ ...group, contestant, connections })),
    );
  const samples = [];
  const record = (cell, figures, latencyMs) => {
    const { contestant, query, regime, connections } = cell;
    samples.push({ contestant: contestant.name, query, regime, connections, latencyMs, ...figures });
  };

  note('Warming up.');
  for (let pass = 0; pass < WARM_UP_PASSES; pass += 1) {
    for (const cell of cellsOf(pass, CONNECTIONS)) await warmUp(cell, WARM_UP_SECONDS);
  }
  for (let round = 0; round < rounds; round += 1) {
    note(`Round ${round + 1} of ${rounds}.`);
    for (const cell of cellsOf(round, CONNECTIONS)) record(cell, await measure(cell, seconds), 0);
  }
  const memory = contestants.map(({ name, pid }) => ({ contestant: name, rssMB: rssMBOf(pid) }));
  if (withLatency) {
    note(`One caller, ${LATENCY_MS} ms to the server.`);
    await upstream.ask({ latencyMs: LATENCY_MS });
    for (const cell of cellsOf(0, 1)) {
      await warmUp(cell, LATENCY_WARM_UP_SECONDS);
      record(cell, await measure(cell, seconds), LATENCY_MS);
    }
  }
  return { samples, memory };
}

/** What the whole may take: three times what it should, and the starts. */
function limitMsOf({ rounds, seconds, only, queries }) {
  const cells = only.length * queries.length * regimeNames.length;
  return (
    120_000 + 3000 * cells * (WARM_UP_PASSES * WARM_UP_SECONDS + rounds * seconds + LATENCY_WARM_UP_SECONDS + seconds)
  );
}

try {
  const options = readOptions();
  const results = await within(limitMsOf(options), compare(options), 'The benchmark');
  report(results, options);
} catch (error) {
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n${usage}` : error.message);
  process.exitCode = 1;
} finally {
  await endAll();
}
