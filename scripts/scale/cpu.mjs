// What the machine's cores are busy with.
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, platform } from 'node:os';

/** As Linux counts in /proc. */
const TICKS_PER_SECOND = 100;

/** Seconds that the cores have been busy, with whatever it was. */
export function busySeconds() {
  return cpus().reduce((all, { times: { user, nice, sys, irq } }) => all + user + nice + sys + irq, 0) / 1000;
}

function readProcess(pid) {
  try {
    // The name stands in parentheses and may have spaces in it.
    const [, parent, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { pid, parent: Number(parent), seconds: (Number(fields[9]) + Number(fields[10])) / TICKS_PER_SECOND };
  } catch {
    return null; // it has ended meanwhile
  }
}

/** Seconds that this process and all that it has started, and that still runs, have taken; NaN where that is not Linux. */
export function ownSeconds() {
  if (platform() !== 'linux') return NaN;
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((one) => one !== null);
  const secondsBelow = (pid) =>
    all.filter(({ parent }) => parent === pid).reduce((sum, one) => sum + one.seconds + secondsBelow(one.pid), 0);
  return secondsBelow(process.pid) + (all.find(({ pid }) => pid === process.pid)?.seconds ?? 0);
}
