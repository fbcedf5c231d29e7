// From the samples of all rounds to one row per contestant, query, regime and latency.
import { BEFORE, contestantNames } from './contestants.mjs';
import { goals, judge } from './goals.mjs';
import { median } from './statistics.mjs';
import { queryNames, regimeNames } from './workload.mjs';

/** The CPU of one of the others over the contestant's own: how many times as much that one needs. */
const references = { timesPlain: 'plain', timesMercurius: 'mercurius', timesBare: 'bare', timesBefore: BEFORE };

const latenciesMs = [0, 20];

function rowOf(contestant, samples) {
  const medianOf = (name) => median(samples.map((sample) => sample[name]));
  const cpu = samples.map(({ cpuMsPerRequest }) => cpuMsPerRequest);
  return {
    contestant,
    requestsPerSecond: medianOf('requestsPerSecond'),
    p50Ms: medianOf('p50Ms'),
    p99Ms: medianOf('p99Ms'),
    cpuMsPerRequest: median(cpu),
    cpuMsLeast: Math.min(...cpu),
    cpuMsMost: Math.max(...cpu),
    coreBusy: medianOf('coreBusy'),
    upstreamRequestsPerOperation: medianOf('upstreamRequestsPerOperation'),
  };
}

function addRatios(rows) {
  for (const row of rows) {
    for (const [name, reference] of Object.entries(references)) {
      const other = rows.find(({ contestant }) => contestant === reference);
      if (other) row[name] = other.cpuMsPerRequest / row.cpuMsPerRequest;
    }
  }
}

export function summarize(samples) {
  const tables = [];
  for (const latencyMs of latenciesMs) {
    for (const query of queryNames) {
      for (const regime of regimeNames) {
        const rows = contestantNames.flatMap((name) => {
          const own = samples.filter(
            (sample) =>
              sample.contestant === name &&
              sample.query === query &&
              sample.regime === regime &&
              sample.latencyMs === latencyMs,
          );
          return own.length === 0 ? [] : [rowOf(name, own)];
        });
        addRatios(rows);
        if (rows.length > 0) tables.push({ query, regime, latencyMs, rows });
      }
    }
  }
  const judged = Object.entries(goals).map(([name, goal]) => ({
    name,
    ...Object.fromEntries(queryNames.map((query) => [query, judge(goal, tables, query)])),
  }));
  return { tables, goals: judged };
}
