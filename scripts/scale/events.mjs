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
  const count = (command, outcome) =>
    metrics.reduce(
      (all, { sum }) => all + sum('backup365_sharing_lookups_total', { level: command, result: outcome }),
      0,
    );
  const [hits, misses] = [count('store', 'hit'), count('store', 'miss')];
  if (hits === 0) problems.push('the restarted gateways found nothing in Redis of what the others had put there');
  return `${parts.join('; ')}; of ${hits + misses} looks into Redis for what the other had shared, ${hits} found it`;
}

/** Kills a gateway while it answers, and starts it again. */
export async function killOne({ gateways }, problems, load, readAccessLog) {
  const [gateway] = gateways;
  const begunDownloads = () => [...load.underWay].filter(({ question, hasBegun }) => question.path && hasBegun);
  await wait(CALM_MS);
  await until(() => begunDownloads().length >= MIN_BEGUN, BEGUN_WITHIN_MS);
  const inFlight = (await readMetrics(gateway.metricsUrl)).sum('backup365_operations_in_flight');
  const downloads = begunDownloads().length;
  const underWay = new Set(load.underWay);
  await gateway.end('SIGKILL');
  await wait(CALM_MS);
  const startMs = performance.now();
  await gateway.start();
  const ready = secondsSince(startMs);
  await wait(CALM_MS);
  return {
    /** Once all callers have their answers. */
    tell: ({ lost }) => {
      const repeated = readAccessLog().filter(
        ({ attempts }) => attempts.length > 1 && attempts[0].port === gateway.port,
      );
      const broken = repeated.filter(({ attempts }) => attempts[0].seconds > 0).length;
      if (lost.length > downloads) problems.push(`${lost.length} downloads were lost, and ${downloads} had begun`);
      if (!lost.every((call) => underWay.has(call))) problems.push('a download was lost that began after the kill');
      return (
        `${gateway.name} had ${inFlight} operations in flight just before, and of all callers' downloads ${downloads} had begun, of ` +
        `which ${lost.length} were lost; nginx asked the other one ${repeated.length} times, ${broken} of them for what the killed ` +
        `one had already begun; killed for 1 s, it was ready ${ready} after its start`
      );
    },
  };
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
