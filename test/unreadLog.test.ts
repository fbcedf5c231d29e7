import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from './helpers/until.js';

/** The built program while nobody reads its log, or its disk is full. `npm test` builds it first. */

const LIMIT_MS = 120_000;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function spawnNode(args: string[], env: Record<string, string>, stdout: 'pipe' | number): ChildProcess {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, args, { env: { PATH, ...env }, stdio: ['ignore', stdout, 'inherit'] });
  children.push(child);
  return child;
}

type Line = { level: number; msg: string; dropped?: number };

/** Reads what the child has written so far and will write, as lines of JSON. Throws where one was cut, or ran into another. */
async function readLines({ stdout }: ChildProcess): Promise<Line[]> {
  let text = '';
  stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  if (stdout) await once(stdout, 'end');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') || line.includes('"level"'))
    .map((line) => JSON.parse(line) as Line);
}

/** Starts the gateway on ports that are free, and waits until it answers, as nobody reads its log for them. */
async function startGateway(env: Record<string, string>, stdout: 'pipe' | number) {
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  const settings = { NODE_ENV: 'production', BACKUP_SERVER_URL: 'embedded', LOG_LEVEL: 'debug' };
  const child = spawnNode(
    ['dist/main.js', '--port', String(port)],
    { ...settings, METRICS_PORT: String(metricsPort), ...env },
    stdout,
  );
  const exit = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const ask = async (): Promise<number> => {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer demo-token' };
    // The level debug has a line for each request to the backup server: here fifty, for sessions that do not exist.
    const fields = Array.from({ length: 50 }, (_, index) => `a${index}: jobSession(id: "${randomUUID()}") { id }`);
    const body = JSON.stringify({ query: `{ ${fields.join(' ')} }` });
    const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body });
    await answer.text();
    return answer.status;
  };
  const droppedLines = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return Number(/^backup365_log_lines_dropped_total (\d+)$/m.exec(text)?.[1]);
  };
  /** Asks until many lines were dropped. All of it is answered. */
  const fill = async (): Promise<void> => {
    for (let asked = 0; (await droppedLines()) < 200; asked += 1) {
      expect(await ask()).toBe(200);
      expect(asked).toBeLessThan(500);
    }
  };
  return { child, exit, ask, droppedLines, fill };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test(
  'answers callers while nobody reads the log, and counts each line that it drops',
  async () => {
    const { child, exit, ask, droppedLines, fill } = await startGateway({}, 'pipe');
    await fill();
    const reading = readLines(child);
    await until(async () => {
      const before = await droppedLines();
      await ask();
      await wait(250);
      return (await droppedLines()) === before;
    });
    const dropped = await droppedLines();
    child.kill('SIGTERM');
    const [lines, [code]] = await Promise.all([reading, exit]);
    expect(code).toBe(0);
    const notices = lines.filter(({ msg }) => msg === 'log lines dropped');
    expect(notices.length).toBeGreaterThan(0);
    expect(notices.every(({ level }) => level === 40)).toBe(true);
    expect(notices.reduce((sum, notice) => sum + (notice.dropped ?? 0), 0)).toBe(dropped);
    expect(lines.filter(({ msg }) => msg === 'closing')).toHaveLength(1);
  },
  LIMIT_MS,
);

test(
  'answers callers while nobody reads lines that are for people',
  async () => {
    const { child, exit, fill } = await startGateway({ LOG_FORMAT: 'pretty' }, 'pipe');
    await fill();
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  },
  LIMIT_MS,
);

test(
  'answers callers while the disk of the log is full, and ends with code 0',
  async () => {
    const full = openSync('/dev/full', 'w');
    const { child, exit, fill } = await startGateway({}, full);
    closeSync(full);
    await fill();
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  },
  LIMIT_MS,
);

describe('at its end, the log', () => {
  const LINES = 20_000;
  /** Writes more lines than a pipe and the log hold, then a last one, and ends the process. */
  const script = `
    import { openLog } from '${resolve('dist/log.js')}';
    process.stdout.on('error', () => undefined);
    const file = openLog();
    process.on('exit', () => file.flushSync());
    const msg = 'x'.repeat(100);
    for (let count = 0; count < ${LINES}; count += 1) file.write(JSON.stringify({ level: 30, count, msg }) + '\\n');
    file.write('{"level":60,"msg":"last"}\\n');
    process.exit(0);
  `;
  const end = () => spawnNode(['--input-type=module', '--eval', script], {}, 'pipe');

  test('is written up to its last line, and no line is cut, for a reader that is behind', async () => {
    // A pipe, as a container's log is one: what Node.js gives a child is a socket, which takes a text whole or not at all.
    const command = `"${process.execPath}" --input-type=module --eval "$SCRIPT" | { dd bs=1 count=1 status=none; sleep 0.1; cat; }`;
    const child = spawn('sh', ['-c', command], {
      env: { ...process.env, SCRIPT: script },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = await readLines(child);
    expect(lines.filter(({ msg }) => msg === 'last')).toHaveLength(1);
    const dropped = lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0);
    expect(dropped).toBeGreaterThan(0);
    expect(dropped + lines.filter(({ level }) => level === 30).length).toBe(LINES);
  });

  test('is not waited for when nobody reads it', async () => {
    expect((await once(end(), 'exit'))[0]).toBe(0);
  });
});
