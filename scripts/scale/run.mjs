// `npm run scale [seconds]`: the topology of deploy/compose.yaml without containers, and 64 callers who ask it while gateways are
// restarted and killed and Redis is away. Prints what they got and what each event cost, and ends with code 1 when an answer was
// wrong, one was missing that was to be there, a gateway did not end well, or a log has a token.
import { setTimeout as wait } from 'node:timers/promises';
import { Agent } from 'node:http';
import { killOne, pauseRedis, restartInTurn, stopRedis } from './events.mjs';
import { ask, readRight } from './exchange.mjs';
import { startLoad } from './load.mjs';
import { followAccessLog } from './nginx.mjs';
import { downloadOf, makeQuestions } from './questions.mjs';
import { merge, renderCosts, renderMachine, renderPhases, renderThroughput } from './report.mjs';
import { compareThroughput } from './throughput.mjs';
import { createTopology } from './topology.mjs';

const SECONDS = Number(process.argv[2] ?? 6);
const TOKENS = 16;
const CALLERS = 64;
/** Of them, those that download a long log again and again. */
const DOWNLOADERS = 4;
/** Between two questions of a caller, on average, where the machine is not to be at its limit. */
const PAUSE_MS = 150;
const WARM_UP_MS = 3000;
const MAX_OTHER_MS = 150_000;
const MAX_SHOWN = 5;

if (!(SECONDS >= 1 && SECONDS <= 600)) {
  console.error(`Expected a number of seconds from 1 to 600; got ${JSON.stringify(process.argv[2])}.`);
  process.exit(1);
}

const tokens = Array.from(
  { length: TOKENS },
  (_, index) => `scale-token-${index}-${Math.random().toString(36).slice(2)}`,
);
const problems = [];
const topology = createTopology(problems);

const end = (why) => {
  console.error(why);
  void topology.stop().finally(() => process.exit(1));
};
setTimeout(() => end('it takes too long, and is ended'), MAX_OTHER_MS + 6 * SECONDS * 1000).unref();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(`ended by ${signal}`));

async function endWell(gateway) {
  const code = await gateway.end('SIGTERM');
  if (code !== 0) problems.push(`${gateway.name} ended with code ${code} after SIGTERM`);
}

async function learnRight({ url }, questions) {
  const agent = new Agent({ keepAlive: true });
  for (const question of questions) {
    question.right = readRight(question, await ask({ url, agent, token: tokens[0] }, question));
  }
  agent.destroy();
}

async function main() {
  const running = await topology.start(tokens);
  const { url, server, gateways, lone } = running;
  const readAccessLog = followAccessLog(topology.folder);
  const questions = makeQuestions(server.finished);
  const longDownload = downloadOf(server.longLogId);
  await learnRight(lone, [...questions, longDownload]);
  await endWell(lone);

  const calm = { url, tokens, questions, longDownload, callers: CALLERS - DOWNLOADERS, downloaders: DOWNLOADERS };
  const phases = [];
  async function phase(name, options, happen) {
    console.error(`${name} …`);
    readAccessLog();
    const load = startLoad({ ...calm, pauseMs: PAUSE_MS, ...options });
    const told = await happen(load);
    const tally = await load.stop();
    phases.push({ name, tally, cost: typeof told === 'string' ? told : told?.tell(tally) });
    return tally;
  }

  await phase('the first seconds', {}, () => wait(WARM_UP_MS, null));
  await phase('steady', {}, () => wait(SECONDS * 1000, null));
  await phase('rolling restart', {}, () => restartInTurn(running, problems));
  const killed = await phase('SIGKILL of one', { pauseMs: 0 }, (load) =>
    killOne(running, problems, load, readAccessLog),
  );
  await phase('Redis stopped', {}, () => stopRedis(running, problems));
  await phase('Redis paused', {}, () => pauseRedis(running, problems));
  console.error('throughput …');
  const saturated = { ...calm, callers: CALLERS, downloaders: 0 };
  const rows = await compareThroughput(running, SECONDS / 2, saturated, readAccessLog, problems);
  for (const { count, tallies } of rows) phases.push({ name: `throughput of ${count}`, tally: merge(tallies) });

  await Promise.all(gateways.map(endWell));
  const all = merge(phases.map(({ tally }) => tally));
  if (all.wrong > 0) problems.push(`${all.wrong} answers were wrong`);
  if (all.unanswered > 0) problems.push(`${all.unanswered} questions were not answered`);
  if (all.lost.length > killed.lost.length) problems.push('downloads were lost though no gateway was killed');
  const codes = [...all.codes.keys()].filter((code) => code !== 'PERSISTED_QUERY_NOT_FOUND');
  if (codes.length > 0) problems.push(`callers were told of ${codes.join(', ')}`);
  const written = topology.written();
  const leaky = written.filter(({ text }) => tokens.some((token) => text.includes(token)));
  for (const { name } of leaky) problems.push(`${name} has a token in it`);

  console.log(`${renderMachine()}\n\n${renderPhases(phases)}\n\n${renderCosts(phases)}\n\n${renderThroughput(rows)}\n`);
  const megabytes = written.reduce((bytes, { text }) => bytes + text.length, 0) / 1e6;
  console.log(
    `Tokens in ${megabytes.toFixed(1)} MB of logs (${written.map(({ name }) => name).join(', ')}): ${leaky.length}`,
  );
  for (const text of new Set(all.strange.slice(0, MAX_SHOWN))) console.log(`strange: ${text}`);
}

try {
  await main();
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
} finally {
  await topology.stop();
}
console.log(problems.length === 0 ? 'all is as it should be' : `${problems.length} problems:`);
for (const problem of problems) console.log(`  ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
