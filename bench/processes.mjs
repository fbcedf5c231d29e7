// Child processes, each on a core of its own, that never outlive the one that started them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const START_LIMIT_MS = 30_000;
const ANSWER_LIMIT_MS = 10_000;
const KEPT_OUTPUT = 4000;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** The first two cores that this process may use; none where it has one alone, or the system has no `taskset`. */
function usableCores() {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const cores = list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
  return hasTaskset && cores.length > 1 ? cores.slice(0, 2) : [];
}

/** `server` is for what is measured, `load` for all the rest; both are undefined where processes cannot be pinned. */
export const cores = (() => {
  const [server, load] = usableCores();
  return { server, load };
})();

/** Moves this process, all its threads, to the core of the load. */
export function pinThisProcess() {
  if (cores.load !== undefined) spawnSync('taskset', ['-acp', String(cores.load), String(process.pid)]);
}

export async function within(limitMs, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${limitMs / 1000} s.`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Starts `node` with `args` and waits until it is ready: until it prints what `readyPattern` matches, or, without one,
 * until its first message. `env` is its whole environment, so that no setting of the caller's gets in.
 */
export async function startProcess(name, { node, args, env, core, readyPattern, cwd }) {
  const command = core === undefined ? [node, ...args] : ['taskset', '-c', String(core), node, ...args];
  const child = spawn(command[0], command.slice(1), {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));

  let output = '';
  const printed = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        output = (output + chunk).slice(-KEPT_OUTPUT);
        const match = readyPattern?.exec(output);
        if (match) resolve(match);
      });
    }
  });
  const ended = new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${name} ended (${code ?? signal}).\n${output}`)));
  });
  ended.catch(() => undefined);
  const message = () => Promise.race([once(child, 'message').then(([content]) => content), ended]);
  const ready = readyPattern ? Promise.race([printed, ended]) : message();

  return {
    name,
    pid: child.pid,
    ready: await within(START_LIMIT_MS, ready, `The start of ${name}`),
    /** Rejects when the process ends, with the last that it printed. */
    ended,
    ask: (question) => {
      const answer = within(ANSWER_LIMIT_MS, message(), `An answer of ${name}`);
      child.send(question);
      return answer;
    },
    end: async () => {
      if (!running.has(child)) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

export async function endAll() {
  await Promise.all(
    [...running].map((child) => {
      child.kill('SIGKILL');
      return once(child, 'exit');
    }),
  );
}
