// `npm run soak [seconds]`: 64 callers ask the built gateway for a minute while 5 % of all requests to its server go wrong.
// Prints what they got, and ends with code 1 when an answer was wrong, missing or untyped, or memory grew too much.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { json } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { judgeAnswer } from '../judge.mjs';

const SECONDS = Number(process.argv[2] ?? 60);
const WARM_UP_SECONDS = 20;
const CALLERS = 64;
const FAULT_SHARE = 0.05;
const ANSWER_WITHIN_MS = 12_000;
const MAX_GROWTH_MB = 80;
const MAX_BOMB_GROWTH_MB = 300;

const file = (name) => new URL(name, import.meta.url).pathname;
const tokens = Array.from(
  { length: CALLERS },
  (_, index) => `soak-token-${index}-${Math.random().toString(36).slice(2)}`,
);

async function ask(child, message) {
  const answer = once(child, 'message');
  child.send(message);
  return (await answer)[0];
}

const backupServer = fork(file('server.mjs'));
await once(backupServer, 'message');
const { origin, fingerprint, sessionIds } = await ask(backupServer, { tokens });

const gateway = fork(file('../../dist/main.js'), ['--port', '0'], {
  execArgv: ['--expose-gc', '--import', file('probe.mjs')],
  env: {
    PATH: process.env.PATH,
    BACKUP_SERVER_URL: origin,
    BACKUP_SERVER_FINGERPRINT: fingerprint,
    LOG_LEVEL: 'debug',
  },
  stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
});
let url = '';
let logTail = '';
let leaks = 0;
const secrets = new RegExp([...tokens, new URL(origin).host].join('|'));
for (const stream of [gateway.stdout, gateway.stderr]) {
  stream.on('data', (chunk) => {
    const text = logTail + chunk.toString();
    logTail = text.slice(text.lastIndexOf('\n') + 1);
    if (secrets.test(text)) leaks += 1;
    url ||= /listening at (http:[^"]+)"/.exec(text)?.[1] ?? '';
  });
}
while (url === '') await wait(20);

const ownDelay = monitorEventLoopDelay({ resolution: 10 });
ownDelay.enable();

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const ids = sessionIds.slice(0, 30);
const questions = [
  ...ids.map((id) => ({
    query: `{ jobSession(id: "${id}") { id status statistics { processedObjects bottleneck } job { id name } } }`,
  })),
  ...ids.map((id) => ({
    query: `{ jobSession(id: "${id}") { id log(first: 5) { nodes { sequenceNumber message } } } proxies { nodes { hostName } } }`,
  })),
  {
    query: '{ jobSessions(first: 50) { nodes { id status job { name organization { name } repository { name } } } } }',
  },
  { query: '{ jobSessions(first: 20) { nodes { id job { name } log(first: 3) { nodes { message } } } } }' },
  { query: '{ jobs { nodes { name latestSession { id status } } } organizations { nodes { name isBackedUp } } }' },
  {
    query: 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on JobSession { id status job { name } } } }',
    variables: { r: ids.slice(0, 10).map((id) => ({ __typename: 'JobSession', id })) },
  },
];

const agent = new Agent({ keepAlive: true });

/** Node's own client: what it does with a connection is plain to see, so that a wait is the gateway's. */
async function send(question, token) {
  const body = JSON.stringify(question);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
  };
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const call = request(`${url}/graphql`, { method: 'POST', headers, agent, signal });
  call.end(body);
  const [response] = await once(call, 'response');
  return { status: response.statusCode, body: await json(response) };
}

const counts = { answers: 0, 'of them with errors': 0, wrong: 0, unanswered: 0, untyped: 0 };
const codes = new Map();
const durations = [];
const strange = [];

function judge(answer, right) {
  const { codes: found, isTyped, isTrue } = judgeAnswer(answer, right);
  counts.answers += 1;
  if (found.length > 0) counts['of them with errors'] += 1;
  for (const code of found) codes.set(code, (codes.get(code) ?? 0) + 1);
  if (!isTyped) counts.untyped += 1;
  if (!isTrue) counts.wrong += 1;
  if (!isTyped || !isTrue) strange.push(JSON.stringify(answer.body).slice(0, 400));
}

