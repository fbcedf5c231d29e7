import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `scripts/servers.mjs` on machines without servers: nothing is in PATH but what a test puts there, nothing is downloaded. */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'servers-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A folder with programs, each a shell script. */
function folderWith(programs: Record<string, string>): string {
  const path = mkdtempSync(join(folder, 'path-'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
  }
  return path;
}

/** As on a Linux whose folder of servers is empty. */
const bare = `data:text/javascript,${encodeURIComponent(
  'import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module"; const { accessSync } = fs; fs.accessSync = (path, mode) => { if (path.startsWith("/usr/")) throw new Error(path); accessSync(path, mode); }; syncBuiltinESMExports(); Object.defineProperty(process, "platform", { value: "linux" });',
)}`;

/** As for somebody who is not root. */
const withoutRoot = 'data:text/javascript,process.getuid=()=>1000';

function run(args: string[], env: Record<string, string>, ...imports: string[]) {
  const flags = [bare, ...imports].flatMap((source) => ['--import', source]);
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, 'scripts/servers.mjs', ...args], {
    encoding: 'utf8',
    env: { HOME: folder, PATH: folder, ...env },
  });
  return { status, stdout, stderr };
}

const REDIS = 'echo Redis server v=7.0.15 sha=0';
const isRoot = process.getuid?.() === 0;

test('each that is in PATH is found, and told in the order asked for', () => {
  const path = folderWith({
    'redis-server': REDIS,
    promtool: 'echo "promtool, version 2.42.0"; echo more',
    nginx: 'echo nginx version: nginx/1.22.1 >&2',
  });
  const { status, stdout, stderr } = run(['nginx', 'redis-server', 'promtool'], { PATH: path });
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${path}/nginx\n${path}/redis-server\n${path}/promtool\n` });
  expect(stderr).toContain(`The tests use nginx version: nginx/1.22.1, ${path}/nginx`);
});

test('a Valkey will do for a Redis', () => {
  const path = folderWith({ 'valkey-server': 'echo Valkey server v=8.0.1 sha=0' });
  expect(run(['redis-server'], { PATH: path })).toMatchObject({ status: 0, stdout: `${path}/valkey-server\n` });
});

test('what a variable names goes first, and nothing takes its place', () => {
  const path = folderWith({ 'redis-server': REDIS, mine: REDIS });
  const named = (value: string) => ({ PATH: path, REDIS_SERVER_PATH: value });
  expect(run(['redis-server'], named(join(path, 'mine'))).stdout).toBe(`${path}/mine\n`);
  expect(run(['--install', 'redis-server'], named('/no/redis'))).toEqual({
    status: 1,
    stdout: '',
    stderr: 'REDIS_SERVER_PATH names /no/redis, which is no redis-server that starts. Name another, or unset it.\n',
  });
});

test('one that does not start, or is another program, is told of, and is none', () => {
  const path = folderWith({ 'redis-server': 'echo no library >&2; exit 127', promtool: 'echo something else' });
  const { status, stdout, stderr } = run(['redis-server', 'promtool'], { PATH: path });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('/redis-server does not start: no library');
  expect(stderr).toContain('/promtool is no promtool: asked for its version, it said "something else"');
  expect(stderr).toMatch(
    /No redis-server was found\. .*apt-get install redis-server; on macOS: brew install redis.*REDIS_SERVER_PATH/,
  );
});

test('root installs the packages of those that are missing, and starts no service', () => {
  const path = folderWith({
    'redis-server': REDIS,
    'apt-get': `echo "$DEBIAN_FRONTEND $RUNLEVEL $@" >> "$HOME/asked"
case "$*" in *" install "*) for name in prometheus promtool; do /bin/cp "$HOME/$name" "\${0%/*}/$name"; done ;; esac`,
  });
  for (const name of ['prometheus', 'promtool'])
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${name}, version 2.42.0"\n`, { mode: 0o755 });
  const { status, stdout, stderr } = run(['--install', 'redis-server', 'promtool', 'prometheus'], { PATH: path });
  if (!isRoot) {
    expect({ status, stdout }).toEqual({ status: 1, stdout: `${path}/redis-server\n` });
    expect(stderr).toContain('Not root, so nothing is installed with apt-get.');
    return;
  }
  expect({ status, stdout }).toEqual({
    status: 0,
    stdout: `${path}/redis-server\n${path}/promtool\n${path}/prometheus\n`,
  });
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toMatch(
    /^noninteractive 1 .* update\nnoninteractive 1 .* install --yes --no-install-recommends prometheus\n$/,
  );
});

/** A sudo that hands no variables on but PATH and the file to write to, for whoever it asks no password. */
const SUDO = `[ "$1" = -n ] && [ "$SUDO_WANTS" != password ] || exit 1
shift
[ "$1" = true ] && exit 0
exec /usr/bin/env -i PATH="$PATH:/usr/bin" HOME="$HOME" "$@"`;
const APT_GET = 'echo "$DEBIAN_FRONTEND $RUNLEVEL $@" >> "$HOME/asked.sudo"';

test('a machine of CI, where root is to be had without a password, installs them with sudo', () => {
  const path = folderWith({ sudo: SUDO, 'apt-get': APT_GET });
  const asked = join(folder, 'asked.sudo');
  const { stderr } = run(['--install', 'redis-server', 'nginx'], { PATH: path, CI: 'true' }, withoutRoot);
  expect(stderr).toContain('$ sudo -n env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get');
  expect(readFileSync(asked, 'utf8')).toMatch(
    /^noninteractive 1 .* update\nnoninteractive 1 .* install --yes --no-install-recommends redis-server nginx-light\n$/,
  );

  rmSync(asked);
  for (const env of [{}, { CI: 'true', SUDO_WANTS: 'password' }]) {
    const { status, stderr: told } = run(['--install', 'nginx'], { PATH: path, ...env }, withoutRoot);
    expect({ status, isTouched: existsSync(asked) }).toEqual({ status: 1, isTouched: false });
    expect(told).toContain('Not root, so nothing is installed with apt-get.');
  }
});

test.each([[['mysql']], [[]]])('servers that it does not know are refused: %j', (args) => {
  const { status, stderr } = run(args, {});
  expect(status).toBe(1);
  expect(stderr).toBe(
    `Name one or more of redis-server, prometheus, promtool, nginx; got ${args.join() || 'nothing'}.\n`,
  );
});
