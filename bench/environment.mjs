// Where and with what a run was made, so that two can be compared.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { basename } from 'node:path';
import { cores } from './processes.mjs';

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

/** The commit, where this is a clone and git is there. */
function commit() {
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim();
  } catch {
    return 'no commit';
  }
}

export const nodeVersion = (node) => execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();

export function describeEnvironment(node) {
  const { version } = read('../package.json');
  return {
    date: new Date().toISOString(),
    machine: `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.cpus().length} cores, ${os.type()} ${os.release()}`,
    pinning:
      cores.server === undefined
        ? 'no process is pinned to a core'
        : `the server measured on core ${cores.server}, upstream and load on core ${cores.load}`,
    'Node of the servers': nodeVersion(node),
    'Node of upstream and load': process.version,
    gateway: `${version} (${commit()})`,
    libraries: Object.entries(read('package.json').dependencies)
      .map(([name, its]) => `${name} ${its}`)
      .join(', '),
    command: ['node', `bench/${basename(process.argv[1])}`, ...process.argv.slice(2)].join(' '),
  };
}
