// What one row more costs the gateway: CPU per row of a page of so many.
import { startContestant } from './contestants.mjs';
import { tableOf } from './markdown.mjs';
import { createMeter } from './measure.mjs';
import { cores, startProcess } from './processes.mjs';
import { askForRows, requestFor } from './sessionRows.mjs';
import { median } from './statistics.mjs';

const ROWS = [30, 100, 300, 1000];
const CONNECTIONS = 8;
const ROUNDS = 3;
const SECONDS = 1;
/** What an answer is as long as at least while timing; those for as many rows differ by some digits only. */
const LENGTH_SHARE = 0.9;

/** Each request with a token never seen before, so that nothing of an answer is known; one list in `starts` places. */
function createWorkload(starts) {
  let seen = 0;
  const nextToken = () => {
    seen += 1;
    return `growth-${seen}-at-${(seen * 37) % starts}`;
  };
  return {
    requestsFor: (rows, _, amount, connections) =>
      Array.from({ length: connections }, (_, connection) =>
        Array.from({ length: Math.ceil((amount - connection) / connections) }, () => requestFor(rows, nextToken())),
      ),
  };
}

export async function measureRowCost(node) {
  const upstream = await startProcess('upstream', {
    node: process.execPath,
    args: [new URL('upstream.mjs', import.meta.url).pathname],
    core: cores.load,
  });
  const gateway = await startContestant('gateway', { node, upstream: upstream.ready.origin });
  const minBodyLengths = {};
  for (const rows of ROWS) {
    minBodyLengths[rows] = LENGTH_SHARE * (await askForRows(gateway.url, rows, `growth-of-${rows}-at-0`));
  }

  const workload = createWorkload(upstream.ready.firstSightIds.length - Math.max(...ROWS));
  const { warmUp, measure } = createMeter({ workload, upstream, minBodyLengths });
  const cellOf = (rows) => ({ contestant: gateway, query: rows, regime: 'rows', connections: CONNECTIONS });
  for (const rows of ROWS) await warmUp(cellOf(rows), SECONDS);
  const samples = new Map(ROWS.map((rows) => [rows, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const rows of ROWS) samples.get(rows).push(await measure(cellOf(rows), SECONDS));
  }
  await Promise.all([gateway.end(), upstream.end()]);

  const table = ROWS.map((rows) => {
    const medianOf = (name) => median(samples.get(rows).map((sample) => sample[name]));
    const cpuMs = medianOf('cpuMsPerRequest');
    const upstreamRequests = medianOf('upstreamRequestsPerOperation');
    return [rows, cpuMs.toFixed(2), ((cpuMs * 1000) / rows).toFixed(1), upstreamRequests.toFixed(2)];
  });
  return tableOf(['rows', 'CPU ms/request', 'CPU µs/row', 'upstream requests'], table);
}
