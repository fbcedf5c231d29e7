// Starts what a run needs, on loopback, and stops all of it again.
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const file = (name) => new URL(name, import.meta.url).pathname;
const START_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;

/** Where a program is that others made; the script says on stderr what to do when there is none. */
export function pathOf(name) {
  return execFileSync(process.execPath, [file('../servers.mjs'), name], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

export async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** All that was started; `stop` ends it in the reverse order, and can be called twice. */
export function createProcesses() {
  const folder = mkdtempSync(join(tmpdir(), 'scrape-'));
  const running = [];

  /** Waits until it is ready; one that ends before, or is not ready in time, is an error. */
  async function follow(name, child, isReady) {
    running.push(child);
    child.once('error', () => undefined);
    const endMs = performance.now() + START_WITHIN_MS;
    while (!(await isReady().catch(() => false))) {
      if (child.exitCode !== null) throw new Error(`${name} ended with code ${child.exitCode}`);
      if (performance.now() > endMs) throw new Error(`${name} is not ready after ${START_WITHIN_MS / 1000} seconds`);
      await wait(50);
    }
  }

  return {
    folder,
    /** A server of others, in the temporary folder. */
    start: (name, path, args, isReady) =>
      follow(name, spawn(path, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }), isReady),
    startGateway: (env, isReady) =>
      follow(
        'the gateway',
        fork(file('../../dist/main.js'), [], {
          env: { PATH: process.env.PATH, ...env },
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        }),
        isReady,
      ),
    stop: async () => {
      for (const child of running.splice(0).reverse()) {
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
        const isOver = once(child, 'exit');
        child.kill('SIGTERM');
        await Promise.race([isOver, wait(STOP_WITHIN_MS, undefined, { ref: false })]);
        child.kill('SIGKILL');
        await isOver;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
