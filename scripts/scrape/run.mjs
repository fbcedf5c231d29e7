// `npm run scrape`: a real Prometheus scrapes a real gateway, with a real Redis behind it, under load and while its backup server
// has faults. Then every query of deploy/observability/ is asked. Ends with code 1 when a query of the dashboard has no data, a
// rule cannot be worked out, a metric is named that is not there or is there and not shown, promtool has a complaint, or a label
// has a value that no label may have.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import { startSimulator } from '../../dist/simulator/index.js';
import { labelsOf, metricOf, namesOf, suspicionOf } from './exposition.mjs';
import { call, knownOperations, unknownOperation } from './load.mjs';
import { createProcesses, freePort, pathOf } from './processes.mjs';
import { dashboardQueries, metricsIn, prometheusConfig, ruleQueries } from './queries.mjs';

const LOAD_SECONDS = 24;
const LIMIT_MS = 150_000;
const CALLERS = 6;
const RATE_LIMIT = 300; // of one token, which in the time of the load asks less often than that, but for one
const FLOOD_TOKEN = 'flood-token-0123456789-abcdef';

/** Metrics of the gateway that no panel shows, and why not. */
const notShown = {};

/** What the load and the faults are there for: each is to have been seen at some moment. */
const mustHaveShown = [
  'backup365_upstream_breaker_state{state="open"}',
  'backup365_upstream_state{state="ready"}',
  'backup365_upstream_state{state="unreachable"}',
  'backup365_refusals_total{reason="token_rate"}',
  ...['parse_failed', 'validation_failed', 'too_complex', 'persisted_query_not_found'].map(
    (reason) => `backup365_documents_rejected_total{reason="${reason}"}`,
  ),
  ...['UNAUTHENTICATED', 'BAD_USER_INPUT', 'FORBIDDEN', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_BAD_RESPONSE'].map(
    (code) => `backup365_operation_errors_total{code="${code}"}`,
  ),
  ...[...knownOperations, 'other'].map(
    (name) => `backup365_operation_duration_seconds_count{operation="${name}", outcome="ok"}`,
  ),
];

const problems = [];

const processes = createProcesses();
let simulator;
async function stop() {
  await processes.stop();
  await simulator?.close();
  simulator = undefined;
}
setTimeout(() => {
  console.error(`not done after ${LIMIT_MS / 1000} seconds`);
  void stop().finally(() => process.exit(1));
}, LIMIT_MS).unref();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop().finally(() => process.exit(1)));

