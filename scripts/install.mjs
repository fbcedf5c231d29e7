// Finds programs that tests run, and installs Debian's packages of those that are not there.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const { env, platform } = process;
const MAX_START_MS = 20_000;
const MAX_INSTALL_MS = 300_000;
const MAX_SHOWN_CHARACTERS = 200;

export const tell = (text) => process.stderr.write(`${text}\n`);

/** Where programs of these names would be, in the folders of PATH and in others. */
export const inPath = (names, ...moreFolders) =>
  names.flatMap((name) =>
    [...(env.PATH ?? '').split(delimiter), ...moreFolders].map((folder) => join(folder || '.', name)),
  );

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The line in which the program at a path says its name and version, as `pattern` knows it; null where none is, it does not
 * start (a library is missing, say), or is another program than `kind`.
 */
export function askVersion(path, flag, pattern, kind) {
  if (!isExecutable(path)) return null;
  const { status, stdout, stderr, error } = spawnSync(path, [flag], { encoding: 'utf8', timeout: MAX_START_MS });
  if (status !== 0) {
    tell(`${path} does not start: ${error?.message ?? (stderr.trim() || `code ${status}`)}`);
    return null;
  }
  // nginx says it on stderr.
  const line = `${stdout}\n${stderr}`.split('\n').find((text) => pattern.test(text));
  if (line !== undefined) return line.trim();
  tell(
    `${path} is no ${kind}: asked for its version, it said ${JSON.stringify(stdout.trim().slice(0, MAX_SHOWN_CHARACTERS))}`,
  );
  return null;
}

/** Runs a command, with what it prints on stderr; true when it ended well and in time. It has no terminal to ask at. */
export function run(command, args, more = {}) {
  tell(`$ ${[command, ...args].join(' ')}`);
  return new Promise((resolve) => {
    // In a group of its own, so that what it starts in turn ends with it.
    const child = spawn(command, args, {
      stdio: ['ignore', 2, 2],
      env: { ...env, ...more },
      detached: platform !== 'win32',
    });
    const late = setTimeout(() => {
      tell(`${command} takes longer than ${MAX_INSTALL_MS / 1000} seconds, and is ended`);
      try {
        if (platform === 'win32') child.kill();
        else process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        // What sudo started is root's. It is not waited for.
        tell(`It goes on by itself: ${error.message}`);
        child.unref();
        end(false);
      }
    }, MAX_INSTALL_MS);
    const end = (isDone) => {
      clearTimeout(late);
      resolve(isDone);
    };
    child.once('error', ({ message }) => {
      tell(message);
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

/**
 * What stands before a command that only root may run: nothing for root itself; sudo on a machine of CI that asks for no
 * password. Null elsewhere: a developer's machine is theirs to change.
 */
function prefixForRoot() {
  if (process.getuid?.() === 0) return [];
  if (env.CI !== 'true') return null;
  return spawnSync('sudo', ['-n', 'true'], { timeout: MAX_START_MS }).status === 0 ? ['sudo', '-n'] : null;
}

/** Installs packages of Debian, or of what comes of it. No service is started. */
export async function installDebians(...packages) {
  const prefix = prefixForRoot();
  if (prefix === null) {
    tell('Not root, so nothing is installed with apt-get.');
    return;
  }
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];
  const quiet = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  // sudo hands no variables on: there `env` sets them.
  const viaEnv = prefix.length > 0 ? ['env', ...Object.entries(quiet).map(([name, value]) => `${name}=${value}`)] : [];
  const [command, ...before] = [...prefix, ...viaEnv, 'apt-get'];
  const aptGet = (...args) => run(command, [...before, ...options, ...args], quiet);
  await aptGet('update'); // where it fails, the lists that are there may do
  await aptGet('install', '--yes', '--no-install-recommends', ...packages);
}
