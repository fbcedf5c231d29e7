// One program of the topology, which can be ended and started anew.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const START_WITHIN_MS = 30_000;
const END_WITHIN_MS = 12_000;
const LOOK_EVERY_MS = 25;

/** Waits until something holds; false when it does not in time. What is asked may fail meanwhile. */
export async function until(holds, withinMs) {
  const endMs = performance.now() + withinMs;
  while (!(await Promise.resolve(holds()).catch(() => false))) {
    if (performance.now() > endMs) return false;
    await wait(LOOK_EVERY_MS);
  }
  return true;
}

/** What it prints is added to a file. `onCrash` is told when it ends by itself; once it may not start, nothing is started. */
export function createProgram(name, { path, args, env = {}, logFile, isReady, mayStart, onCrash }) {
  let child = null;
  let isEnding = false;

  return {
    name,
    pid: () => child?.pid,
    /** Is done when it is ready. */
    start: async () => {
      if (!mayStart()) throw new Error(`${name} is not started: all is being stopped`);
      const output = openSync(logFile, 'a');
      const started = spawn(path, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', output, output] });
      closeSync(output);
      child = started;
      isEnding = false;
      let failure = null;
      started.once('error', (error) => {
        failure = error.message;
      });
      started.once('exit', (code, signal) => {
        child = null;
        if (isEnding) return;
        failure = `it ended with ${code ?? signal}`;
        onCrash(`${name} ended by itself with ${code ?? signal}`);
      });
      const isUp = await until(() => failure !== null || isReady(), START_WITHIN_MS);
      if (!isUp || failure !== null) throw new Error(`${name} did not start: ${failure ?? 'it is not ready in time'}`);
    },
    send: (signal) => child?.kill(signal),
    /** Ends it by a signal; its exit code, or null where it was killed or had to be. */
    end: async (signal, withinMs = END_WITHIN_MS) => {
      const ending = child;
      if (ending?.pid === undefined) return null;
      isEnding = true;
      const ended = once(ending, 'exit');
      ending.kill('SIGCONT'); // it may be paused
      ending.kill(signal);
      const late = setTimeout(() => ending.kill('SIGKILL'), withinMs);
      const [code] = await ended;
      clearTimeout(late);
      return code;
    },
  };
}
