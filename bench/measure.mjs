// How the figures are taken: a warm-up, then cell by cell; a cell is one contestant, query and regime.
import { setTimeout as wait } from 'node:timers/promises';
import { sendAll } from './load.mjs';
import { within } from './processes.mjs';
import { cpuMsOf } from './usage.mjs';

const CELL_LIMIT_MS = 60_000;
/** What a server still does after its last answer counts, as far as it does it at once. */
const SETTLE_MS = 30;
const EXIT_NOTICED_MS = 300;
const FIRST_BURST = 2;

export function createMeter({ workload, upstream, minBodyLengths }) {
  /** Requests per second that a cell had last, by which the next burst is made as long as it should be. */
  const rates = new Map();
  const keyOf = ({ contestant, query, regime, connections }) =>
    [contestant.name, query, regime, connections].join(', ');

  /** A burst of `amount` requests and what it cost the server and the upstream. */
  async function burst(cell, amount) {
    const { contestant, query, regime, connections } = cell;
    const requests = workload.requestsFor(query, regime, amount, connections);
    const before = { cpuMs: cpuMsOf(contestant.pid), upstream: await upstream.ask({}) };
    const sent = sendAll({ url: contestant.url, requests, amount, minBodyLength: minBodyLengths[query] });
    const figures = await within(CELL_LIMIT_MS, Promise.race([sent, contestant.ended, upstream.ended]), 'It').catch(
      async (error) => {
        // That a process ended explains more than the connections that it broke, but may be noticed after them.
        const ended = Promise.race([contestant.ended, upstream.ended, wait(EXIT_NOTICED_MS, error)]);
        const { message } = await ended.catch((reason) => reason);
        throw new Error(`${keyOf(cell)} connections: ${message}`, { cause: error });
      },
    );
    await wait(SETTLE_MS);
    const cpuMs = cpuMsOf(contestant.pid) - before.cpuMs;
    const upstreamRequests = (await upstream.ask({})).requests - before.upstream.requests;
    rates.set(keyOf(cell), figures.requestsPerSecond);
    return {
      ...figures,
      amount,
      cpuMsPerRequest: cpuMs / amount,
      coreBusy: cpuMs / figures.elapsedMs,
      upstreamRequestsPerOperation: upstreamRequests / amount,
    };
  }

  return {
    /** Bursts that grow until they took so long in all; the last is the measure of the cells to come. */
    warmUp: async (cell, seconds) => {
      let amount = cell.connections * FIRST_BURST;
      for (let leftMs = seconds * 1000; leftMs > 0;) {
        const { elapsedMs } = await burst(cell, amount);
        leftMs -= elapsedMs;
        const fittingMs = Math.min(elapsedMs * 4, Math.max(leftMs, 100));
        amount = Math.max(cell.connections, Math.ceil((amount * fittingMs) / elapsedMs));
      }
    },
    measure: (cell, seconds) =>
      burst(cell, Math.max(cell.connections, Math.round((rates.get(keyOf(cell)) ?? 1) * seconds))),
  };
}
