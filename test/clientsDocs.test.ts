import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { SeenRequest } from '../src/simulator/index.js';
import { buildFrontEnd, readBlocks, readPage, run, type FrontEnd } from './helpers/frontEnd.js';
import { startGateway, type Gateway } from './helpers/gateway.js';
import { queryHalves } from './helpers/halves.js';

/** docs/clients.md, taken by its word: its files and commands become a front end in an empty folder. */

const LONG_MS = 300_000; // eight tools, each a process of its own, on machines that may be busy

const text = readPage();
const blocks = readBlocks(text);

let gateway: Gateway;
let frontEnd: FrontEnd;
let app = '';

beforeAll(async () => {
  gateway = await startGateway();
  gateway.simulator.tokens.issue({ accessToken: 'demo-token' });
  frontEnd = await buildFrontEnd(blocks, gateway.url);
  app = frontEnd.folder;
  // The same with the backup server in place of the demo token.
  cpSync(join(app, 'out'), join(app, 'open'), { recursive: true });
  const path = join(app, 'open/src/fetchWithToken.js');
  const code = readFileSync(path, 'utf8').replace(
    `TOKEN_URL = ''`,
    `TOKEN_URL = '${gateway.simulator.origin}/v8/token'`,
  );
  writeFileSync(path, code);
}, LONG_MS);

afterAll(async () => {
  frontEnd.close();
  await gateway.close();
});

