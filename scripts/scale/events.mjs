// What is done to the topology while callers ask. Each gives what it cost in words, and tells `problems` what is not as it is
// to be.
import { setTimeout as wait } from 'node:timers/promises';
import { readMetrics, storeAnswers } from './metrics.mjs';
import { until } from './program.mjs';

const BACK_WITHIN_MS = 10_000;
const CALM_MS = 1000;
const AWAY_MS = 3000;
/** So many downloads are to have begun when a gateway is killed, if that happens soon. */
const MIN_BEGUN = 3;
/** What nginx notes of a gateway that refuses the connection, or breaks off before its answer. */
const NO_ANSWER = '502';
const BEGUN_WITHIN_MS = 5000;

const secondsSince = (startMs) => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;

/** Ends each gateway as a platform does, and starts it again, one after the other. */
export async function restartInTurn({ gateways }, problems) {
  const parts = [];
  for (const gateway of gateways) {
    await wait(CALM_MS);
    const endMs = performance.now();
    const code = await gateway.end('SIGTERM');
    if (code !== 0) problems.push(`${gateway.name} ended with code ${code} after SIGTERM`);
    const startMs = performance.now();
    const ended = secondsSince(endMs);
    await gateway.start();
    parts.push(`${gateway.name} ended with code ${code} in ${ended} and was ready ${secondsSince(startMs)} later`);
  }
  await wait(CALM_MS);
  const metrics = await Promise.all(gateways.map(({ metricsUrl }) => readMetrics(metricsUrl)));
  const count = (level, result) =>
    metrics.reduce((all, { sum }) => all + sum('backup365_sharing_lookups_total', { level, result }), 0);
  const [hits, misses] = [count('store', 'hit'), count('store', 'miss')];
  if (hits === 0) problems.push('the restarted gateways found nothing in Redis of what the others had put there');
  return `${parts.join('; ')}; of ${hits + misses} looks into Redis for what the other had shared, ${hits} found it`;
}

/** Kills a gateway while it answers, and starts it again. */
export async function killOne({ gateways }, problems, load, readAccessLog) {
  const [gateway] = gateways;
  const areBegun = () => [...load.underWay].filter(({ question, hasBegun }) => question.path && hasBegun).length;
  await wait(CALM_MS);
  await until(() => areBegun() >= MIN_BEGUN, BEGUN_WITHIN_MS);
  const own = (await readMetrics(gateway.metricsUrl)).sum('backup365_operations_in_flight');
  const begun = areBegun();
  const underWay = new Set([...load.underWay].map(({ requestId }) => requestId));
  await gateway.end('SIGKILL');
  await wait(CALM_MS);
  const startMs = performance.now();
  await gateway.start();
  const ready = secondsSince(startMs);
  await wait(CALM_MS);

  /** Once all callers have their answers. */
  function tell({ lost }) {
    const log = readAccessLog().filter(({ attempts: [{ port }] }) => port === gateway.port);
    const failed = log.filter(({ attempts: [{ status }] }) => status === NO_ANSWER);
    const wereIn = failed.filter(({ requestId, attempts: [{ seconds }] }) => underWay.has(requestId) && seconds > 0);
    const repeated = wereIn.filter(({ attempts }) => attempts.length > 1);
    const sentTo = new Set(log.map(({ requestId }) => requestId));
    const strays = lost.filter(({ requestId }) => !underWay.has(requestId) || !sentTo.has(requestId));
    if (strays.length > 0) problems.push(`${strays.length} downloads were lost that the killed gateway did not have`);
    return (
      `${gateway.name} had ${wereIn.length + lost.length} requests at that moment (by its own figure ${own} operations; others ` +
      `waited in its sockets): nginx had ${repeated.length} of them answered by the other one, and ${lost.length} downloads that had ` +
      `begun were lost, of ${begun} at both; ${failed.length - wereIn.length} more requests met a closed port and went to the other one; ` +
      `it was started 1 s later, and ready after ${ready}`
    );
  }
  return { tell };
}

async function withoutRedis({ gateways, redis }, problems, { take, bring, what }) {
  const look = () => Promise.all(gateways.map(({ metricsUrl }) => readMetrics(metricsUrl)));
  const isUp = ({ sum }) => sum('backup365_store_up') === 1;
  const answers = (metrics) => metrics.map(storeAnswers);
  await wait(CALM_MS);
  if (!(await look()).every(isUp)) problems.push(`Redis was not in use before it was ${what}`);
  await take(redis);
  await wait(AWAY_MS);
  const away = await look();
  if (away.some(isUp)) problems.push(`a gateway takes Redis for up that was ${what}`);
  await bring(redis);
  const startMs = performance.now();
  if (!(await until(async () => (await look()).every(isUp), BACK_WITHIN_MS)))
    problems.push(`Redis is not used again after it was ${what}`);
  const back = secondsSince(startMs);
  const before = answers(await look());
  await wait(CALM_MS);
  const used = answers(await look()).map((count, index) => count - before[index]);
  if (used.some((count) => count === 0)) problems.push(`a gateway asks Redis nothing after it was ${what}`);
  return `Redis was ${what} for ${AWAY_MS / 1000} s, in use again by both ${back} after it was back; in the second after that it answered them ${used.join(' and ')} times`;
}

/** Takes Redis away, with all that is in it, and starts an empty one on the same port. */
export const stopRedis = (topology, problems) =>
  withoutRedis(topology, problems, {
    what: 'killed',
    take: (redis) => redis.end('SIGKILL'),
    bring: (redis) => redis.start(),
  });

/** Lets Redis take connections and commands, and answer none. */
export const pauseRedis = (topology, problems) =>
  withoutRedis(topology, problems, {
    what: 'paused',
    take: (redis) => redis.send('SIGSTOP'),
    bring: (redis) => redis.send('SIGCONT'),
  });
