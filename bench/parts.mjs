// `node bench/parts.mjs [--node …]`, after a build: what single decisions save, each measured alone in one process.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { nodeAt } from './options.mjs';
import { cores, endAll, startProcess } from './processes.mjs';

const { values } = parseArgs({ options: { node: { type: 'string', default: 'image' }, upstream: { type: 'string' } } });
const requireOfGateway = createRequire(new URL('../package.json', import.meta.url));
const dist = (file) => import(new URL(`../dist/${file}`, import.meta.url).href);
const ID = 'be376069-2865-4156-a9bc-825cef7d687e';
const ROUNDS = 7;

/** The least CPU time of one call among some rounds, in microseconds. */
async function leastUs(calls, call) {
  let least = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    await call(calls);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / calls);
  }
  return least;
}

const each = (work) => async (calls) => {
  for (let index = 0; index < calls; index += 1) await work(index);
};
const inARow = (work) => (calls) => {
  for (let index = 0; index < calls; index += 1) work(index);
};

/** Sixteen at a time, as an operation sends them. */
const atOnce = (work) => async (calls) => {
  let next = 0;
  const worker = async () => {
    while (next < calls) await work((next += 1));
  };
  await Promise.all(Array.from({ length: 16 }, worker));
};

async function measureGets(origin) {
  const { got } = await import('got');
  const { createClient } = await dist('upstream/client.js');
  const { Agent } = await import('node:http');
  const plain = got.extend({ prefixUrl: origin, agent: { http: new Agent({ keepAlive: true }) }, retry: { limit: 0 } });
  const client = createClient({ origin, trust: { by: 'system' }, timeoutMs: 8000, maxBodyBytes: 2 ** 25 });
  const about = { resource: 'job' };
  const path = 'v8/Jobs';
  const rows = [
    [
      'a GET by got itself',
      await leastUs(
        1500,
        atOnce((index) =>
          plain(path, {
            searchParams: { offset: '0', limit: '1' },
            headers: { authorization: `Bearer part-${index}` },
          }).json(),
        ),
      ),
    ],
    [
      'a GET by undici, with what got prepared, limit and cap',
      await leastUs(
        1500,
        atOnce((index) =>
          client.exchange({ path, query: { offset: '0', limit: '1' }, headers: {}, token: `part-${index}`, about }),
        ),
      ),
    ],
  ];
  client.close();
  return rows;
}

const QUERY = `query Q {
  jobSessions(first: 50) { nodes { id status creationTime endTime statistics { processingRateBytesPerSecond bottleneck } job { id name } } }
}`;

async function measureExecution() {
  const { execute, parse } = requireOfGateway('graphql'); // the contestants' own is another one
  const { buildSchema } = await dist('graph/schema.js');
  const { createExecutor } = await dist('graph/executor.js');
  const { emptyAnswer, readField } = await dist('graph/answerSize.js');
  const { listOf } = await dist('graph/connection.js');
  const statistics = { processingRateBytesPerSecond: 1, bottleneck: 'SOURCE' };
  const moment = '2017-04-04T07:07:21.3994255Z';
  const session = {
    id: ID,
    status: 'SUCCESS',
    creationTime: moment,
    endTime: moment,
    statistics,
    jobId: ID,
    type: 'BACKUP',
  };
  const rows = Array.from({ length: 50 }, () => ({ ...session }));
  const job = { id: ID, name: 'job' };
  const context = {
    answerSize: { ...emptyAnswer },
    compiling: { isAllowed: true },
    loaders: {
      openSessions: async () => listOf(rows),
      relateJob: () => job,
      tell: () => undefined,
      once: (_, make) => make(), // each execution is another operation
      api: { scanLimitRows: 1000 },
    },
  };
  const schema = buildSchema();
  const document = parse(QUERY);
  const { executor } = await createExecutor(schema).load();
  const compiled = () => executor({ document, request: {}, context, metrics: {} });
  const interpreted = () => execute({ schema, document, contextValue: context, fieldResolver: readField });
  const [a, b] = [JSON.stringify(await compiled()), JSON.stringify(await compiled())];
  if (a !== b || a !== JSON.stringify(await interpreted()) || !a.includes('"name":"job"')) throw new Error('not alike');
  return [
    ['50 sessions with jobs executed by graphql-js', await leastUs(400, each(interpreted))],
    ['the same, compiled by graphql-jit, and its length looked at', await leastUs(400, each(compiled))],
  ];
}

