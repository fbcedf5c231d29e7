// `node bench/start.mjs [--against FOLDER]`: how long the gateway takes from its start to the first answer of `GET /livez`, on
// one core, on the Node that runs this and on that of the container image. Another checkout that is built starts in turn with it.
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startContestant } from './contestants.mjs';
import { describeEnvironment, nodeVersion } from './environment.mjs';
import { imageNode } from './imageNode.mjs';
import { environmentList, tableOf } from './markdown.mjs';
import { endAll, pinThisProcess, within } from './processes.mjs';
import { median } from './statistics.mjs';

const STARTS = 7;
const POLL_MS = 2;
const START_LIMIT_MS = 20_000;
const LIMIT_MS = 480_000;

/** Nothing answers there: a gateway that is alive has not asked its server for anything yet. */
const servers = { 'a configured server': 'http://127.0.0.1:9', 'the embedded server': 'embedded' };

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function isAlive(port) {
  const call = get({ host: '127.0.0.1', port, path: '/livez', agent: false });
  try {
    const [response] = await once(call, 'response');
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false;
  }
}

async function startMsOf(node, upstream, root) {
  const port = await freePort();
  const startMs = performance.now();
  const starting = startContestant('gateway', { node, upstream, root, settings: { PORT: String(port) } });
  let failure;
  starting.catch((error) => (failure = error));
  while (!(await isAlive(port))) {
    if (failure) throw failure;
    if (performance.now() - startMs > START_LIMIT_MS) throw new Error(`No answer in ${START_LIMIT_MS / 1000} s.`);
    await wait(POLL_MS);
  }
  const tookMs = performance.now() - startMs;
  await (await starting).end();
  return tookMs;
}

async function run() {
  pinThisProcess();
  const { values } = parseArgs({ options: { against: { type: 'string' } } });
  const builds = { 'this build': undefined, ...(values.against && { [values.against]: resolve(values.against) }) };
  const nodes = [...new Map([process.execPath, imageNode()].map((node) => [nodeVersion(node), node]))];
  const rows = [];
  for (const [version, node] of nodes) {
    for (const [name, upstream] of Object.entries(servers)) {
      const tookMs = Object.fromEntries(Object.keys(builds).map((build) => [build, []]));
      for (let count = 0; count <= STARTS; count += 1) {
        for (const [build, root] of Object.entries(builds)) {
          const ms = await startMsOf(node, upstream, root);
          if (count > 0) tookMs[build].push(ms); // the first reads the files from the disk for those that follow
        }
      }
      for (const [build, all] of Object.entries(tookMs)) {
        const figures = [median(all), Math.min(...all), Math.max(...all)].map((figure) => figure.toFixed(0));
        rows.push([version, name, build, ...figures]);
      }
    }
  }
  console.log(`# Start\n\n${environmentList(describeEnvironment(imageNode()))}\n`);
  console.log(tableOf(['Node', 'in front of', 'build', `median of ${STARTS}, ms`, 'least', 'most'], rows));
}

try {
  await within(LIMIT_MS, run(), 'The measurement');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await endAll();
}
