// `npm run crowd`: three crowds, each caller within its own limits, ask the built gateway that has a heap of 512 MB. Prints for
// each the peak of memory, what was answered, and how long a good caller waited. Ends with code 1 when the gateway ended, a
// refusal was not typed, or a good caller got a wrong answer or none within four seconds. All traffic is on loopback.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { endAll, startProcess } from '../../bench/processes.mjs';
import { readResponses } from './responses.mjs';

const HEAP_MB = 512;
const GOOD_CALLER_LIMIT_MS = 4000;
const CROWD_LIMIT_MS = 90_000;
const ASK_EVERY_MS = 200;
const SAMPLE_EVERY_MS = 20;
const EQUAL_OPERATIONS = 200;
const UNFINISHED_BODIES = 4000;
const LOT = 100;
const PIPELINED_OPERATIONS = 20_000;
const LONGEST_BODY_BYTES = 256 * 1024;

/** Kinds of answers that are right; of unfinished bodies, those that are read must end with 408. */
const rightKinds = new Set(['200', '503 OVERLOADED', '408 BAD_REQUEST']);

const file = (name) => new URL(name, import.meta.url).pathname;
const node = process.execPath;
const backupServer = await startProcess('the backup server', { node, args: [file('server.mjs')], env: {} });
const { origin, sessionId } = backupServer.ready;
const gateway = await startProcess('the gateway', {
  node,
  args: [`--max-old-space-size=${HEAP_MB}`, file('../../dist/main.js'), '--port', '0'],
  env: { NODE_ENV: 'production', BACKUP_SERVER_URL: origin, BACKUP_API_VERSION: 'v8' },
  readyPattern: /listening at http:\/\/127\.0\.0\.1:(\d+)/,
});
const port = Number(gateway.ready[1]);
let crash = null;
gateway.ended.catch((error) => {
  crash = error;
});

function rssMb() {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has ended
  }
}

function post(body, { token = null, length = Buffer.byteLength(body), isLast = true } = {}) {
  const headers = ['host: x', 'content-type: application/json', `content-length: ${length}`];
  if (token !== null) headers.push(`authorization: Bearer ${token}`);
  if (isLast) headers.push('connection: close');
  return `POST /graphql HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}

/** Sends a text on a connection of its own, and waits until that is closed. Calls `told` with the kind of each answer. */
function converse(text, told) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let ended = 'closed without an answer';
    socket.on(
      'data',
      readResponses((kind) => {
        ended = null;
        told(kind);
      }),
    );
    socket.on('error', ({ code }) => {
      ended &&= code;
    });
    socket.on('close', () => {
      if (ended !== null) told(ended);
      resolve();
    });
    socket.setTimeout(CROWD_LIMIT_MS, () => socket.destroy());
    socket.write(text);
  });
}

const goodQuery = JSON.stringify({ query: `{ jobSession(id: "${sessionId}") { id } }` });

/** Asks as a good caller does. Returns how long it took, or why the answer is wrong. */
async function askWell() {
  const startMs = performance.now();
  try {
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer good' },
      body: goodQuery,
      signal: AbortSignal.timeout(CROWD_LIMIT_MS),
    });
    const text = await response.text();
    const isRight = text.includes(`{"data":{"jobSession":{"id":"${sessionId}"}}`);
    return { ms: performance.now() - startMs, problem: isRight ? null : `${response.status} ${text.slice(0, 200)}` };
  } catch (error) {
    return { ms: performance.now() - startMs, problem: String(error.cause ?? error) };
  }
}

/** Runs a crowd while a good caller asks again and again. Returns whether all went well. */
async function gather(name, crowd) {
  const kinds = new Map();
  const told = (kind) => kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const beforeMb = rssMb();
  let peakMb = 0;
  const timer = setInterval(() => {
    peakMb = Math.max(peakMb, rssMb());
  }, SAMPLE_EVERY_MS);
  let isOver = false;
  const gathered = crowd(told).finally(() => {
    isOver = true;
  });
  const waits = [];
  do {
    await wait(ASK_EVERY_MS);
    waits.push(await askWell());
  } while (!isOver && crash === null);
  await Promise.race([gathered, gateway.ended.catch(() => undefined)]);
  waits.push(await askWell());
  clearInterval(timer);
  const longestMs = Math.max(...waits.map(({ ms }) => ms));
  const problems = waits.flatMap(({ problem }) => (problem === null ? [] : [problem]));
  const wrongKinds = [...kinds.keys()].filter((kind) => !rightKinds.has(kind));
  console.log(`${name}`);
  console.log(`  memory: ${Math.round(beforeMb)} MB before, ${Math.round(peakMb)} MB at the most`);
  console.log(`  answers: ${[...kinds].map(([kind, count]) => `${count} of ${kind}`).join(', ') || 'none'}`);
  console.log(`  good caller: ${waits.length} answers, the longest wait ${Math.round(longestMs)} ms`);
  if (crash !== null) console.log(`  the gateway ended: ${crash.message.slice(-600)}`);
  if (problems.length > 0) console.log(`  good caller got ${problems.length} wrong answers: ${problems[0]}`);
  if (wrongKinds.length > 0) console.log(`  wrong answers: ${wrongKinds.join(', ')}`);
  return crash === null && problems.length === 0 && wrongKinds.length === 0 && longestMs < GOOD_CALLER_LIMIT_MS;
}

/** Opens connections in lots, each once the last was accepted: the system resets those that the gateway has no time to accept. */
async function openInLots(count, open) {
  const opened = [];
  while (opened.length < count && crash === null) {
    for (let index = 0; index < LOT; index += 1) opened.push(open());
    await converse('GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', () => undefined);
  }
  await Promise.all(opened);
}

/** Returns the largest operation that the gateway admits: as many aliases of 80 characters as it takes, for 1,000 rows. */
async function largestOperation() {
  for (let aliases = 200; aliases > 0; aliases -= 5) {
    const names = Array.from(
      { length: aliases },
      (_, index) => `${'a'.repeat(76)}${String(index).padStart(4, '0')}: details`,
    );
    const body = JSON.stringify({ query: `{ jobSessions(first: 1000) { nodes { ${names.join(' ')} } } }` });
    let kind = '';
    await converse(post(body, { token: 'scout' }), (told) => {
      kind = told;
    });
    if (kind === '200') return { aliases, body };
  }
  throw new Error('Expected an operation that the gateway admits, found none.');
}

const results = [];
try {
  const { aliases, body } = await largestOperation();
  results.push(
    await gather(`${EQUAL_OPERATIONS} equal operations of one token, 1,000 rows of ${aliases} aliases`, (told) =>
      Promise.all(Array.from({ length: EQUAL_OPERATIONS }, () => converse(post(body, { token: 'one' }), told))),
    ),
  );
  const length = LONGEST_BODY_BYTES - 10;
  const unfinished = post(' '.repeat(length - 1), { length, isLast: false });
  results.push(
    await gather(`${UNFINISHED_BODIES} bodies that never end, without a token`, (told) =>
      openInLots(UNFINISHED_BODIES, () => converse(unfinished, told)),
    ),
  );
  const one = post(goodQuery, { token: 'two', isLast: false });
  results.push(
    await gather(`${PIPELINED_OPERATIONS} pipelined operations on one connection`, (told) =>
      converse(one.repeat(PIPELINED_OPERATIONS - 1) + post(goodQuery, { token: 'two' }), told),
    ),
  );
} finally {
  await endAll();
}
process.exitCode = results.every(Boolean) ? 0 : 1;
console.log(process.exitCode === 0 ? 'All went well.' : 'Something went wrong.');