/** An answer of 50 sessions, compressed as much as each way does. */
async function measureCompression() {
  const session = (n) => ({
    id: `${ID.slice(0, -4)}${1000 + n}`,
    status: n % 7 === 0 ? 'WARNING' : 'SUCCESS',
    creationTime: `2017-04-04T07:${10 + n}:21.${3994255 + n * 7919}Z`,
    endTime: `2017-04-04T08:${10 + (n % 50)}:36.${9857918 - n * 104729}Z`,
    statistics: { processingRateBytesPerSecond: 1_683_256 + n * 31_337, bottleneck: 'SOURCE' },
    job: { id: ID, name: `Job ${n % 9}` },
  });
  const nodes = Array.from({ length: 50 }, (_, n) => session(n));
  const answer = Buffer.from(JSON.stringify({ data: { jobSessions: { nodes } } }));
  const brotli = (quality) => () =>
    brotliCompressSync(answer, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
  const gzip = (level) => () => gzipSync(answer, { level });
  const ways = {
    'br 1': brotli(1),
    'br 2': brotli(2),
    'br 4': brotli(4),
    'gzip 1': gzip(1),
    'gzip 2': gzip(2),
    'gzip 6': gzip(6),
  };
  const rows = [];
  for (const [name, way] of Object.entries(ways)) {
    rows.push([`${answer.length} bytes by ${name} to ${way().length}`, await leastUs(300, inARow(way))]);
  }
  return rows;
}

async function measureRecords() {
  const { toUtc } = await dist('upstream/moment.js');
  const byCalendar = (text) => new Date(text).toISOString();
  const [utc, ahead] = ['2017-04-04T07:07:21.3994255Z', '2017-04-04T09:07:21.3994255+02:00'];
  return [
    [
      'a moment by Date',
      await leastUs(
        50_000,
        inARow(() => byCalendar(utc)),
      ),
    ],
    [
      'a moment in UTC by its digits',
      await leastUs(
        50_000,
        inARow(() => toUtc(utc)),
      ),
    ],
    [
      'a moment at an offset by its digits',
      await leastUs(
        50_000,
        inARow(() => toUtc(ahead)),
      ),
    ],
  ];
}

async function measure(origin) {
  const rows = [
    ...(await measureGets(origin)),
    ...(await measureExecution()),
    ...(await measureRecords()),
    ...(await measureCompression()),
  ];
  console.log(`Node ${process.version}, CPU µs each, the least of ${ROUNDS} rounds\n\n| part | µs |\n| --- | ---: |`);
  for (const [name, us] of rows) console.log(`| ${name} | ${us.toFixed(us < 10 ? 2 : 0)} |`);
}

if (values.upstream === undefined) {
  const args = [new URL('upstream.mjs', import.meta.url).pathname];
  const upstream = await startProcess('upstream', { node: process.execPath, args, core: cores.load });
  const own = [new URL(import.meta.url).pathname, '--upstream', upstream.ready.origin];
  const node = nodeAt(values.node);
  const command = cores.server === undefined ? [node, ...own] : ['taskset', '-c', String(cores.server), node, ...own];
  process.exitCode = spawnSync(command[0], command.slice(1), { stdio: 'inherit' }).status ?? 1;
  await endAll();
} else {
  await measure(values.upstream);
  process.exit();
}
