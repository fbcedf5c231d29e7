// How much one gateway answers, and how much two do, when callers ask as fast as they get answers.
import { setTimeout as wait } from 'node:timers/promises';
import { busySeconds, ownSeconds } from './cpu.mjs';
import { startLoad } from './load.mjs';
import { readMetrics } from './metrics.mjs';

const WARM_UP_MS = 1500;

async function cpuSeconds(gateways) {
  const metrics = await Promise.all(gateways.map(({ metricsUrl }) => readMetrics(metricsUrl)));
  return metrics.reduce((all, { sum }) => all + sum('process_cpu_seconds_total'), 0);
}

async function measure(topology, used, seconds, load, readAccessLog) {
  await topology.use(used);
  const running = startLoad(load);
  await wait(WARM_UP_MS);
  const look = async () => ({
    gatewaysSeconds: await cpuSeconds(used),
    busySeconds: busySeconds(),
    ownSeconds: ownSeconds(),
    callersSeconds: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    ms: performance.now(),
    answers: running.count(),
  });
  readAccessLog();
  const before = { ...(await look()), answers: 0 };
  running.forget();
  await wait(seconds * 1000);
  const after = await look();
  const tally = await running.stop();
  const others = readAccessLog().filter(({ attempts: [{ port }] }) => !used.some((gateway) => gateway.port === port));
  const spent = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]]));
  return { tally, spent, others: others.length };
}

const sumOf = (list, read) => list.reduce((all, each) => all + read(each), 0);

/** One, two, two, one: so that what changes with time on this machine does not favour either. */
export async function compareThroughput(topology, seconds, load, readAccessLog, problems) {
  const { gateways } = topology;
  const [first, second] = gateways;
  const runs = new Map([
    [1, []],
    [2, []],
  ]);
  for (const used of [[first], gateways, gateways, [second]]) {
    const run = await measure(topology, used, seconds, load, readAccessLog);
    if (run.others > 0) problems.push(`nginx asked a gateway ${run.others} times that was not to be used`);
    runs.get(used.length).push(run);
  }
  return [...runs].map(([count, list]) => {
    const spent = (name) => sumOf(list, (run) => run.spent[name]);
    const wallSeconds = spent('ms') / 1000;
    return {
      count,
      perSecond: spent('answers') / wallSeconds,
      cpuMsPerAnswer: (spent('gatewaysSeconds') * 1000) / spent('answers'),
      gatewaysCores: spent('gatewaysSeconds') / wallSeconds,
      callersCores: spent('callersSeconds') / wallSeconds,
      serversCores: (spent('ownSeconds') - spent('gatewaysSeconds') - spent('callersSeconds')) / wallSeconds,
      othersCores: Math.max(0, spent('busySeconds') - spent('ownSeconds')) / wallSeconds,
      busyCores: spent('busySeconds') / wallSeconds,
      tallies: list.map(({ tally }) => tally),
    };
  });
}