async function show(file: string): Promise<string[]> {
  const { PATH = '' } = process.env;
  // The demo server's certificate is its own.
  const env = { PATH, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' };
  const stdout = await run(process.execPath, [join(app, file)], { env });
  return stdout.trim().split('\n');
}

const tokensAsked = (): number => gateway.simulator.requests.filter(({ path }) => path === 'token').length;

async function expectedRows(count: number): Promise<string[]> {
  const { data } = await gateway.ask(
    `{ jobSessions(first: ${count}, filter: { statuses: [FAILED, WARNING] }) { nodes { id status job { name } } } }`,
  );
  const nodes = data.jobSessions.nodes as { id: string; status: string; job: { name: string } }[];
  return nodes.map(({ id, status, job }) => `${id} ${status} ${job.name}`);
}

test('the page has the files and commands that are run here', () => {
  expect(blocks.flatMap(({ path }) => path ?? [])).toEqual([
    'codegen.ts',
    'tsconfig.json',
    'src/documents.ts',
    'src/fetchWithToken.ts',
    'src/explain.ts',
    'src/apollo.ts',
    'src/showWithApollo.ts',
    'src/urql.ts',
    'src/showWithUrql.ts',
    'src/normalizedCache.ts',
    'src/followLog.ts',
    'src/readLog.ts',
    'src/trusted.ts',
    'src/showTrusted.ts',
  ]);
  expect(text.match(/^```\w/gm)).toHaveLength(blocks.length);
});

test.each(['Apollo', 'Urql'])('the page as it is written shows three pages with %s', async (client) => {
  const stdout = frontEnd.printed.get(`npx tsc && node out/src/showWith${client}.js`);
  expect(stdout?.trim().split('\n')).toEqual(await expectedRows(15));
});

test('the page as it is written shows a page by each client of a gateway that runs trusted documents alone', () => {
  expect(frontEnd.printed.get('npx tsc && node out/src/showTrusted.js')).toBe('5 5\n');
});

test('the installed package gives its schemas, and hides the rest', async () => {
  const resolveAll = `
    import { createRequire } from 'node:module';
    const { resolve } = createRequire(import.meta.url);
    const find = (how, name) => { try { return how('backup365-gateway/' + name); } catch ({ code }) { return code; } };
    const names = ['schema.graphql', 'api.graphql', 'package.json', 'dist/main.js'];
    console.log(JSON.stringify(names.flatMap((name) => [find(import.meta.resolve, name), find(resolve, name)])));`;
  writeFileSync(join(app, 'resolveAll.js'), resolveAll);
  const installed = realpathSync(join(app, 'node_modules/backup365-gateway'));
  const path = (name: string): string => join(installed, name);
  expect(JSON.parse(await run(process.execPath, ['resolveAll.js'], { cwd: app }))).toEqual([
    pathToFileURL(path('schema.graphql')).href,
    path('schema.graphql'),
    pathToFileURL(path('api.graphql')).href,
    path('api.graphql'),
    pathToFileURL(path('package.json')).href,
    path('package.json'),
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  ]);
  for (const name of ['schema.graphql', 'api.graphql'])
    expect(readFileSync(path(name), 'utf8')).toBe(readFileSync(name, 'utf8'));
});

test.each(['showWithApollo', 'showWithUrql'])('%s shows three pages', async (name) => {
  expect(await show(`open/src/${name}.js`)).toEqual(await expectedRows(15));
});

test.each(['showWithApollo', 'showWithUrql'])('%s gets a new token when one is refused', async (name) => {
  const rows = await expectedRows(15);
  gateway.simulator.forgetRequests();
  gateway.simulator.misbehave(({ path }) => path === 'JobSessions', { status: 401 }, 1);
  expect(await show(`open/src/${name}.js`)).toEqual(rows);
  expect(tokensAsked()).toBe(2);
});

test.each(['showWithApollo', 'showWithUrql'])(
  '%s says so when new ones are refused as well, and gives up',
  async (name) => {
    gateway.simulator.forgetRequests();
    const callOff = gateway.simulator.misbehave(({ path }) => path === 'JobSessions', { status: 401 });
    const lines = await show(`open/src/${name}.js`);
    callOff();
    expect(lines).toEqual(['please sign in again']);
    expect(tokensAsked()).toBe(2);
  },
);

describe('what a cache warns of when two queries ask for one half each of all there is', () => {
  const halves = queryHalves();
  async function warningsOf(name: string): Promise<string> {
    const [program, queries, said] = ['out/src/askHalves.js', 'halves.json', 'said.txt'].map((file) => join(app, file));
    cpSync('test/helpers/askHalves.mjs', String(program));
    writeFileSync(String(queries), JSON.stringify(halves));
    const line = `"$0" --conditions=development "${program}" "${name}" "${gateway.url}" "${queries}" 2> "${said}"`;
    expect(await run('sh', ['-c', line, process.execPath])).toBe(`${halves.length}\n`);
    return readFileSync(String(said), 'utf8');
  }

  test.each(['Apollo Client', 'graphcache'])("is nothing, with the page's cache of %s", async (name) => {
    expect(await warningsOf(name)).toBe('');
  });

  test.each(['Apollo Client with a plain cache', 'graphcache without keys'])(
    'are the types without an id, with %s',
    async (name) => {
      const warnings = await warningsOf(name);
      for (const type of ['Statistics', 'SchedulePolicy', 'BackupServer']) expect(warnings).toContain(type);
    },
  );
});

describe('readLog', () => {
  type Line = { sequenceNumber: number; message: string };
  type ReadLog = (gateway: string, logUrl: string, token: string, signal?: AbortSignal) => AsyncGenerator<Line>;

  const isOfLog = ({ path }: SeenRequest): boolean => path.endsWith('/LogItems');
  const logRequests = (): SeenRequest[] => gateway.simulator.requests.filter(isOfLog);
  let readLog: ReadLog;
  let logUrl: string;
  beforeAll(async () => {
    ({ readLog } = (await import(join(app, 'open/src/readLog.js'))) as { readLog: ReadLog });
    const { id } = gateway.simulator.history.insert('00b96531-1a68-4c90-a398-91141ffedb3b', 0, 20_000);
    ({ logUrl } = (await gateway.ask(`{ jobSession(id: "${id}") { logUrl } }`)).data.jobSession as { logUrl: string });
  });

  async function readAll(token = gateway.token, signal?: AbortSignal): Promise<{ lines: Line[]; error?: string }> {
    const lines: Line[] = [];
    try {
      for await (const line of readLog(gateway.url, logUrl, token, signal)) lines.push(line);
      return { lines };
    } catch (error) {
      return { lines, error: error instanceof Error ? error.message : String(error) };
    }
  }

  test('gives every line of a log once, in order', async () => {
    const { lines, error } = await readAll();
    expect(error).toBeUndefined();
    const numbers = lines.map(({ sequenceNumber }) => sequenceNumber);
    expect(numbers).toHaveLength(20_000);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(lines.every(({ message }) => message.length > 0)).toBe(true);
  });

  test('throws the code of a log that is refused, and of one that does not come whole', async () => {
    expect(await readAll('unknown')).toEqual({ lines: [], error: 'UNAUTHENTICATED' });
    const callOff = gateway.simulator.misbehave((seen) => isOfLog(seen) && Number(seen.query['offset']) > 1500, {
      status: 403,
    });
    const { lines, error } = await readAll();
    callOff();
    expect({ count: lines.length, error }).toEqual({ count: 2 * 998, error: 'FORBIDDEN' });
  });

  test('left early, or called off, ends the reading of the server', async () => {
    const callOff = gateway.simulator.misbehave(isOfLog, { delayMs: 100 });
    const stop = new AbortController();
    for (const leave of ['break', 'abort']) {
      gateway.simulator.forgetRequests();
      let error: unknown;
      try {
        for await (const line of readLog(gateway.url, logUrl, gateway.token, stop.signal)) {
          expect(line.message).toEqual(expect.any(String));
          if (leave === 'break') break;
          stop.abort();
        }
      } catch (thrown) {
        error = thrown;
      }
      expect(error === undefined).toBe(leave === 'break');
      await wait(500);
      const asked = logRequests().length;
      expect(asked).toBeLessThan(10);
      await wait(500);
      expect(logRequests()).toHaveLength(asked);
    }
    callOff();
  });

  test('and for a terminal there is a line of curl', async () => {
    const [, line = ''] = /^```sh\n(curl .*)\n```$/m.exec(text) ?? [];
    const { PATH = '' } = process.env;
    const ID = logUrl.split('/')[2] ?? '';
    const stdout = await run('sh', ['-c', line.replace('http://127.0.0.1:4000', gateway.url)], {
      env: { PATH, ID, TOKEN: gateway.token },
      maxBuffer: 16 * 1024 * 1024,
    });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(20_000);
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\S+Z \[\w+\] /);
  });
});