for (const question of questions) {
  const { body } = await send(question, tokens[0]);
  if (body.errors) throw new Error(`the fault-free answer has errors: ${JSON.stringify(body.errors)}`);
  question.right = body.data;
}

async function callFor(seconds, callers = tokens) {
  const untilMs = performance.now() + seconds * 1000;
  await Promise.all(
    callers.map(async (token) => {
      while (performance.now() < untilMs) {
        const { right, ...rest } = pick(questions);
        const startMs = performance.now();
        try {
          judge(await send(rest, token), right);
        } catch (error) {
          counts.unanswered += 1;
          strange.push(
            `${error.cause ?? error} after ${Math.round(performance.now() - startMs)} ms: ${rest.query.slice(0, 100)}`,
          );
        }
        durations.push(performance.now() - startMs);
      }
    }),
  );
}

await ask(backupServer, { say: 'faults', share: FAULT_SHARE });
await callFor(WARM_UP_SECONDS);
await ask(gateway, 'reset');
const before = await ask(gateway, 'collect');
durations.length = 0;
await callFor(SECONDS);
const after = await ask(gateway, 'collect');

// Hostile bodies: most answers are 100 MB long, as text, as JSON of nothing, or as what claims to be gzip.
await ask(backupServer, { say: 'bombs', share: 0.8 });
await ask(gateway, 'reset');
let peakMB = 0;
let isWatching = true;
const watched = (async () => {
  for (; isWatching; await wait(50)) peakMB = Math.max(peakMB, (await ask(gateway, 'look')).rssMB);
})();
await callFor(Math.min(15, SECONDS), tokens.slice(0, 8));
isWatching = false;
await watched;
const bombed = await ask(gateway, 'look');

await ask(backupServer, { say: 'nothing' });
await wait(500);
for (const { right, ...question } of questions) judge(await send(question, tokens[0]), right); // it is as it was

agent.destroy();
gateway.kill('SIGTERM');
const [exitCode] = await once(gateway, 'exit');
await ask(backupServer, { say: 'close' });

durations.sort((a, b) => a - b);
const at = (share) => `${Math.round(durations[Math.floor(durations.length * share)])} ms`;
const growthMB = Math.round((after.rssMB - before.rssMB) * 10) / 10;
const bombGrowthMB = Math.round((peakMB - after.rssMB) * 10) / 10;
const report = {
  ...counts,
  p50: at(0.5),
  p99: at(0.99),
  'memory before': `${before.rssMB} MB (heap ${before.heapMB})`,
  'memory after': `${after.rssMB} MB (heap ${after.heapMB})`,
  'memory growth': `${growthMB} MB`,
  'memory growth at the most, while 100 MB bodies come': `${bombGrowthMB} MB`,
  'event loop delay, p99 and longest': `${after.loopDelayP99Ms} ms, ${after.loopDelayMaxMs} ms`,
  'the same while 100 MB bodies come': `${bombed.loopDelayP99Ms} ms, ${bombed.loopDelayMaxMs} ms`,
  "the callers' own event loop delay, longest": `${Math.round(ownDelay.max / 1e6)} ms`,
  'secrets in its output': leaks,
  'exit code': exitCode,
};
for (const [name, value] of Object.entries(report)) console.log(`${name}: ${value}`);
console.log(`codes: ${[...codes].map(([code, count]) => `${code} ${count}`).join(', ')}`);
for (const text of new Set(strange.slice(0, 5))) console.log(`strange: ${text}`);

const isGood =
  counts.wrong + counts.unanswered + counts.untyped + leaks + exitCode === 0 &&
  growthMB < MAX_GROWTH_MB &&
  bombGrowthMB < MAX_BOMB_GROWTH_MB;
process.exitCode = isGood ? 0 : 1;
