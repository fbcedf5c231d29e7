// `node bench/telemetry.mjs [--rounds 9] [--seconds 1] [--queries Q1,Q2,Q3] [--node image|here|PATH] [--without-traces] [--against FOLDER]`,
// after a build: what it costs to be seen. The gateway with metrics, and with traces, beside itself without; beside itself once
// more, for what two runs of the same differ by; and beside another checkout that is built, of before a change, say.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { checkAnswers } from './check.mjs';
import { startContestant } from './contestants.mjs';
import { describeEnvironment } from './environment.mjs';
import { environmentList, tableOf } from './markdown.mjs';
import { createMeter } from './measure.mjs';
import { nodeAt } from './options.mjs';
import { cores, endAll, pinThisProcess, startProcess, within } from './processes.mjs';
import { median, percentile } from './statistics.mjs';
import { createWorkload, queryNames, regimeNames } from './workload.mjs';

const CONNECTIONS = 32;
const WARM_UP_SECONDS = 1.5;
const WARM_UP_PASSES = 2;
const LIMIT_MS = 1_500_000;
/** What all others are compared with. */
const BASE = 'metrics off';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '1' },
    queries: { type: 'string', default: queryNames.join(',') },
    node: { type: 'string', default: 'image' },
    'without-traces': { type: 'boolean', default: false },
    against: { type: 'string' },
  },
});

/** A collector that takes all traces, and looks at none. */
async function startCollector() {
  const collector = createServer((request, response) => request.resume().on('end', () => response.end())).listen(
    0,
    '127.0.0.1',
  );
  await once(collector, 'listening');
  return collector;
}

async function run() {
  pinThisProcess();
  const node = nodeAt(values.node);
  const collector = await startCollector();
  const upstream = await startProcess('upstream', {
    node: process.execPath,
    args: [new URL('upstream.mjs', import.meta.url).pathname],
    core: cores.load,
  });
  const ways = {
    [BASE]: {},
    'the same again': {},
    'metrics on': { settings: { METRICS_PORT: '0', METRICS_OPERATIONS: queryNames.join(',') } },
    ...(!values['without-traces'] && {
      'traces on': { settings: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.address().port}` } },
    }),
    ...(values.against && { [`as in ${values.against}`]: { root: values.against } }),
  };
  const contestants = [];
  for (const [name, way] of Object.entries(ways)) {
    contestants.push({
      ...(await startContestant('gateway', { node, upstream: upstream.ready.origin, ...way })),
      name,
    });
  }
  const workload = createWorkload(upstream.ready);
  const queries = values.queries.split(',');
  const minBodyLengths = await checkAnswers(contestants, workload, queries);
  const { warmUp, measure } = createMeter({ workload, upstream, minBodyLengths });
  const groups = queries.flatMap((query) => regimeNames.map((regime) => ({ query, regime })));
  const cellOf = (group, contestant) => ({ ...group, contestant, connections: CONNECTIONS });

  for (let pass = 0; pass < WARM_UP_PASSES; pass += 1) {
    for (const group of groups) {
      for (const contestant of contestants) await warmUp(cellOf(group, contestant), WARM_UP_SECONDS);
    }
  }
  const shares = new Map(); // of a way and a group: its CPU in each round over that of the base in the same round
  const keyOf = (name, { query, regime }) => `${name}, ${query}, ${regime}`;
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const group of groups) {
      const cpuMs = new Map();
      const order = contestants.map((_, index) => contestants[(index + round) % contestants.length]);
      for (const contestant of order) {
        const { cpuMsPerRequest } = await measure(cellOf(group, contestant), Number(values.seconds));
        cpuMs.set(contestant.name, cpuMsPerRequest);
      }
      for (const [name, its] of cpuMs) {
        const key = keyOf(name, group);
        shares.set(key, [...(shares.get(key) ?? []), its / cpuMs.get(BASE)]);
      }
    }
  }
  collector.closeAllConnections();
  collector.close();

  const percent = (share) => `${((share - 1) * 100).toFixed(1)}`;
  const cell = (of) => `${percent(median(of))} (${percent(percentile(of, 0.25))} to ${percent(percentile(of, 0.75))})`;
  const rows = contestants.slice(1).map(({ name }) => {
    const each = groups.map((group) => shares.get(keyOf(name, group)));
    return [name, ...each.map(cell), cell(each.flat())];
  });
  const head = ['', ...groups.map(({ query, regime }) => `${query}, ${regime}`), 'all'];
  console.log(`# What it costs to be seen\n\n${environmentList(describeEnvironment(node))}\n`);
  console.log(
    `CPU a request in % over "${BASE}", the median of ${values.rounds} rounds of ${values.seconds} s (and its quartiles)\n`,
  );
  console.log(tableOf(head, rows));
}

try {
  await within(LIMIT_MS, run(), 'The measurement');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await endAll();
}
