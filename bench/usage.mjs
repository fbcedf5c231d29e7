// What a process uses, from /proc: of all its threads, also those that collect garbage or compile.
import { readFileSync, readdirSync } from 'node:fs';

/** CPU time so far, user and system, in nanosecond steps (`/proc/<pid>/stat` has steps of 10 ms). */
export function cpuMsOf(pid) {
  let totalNs = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    totalNs += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return totalNs / 1e6;
}

function memoryMBOf(pid, field) {
  const match = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (Number(match[1]) * 1024) / 1e6;
}

export const rssMBOf = (pid) => memoryMBOf(pid, 'VmRSS');
export const peakRssMBOf = (pid) => memoryMBOf(pid, 'VmHWM');