const answers = (url) => async () => (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok;

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** All is well, then every connection is cut, so that the breaker opens; then all is well again but for some requests. */
async function misbehaveInTurn() {
  const during = async (ms, rules) => {
    const undo = rules.map(([share, how]) => simulator.misbehave(() => Math.random() < share, how));
    await wait(ms);
    for (const end of undo) end();
  };
  await wait(7000);
  await during(4000, [[1, { reset: true }]]);
  await wait(3000);
  await during(5000, [
    [0.1, { status: 500 }],
    [0.1, { status: 429, headers: { 'retry-after': '1' } }],
    [0.1, { status: 403 }],
    [0.1, { body: '<html>sign in</html>' }],
    [0.2, { delayMs: 700 }],
  ]);
}

async function query(prometheus, { expr, isInstant }, startSeconds) {
  const now = Date.now() / 1000;
  const range = isInstant ? { time: now } : { start: startSeconds, end: now, step: 1 };
  const parameters = new URLSearchParams({ query: expr, ...range });
  const response = await fetch(`${prometheus}/api/v1/query${isInstant ? '' : '_range'}?${parameters}`);
  const { status, error, data } = await response.json();
  if (status !== 'success') return { error };
  const hasFigure = ({ value, values = [value] }) => values.some(([, figure]) => figure !== 'NaN');
  return { series: data.result.filter(hasFigure).length };
}

async function main() {
  const promtool = pathOf('promtool');
  const [redisPort, port, metricsPort, prometheusPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const metrics = `http://127.0.0.1:${metricsPort}/metrics`;
  const prometheus = `http://127.0.0.1:${prometheusPort}`;
  const url = `http://127.0.0.1:${port}`;

  simulator = await startSimulator({ days: 12 });
  const tokens = Array.from({ length: CALLERS }, () => simulator.tokens.issue().accessToken);
  simulator.tokens.issue({ accessToken: FLOOD_TOKEN });
  const sessionIds = simulator.history.sessions().map(({ id }) => id);

  const redisArgs = ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  await processes.start('redis-server', pathOf('redis-server'), redisArgs, () => accepts(redisPort));
  await processes.startGateway(
    {
      BACKUP_SERVER_URL: simulator.origin,
      BACKUP_SERVER_FINGERPRINT: simulator.fingerprint,
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      RATE_LIMIT_PER_TOKEN: String(RATE_LIMIT),
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      METRICS_OPERATIONS: knownOperations.join(','),
      LOG_FORMAT: 'json',
    },
    answers(`${url}/livez`),
  );
  const configFile = join(processes.folder, 'prometheus.yml');
  writeFileSync(configFile, stringify(prometheusConfig(`127.0.0.1:${metricsPort}`)));
  const prometheusArgs = [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(processes.folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
    '--log.level=warn',
  ];
  await processes.start('prometheus', pathOf('prometheus'), prometheusArgs, answers(`${prometheus}/-/ready`));

  const startSeconds = Date.now() / 1000;
  const [counts] = await Promise.all([
    call({ url, seconds: LOAD_SECONDS, tokens, flood: FLOOD_TOKEN, sessionIds }),
    misbehaveInTurn(),
  ]);
  console.log(`load: ${[...counts].map(([what, count]) => `${what}: ${count}`).join(', ')}\n`);

  const text = await (await fetch(metrics)).text();
  await askAll(prometheus, startSeconds, namesOf(text));
  await checkLoad(prometheus);
  await checkRules(prometheus);
  checkLabels(text, [...tokens, FLOOD_TOKEN, unknownOperation, ...sessionIds, simulator.fingerprint]);
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' });
  console.log(`\npromtool check metrics: ${status === 0 ? 'clean' : `code ${status}\n${stdout}${stderr}`}`);
  if (status !== 0) problems.push('promtool check metrics has complaints');
}

async function askAll(prometheus, startSeconds, names) {
  const shown = new Set();
  const rows = [];
  const ask = async (item, isOfDashboard) => {
    const { series, error } = await query(prometheus, item, startSeconds);
    rows.push([item.place, String(series ?? 'ERROR'), item.expr]);
    if (error !== undefined) problems.push(`${item.place}: ${error}`);
    else if (isOfDashboard && series === 0) problems.push(`${item.place}: no data`);
    for (const word of metricsIn(item.expr)) {
      const metric = metricOf(names, word);
      if (metric === undefined) problems.push(`${item.place}: /metrics has no ${word}`);
      else if (isOfDashboard) shown.add(metric);
    }
  };
  for (const item of dashboardQueries()) await ask(item, true);
  for (const item of ruleQueries()) await ask(item, false);
  const width = Math.max(...rows.map(([place]) => place.length));
  for (const [place, series, expr] of rows) console.log(`${place.padEnd(width)}  ${series.padStart(3)}  ${expr}`);
  for (const name of names) {
    if (name.startsWith('backup365_') && !shown.has(name) && notShown[name] === undefined)
      problems.push(`no panel shows ${name}`);
  }
}

async function checkLoad(prometheus) {
  for (const selector of mustHaveShown) {
    const { series } = await query(prometheus, { expr: `max_over_time(${selector}[5m]) > 0`, isInstant: true });
    if (series !== 1) problems.push(`the load did not show: ${selector}`);
  }
}

async function checkRules(prometheus) {
  const { data } = await (await fetch(`${prometheus}/api/v1/rules`)).json();
  const rules = data.groups.flatMap((group) => group.rules);
  const bad = rules.filter(({ health }) => health !== 'ok');
  for (const { name, health, lastError } of bad) problems.push(`rule ${name}: ${health} ${lastError ?? ''}`);
  console.log(`\nrules that Prometheus worked out: ${rules.length - bad.length} of ${rules.length}`);
  if (rules.length !== ruleQueries().length) problems.push('Prometheus has other rules than rules.yml');
}

function checkLabels(text, secrets) {
  console.log('\nlabels:');
  for (const [key, values] of labelsOf(text)) {
    console.log(`  ${key}: ${[...values].join(', ')}`);
    for (const value of values) {
      const suspicion = suspicionOf(value, secrets);
      if (suspicion !== null) problems.push(`${key}: a value looks like ${suspicion}: ${JSON.stringify(value)}`);
    }
  }
}

try {
  await main();
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
} finally {
  await stop();
}
console.log(problems.length === 0 ? '\nall is as it should be' : `\n${problems.length} problems:`);
for (const problem of problems) console.log(`  ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
