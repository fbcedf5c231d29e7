import { execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { freePort } from './redis.js';
import { until } from './until.js';

/** Builds the front end of docs/clients.md in an empty folder: writes its files and runs its commands, in the order of the page. */

/** Returns what a program printed. Where it failed, its error has that. */
export function run(
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

/** A block of the page: a file, or the lines of a terminal. */
export type Block = Readonly<{ path: string | null; text: string }>;

/** Reads the blocks of a page, in order. A file's first line is a comment with its path. */
export function readBlocks(page: string): Block[] {
  return [...page.matchAll(/^```(\w+)\n(?:\/\/ (\S+)\n)?([^]*?)^```$/gm)].map(([, , path, text = '']) => ({
    path: path ?? null,
    text,
  }));
}

export type FrontEnd = Readonly<{
  folder: string;
  /** What each line of a terminal printed, by the line without its comment. */
  printed: ReadonlyMap<string, string>;
  close: () => void;
}>;

const GATEWAY_URL = 'http://127.0.0.1:4000';

/** Unpacks the gateway's package as a registry would give it, with this project's packages beside it. */
async function unpackGateway(directory: string): Promise<string> {
  const stdout = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory]);
  const [{ filename } = { filename: '' }] = JSON.parse(stdout) as { filename: string }[];
  const folder = join(directory, 'gateway');
  mkdirSync(folder);
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  await run('tar', ['-xzf', join(directory, filename), '--strip-components=1', '-C', folder]);
  chmodSync(join(folder, 'dist/main.js'), 0o755); // as npm does when it installs a program
  return folder;
}

/** Runs the page's blocks against a gateway at `url`; a gateway that the page itself starts takes its place from there on. */
export async function buildFrontEnd(blocks: readonly Block[], url: string): Promise<FrontEnd> {
  const directory = mkdtempSync(join(tmpdir(), 'installed-'));
  const folder = mkdtempSync(join(tmpdir(), 'front-end-'));
  const gateway = await unpackGateway(directory);
  const { PATH = '', HOME = '' } = process.env;
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  const npm = (await run('sh', ['-c', 'command -v npm'])).trim();
  const link = `exec "${process.execPath}" "${resolve('test/helpers/linkPackages.mjs')}" --gateway "${gateway}" "$@"`;
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\n[ "$1" = install ] || exec "${npm}" "$@"\nshift\n${link}\n`);
  chmodSync(join(bin, 'npm'), 0o755);
  const env = { PATH: `${bin}:${PATH}`, HOME, NODE_NO_WARNINGS: '1', npm_config_offline: 'true' };
  const printed = new Map<string, string>();
  const started: number[] = [];

  async function start(line: string): Promise<string> {
    const port = await freePort();
    const settings = { ...env, PORT: String(port), LOG_LEVEL: 'silent' };
    // A group of its own, so that what npx starts ends as well.
    const { pid } = spawn('sh', ['-c', line], { cwd: folder, env: settings, detached: true, stdio: 'ignore' });
    if (pid !== undefined) started.push(pid);
    const own = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(`${own}/livez`).catch(() => null))?.ok === true);
    return own;
  }

  function close(): void {
    for (const pid of started) process.kill(-pid, 'SIGTERM');
    rmSync(folder, { recursive: true });
    rmSync(directory, { recursive: true });
  }

  let asked = url;
  try {
    for (const { path, text } of blocks) {
      if (path !== null) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text.replaceAll(GATEWAY_URL, asked));
        continue;
      }
      for (const line of text.trim().split('\n')) {
        const [command = ''] = line.split(/\s+#/);
        if (command.startsWith('curl ')) continue; // needs an id: a test runs it
        if (command.endsWith('npx backup365-gateway')) asked = await start(command);
        else printed.set(command, await run('sh', ['-c', line], { cwd: folder, env }));
      }
    }
  } catch (error) {
    close();
    throw error;
  }
  return { folder, printed, close };
}

/** Reads the page of the front ends. */
export const readPage = (): string => readFileSync('docs/clients.md', 'utf8');
