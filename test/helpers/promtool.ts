import { execFileSync, spawnSync } from 'node:child_process';

let path: string | undefined;

/** Where Prometheus' own tool is. The script says what to do when there is none. */
function findPath(): string {
  path ??= execFileSync(process.execPath, ['scripts/servers.mjs', 'promtool'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
  return path;
}

/** Runs it, with a text to read where one is given: its code, and all that it said. */
export function promtool(args: readonly string[], input = ''): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(findPath(), args, { encoding: 'utf8', input });
  return { code: status, output: stdout + stderr };
}
