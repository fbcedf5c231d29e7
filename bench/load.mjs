// One burst of requests by autocannon: so many, all of them answered, so that what the server used is for these alone.
import autocannon from 'autocannon';
import { percentile } from './statistics.mjs';

const REQUEST_LIMIT_SECONDS = 10;

/** `requests` are those of each connection. Rejects when any answer is not what it should be. */
export async function sendAll({ url, requests, amount, minBodyLength }) {
  const durationsMs = [];
  let unlike = '';
  let startedMs = 0;
  let endedMs = 0;
  let connection = 0;
  const run = autocannon({
    url,
    connections: requests.length,
    amount,
    timeout: REQUEST_LIMIT_SECONDS,
    bailout: 1,
    sampleInt: 20, // how often it looks whether it is done
    setupClient: (client) => {
      client.setRequests(requests[connection]);
      connection += 1;
    },
    verifyBody: (body) => {
      const isGood = body.length >= minBodyLength && !body.includes('"errors"');
      if (!isGood) unlike ||= body.slice(0, 400);
      return isGood;
    },
  });
  run.on('start', () => (startedMs = performance.now()));
  run.on('response', (_, __, ___, durationMs) => {
    durationsMs.push(durationMs);
    endedMs = performance.now();
  });
  const { errors, timeouts, non2xx, mismatches, statusCodeStats } = await run;
  if (errors + non2xx + mismatches > 0 || durationsMs.length !== amount) {
    const statuses = JSON.stringify(statusCodeStats);
    throw new Error(
      `Of ${amount} requests ${durationsMs.length} were answered (${errors} connection errors and timeouts, of them ` +
        `${timeouts} timeouts, statuses ${statuses}, ${mismatches} answers with errors or too short). ${unlike}`,
    );
  }
  const elapsedMs = endedMs - startedMs;
  return {
    elapsedMs,
    requestsPerSecond: (amount / elapsedMs) * 1000,
    p50Ms: percentile(durationsMs, 0.5),
    p99Ms: percentile(durationsMs, 0.99),
  };
}
