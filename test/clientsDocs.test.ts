import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { readManifest } from '../src/config/manifest.js';
import type { SeenRequest } from '../src/simulator/index.js';
import { startGateway, type Gateway } from './helpers/gateway.js';

/** docs/clients.md, taken by its word: its files become a front end, which is generated, compiled and run. */

/** What a program printed; where it failed, its error has that. */
function run(
  program: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string>; maxBuffer?: number } = {},
): Promise<string> {
  return new Promise((done, fail) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error) fail(new Error(`${error.message}\n${stdout}\n${stderr}`));
      else done(stdout);
    });
  });
}

const LONG_MS = 180_000; // four tools, each a process of its own, on machines that may be busy

const text = readFileSync('docs/clients.md', 'utf8');
const files = [...text.matchAll(/^```ts\n\/\/ (\S+)\n([^]*?)^```$/gm)].map(([, path = '', code = '']) => ({
  path,
  code,
}));
const tools = {
  codegen: 'node_modules/@graphql-codegen/cli/cjs/bin.js',
  manifest: 'node_modules/@apollo/generate-persisted-query-manifest/cli.js',
  tsc: 'node_modules/typescript/bin/tsc',
};
const tsconfig = {
  compilerOptions: {
    target: 'ES2023',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    module: 'NodeNext',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    resolveJsonModule: true,
    skipLibCheck: true,
    types: ['node'],
    rootDir: '.',
    outDir: 'out',
  },
  include: ['src', 'codegen.ts', '*.json'],
};

let directory = '';
let app = '';
let gateway: Gateway;
let trusting: Gateway | undefined;

/** The package as it would be installed, unpacked where the front end finds it. */
async function installGateway(): Promise<void> {
  const stdout = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory]);
  const [{ filename } = { filename: '' }] = JSON.parse(stdout) as { filename: string }[];
  const target = join(app, 'node_modules/backup365-gateway');
  mkdirSync(target, { recursive: true });
  await run('tar', ['-xzf', join(directory, filename), '--strip-components=1', '-C', target]);
}

/** A copy of the compiled front end that asks this gateway, and its backup server for tokens. */
function pointAt({ url, simulator }: Gateway, name: string): void {
  cpSync(join(app, 'out'), join(app, name), { recursive: true });
  for (const file of readdirSync(join(app, name, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.js')) continue;
    const path = join(app, name, 'src', file);
    const code = readFileSync(path, 'utf8')
      .replaceAll('http://127.0.0.1:4000', url)
      .replaceAll('https://backup.example.com:4443', simulator.origin);
    writeFileSync(path, code);
  }
}

beforeAll(async () => {
  gateway = await startGateway();
  directory = mkdtempSync(join(tmpdir(), 'front-end-'));
  app = join(directory, 'app');
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  mkdirSync(app);
  for (const { path, code } of files) {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    writeFileSync(join(app, path), code);
  }
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify(tsconfig));
  await installGateway();
  for (const tool of [tools.codegen, tools.manifest, tools.tsc]) {
    await run(process.execPath, [resolve(tool)], { cwd: app });
  }
  const problems: string[] = [];
  const trustedDocuments = readManifest(readFileSync(join(app, 'persisted-query-manifest.json'), 'utf8'), problems);
  expect(problems).toEqual([]);
  trusting = await startGateway({ trustedDocuments });
  pointAt(gateway, 'open');
  pointAt(trusting, 'trusting');
}, LONG_MS);

afterAll(async () => {
  await gateway.close();
  await trusting?.close();
  rmSync(directory, { recursive: true });
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

test('the page has the files that are run here', () => {
  expect(files.map(({ path }) => path)).toEqual([
    'codegen.ts',
    'src/documents.ts',
    'src/fetchWithToken.ts',
    'src/explain.ts',
    'src/apollo.ts',
    'src/showWithApollo.ts',
    'src/urql.ts',
    'src/showWithUrql.ts',
    'src/readLog.ts',
    'src/trusted.ts',
    'src/showTrusted.ts',
  ]);
  expect(text.match(/^```\w/gm)).toHaveLength(files.length + 3); // and three of commands
});

test('the installed package gives its schemas, and hides the rest', async () => {
  const resolveAll = `
    import { createRequire } from 'node:module';
    const { resolve } = createRequire(import.meta.url);
    const find = (how, name) => { try { return how('backup365-gateway/' + name); } catch ({ code }) { return code; } };
    const names = ['schema.graphql', 'api.graphql', 'package.json', 'dist/main.js'];
    console.log(JSON.stringify(names.flatMap((name) => [find(import.meta.resolve, name), find(resolve, name)])));`;
  writeFileSync(join(app, 'resolveAll.js'), resolveAll);
  const installed = join(realpathSync(app), 'node_modules/backup365-gateway');
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

test('showTrusted shows a page by each client where nothing else is run', async () => {
  expect(await show('trusting/src/showTrusted.js')).toEqual(['5 5']);
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
