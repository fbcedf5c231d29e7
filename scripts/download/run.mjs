// Measures the download of one long log: how long it takes, and by how much the gateway's memory grows meanwhile.
// node scripts/download/run.mjs [lines, 100000 unless given] [API version, v8 unless given] [format, ndjson unless given]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

const [lines = '100000', apiVersion = 'v8', format = 'ndjson'] = process.argv.slice(2);
const TOKEN = 'download-token';
const headers = { authorization: `Bearer ${TOKEN}` };
/** The demo server's session with a log of two lines. */
const DOCUMENTED = 'be376069-2865-4156-a9bc-825cef7d687e';
const LOOK_EVERY_MS = 100;
const MAX_GROWTH_MB = 50;
const LINE_FEED = 10;

const file = (name) => new URL(name, import.meta.url).pathname;

async function ask(child, message) {
  const answer = once(child, 'message');
  child.send(message);
  return (await answer)[0];
}

/** One download by a gateway that has answered one short request. With `collect`, all garbage goes before each look at its memory. */
async function measure(look) {
  const backupServer = fork(file('server.mjs'), [lines, TOKEN]);
  const [{ origin, fingerprint, id }] = await once(backupServer, 'message');
  const gateway = fork(file('../../dist/main.js'), ['--port', '0'], {
    execArgv: ['--expose-gc', '--import', file('../soak/probe.mjs')],
    env: {
      PATH: process.env.PATH,
      BACKUP_SERVER_URL: origin,
      BACKUP_SERVER_FINGERPRINT: fingerprint,
      BACKUP_API_VERSION: apiVersion,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let url = '';
  gateway.stdout.on('data', (chunk) => {
    url ||= /listening at (http:[^"]+)"/.exec(chunk.toString())?.[1] ?? '';
  });
  while (url === '') await wait(20);
  const read = (session) => fetch(`${url}/sessions/${session}/log?format=${format}`, { headers });
  await (await read(DOCUMENTED)).text(); // so that what any first request takes does not count
  const before = await ask(gateway, look);
  const peak = { ...before };
  let isWatching = true;
  const watched = (async () => {
    for (; isWatching; await wait(LOOK_EVERY_MS)) {
      const now = await ask(gateway, look);
      for (const name in peak) peak[name] = Math.max(peak[name], now[name]);
    }
  })();
  const startMs = performance.now();
  const response = await read(id);
  const got = { lines: 0, bytes: 0 };
  for await (const chunk of response.body) {
    got.bytes += chunk.length;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) got.lines += 1;
  }
  const seconds = (performance.now() - startMs) / 1000;
  isWatching = false;
  await watched;
  const { requests } = await ask(backupServer, id);
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  backupServer.disconnect();
  return { ...got, seconds, requests, before, peak };
}

const growth = ({ before, peak }, name) => Math.round((peak[name] - before[name]) * 10) / 10;
const free = await measure('look');
const collected = await measure('collect');
const report = {
  lines: free.lines,
  megabytes: Math.round(free.bytes / 1e5) / 10,
  seconds: Math.round(free.seconds * 10) / 10,
  'requests to the server': free.requests,
  'memory before': `${collected.before.rssMB} MB (heap ${collected.before.heapMB})`,
  'growth at the most, of what is in use': `${growth(collected, 'rssMB')} MB (heap ${growth(collected, 'heapMB')})`,
  'growth at the most, with garbage that V8 has not collected yet': `${growth(free, 'rssMB')} MB (heap ${growth(free, 'heapMB')})`,
};
for (const [name, value] of Object.entries(report)) console.log(`${name}: ${value}`);
const isGood = free.lines === Number(lines) && growth(collected, 'rssMB') < MAX_GROWTH_MB;
process.exitCode = isGood ? 0 : 1;
