import { afterEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The built program, as a person starts it. `npm test` builds it first. */

type Ended = { code: number | null; stdout: string; stderr: string };
type Running = { child: ChildProcess; until: (pattern: RegExp) => Promise<RegExpExecArray>; ended: Promise<Ended> };

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(args: string[], env: Record<string, string> = {}): Running {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['dist/main.js', ...args], { env: { PATH, ...env } });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout);
          if (match) resolve(match);
        };
        child.stdout.on('data', look);
        look();
        void ended.then(() => {
          reject(new Error(`ended before ${String(pattern)}:\n${stdout}${stderr}`));
        });
      }),
  };
}

test('--help and --version', async () => {
  const help = await start(['--help']).ended;
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('BACKUP_SERVER_URL');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await start(['-v']).ended).toMatchObject({ code: 0, stdout: `${version}\n` });
});

test('a configuration that cannot be used ends it at once, with every reason', async () => {
  const { code, stderr, stdout } = await start([], { NODE_ENV: 'production', PORT: 'x' }).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('BACKUP_SERVER_URL must be set');
  expect(stderr).toContain('PORT must be');
});

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('ends it with code 0, after the line to paste was good for an answer', async () => {
    const running = start(['--port', '0']);
    const [, url = '', token = ''] = await running.until(/curl -s (\S+)\/graphql .*Bearer (\S+)'/);
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ jobSession(id: "be376069-2865-4156-a9bc-825cef7d687e") { job { name } } }' }),
    });
    expect(await response.json()).toEqual({ data: { jobSession: { job: { name: 'test_job' } } } });
    running.child.kill(signal);
    expect((await running.ended).code).toBe(0);
  });
});

test('the embedded server in production is asked for by name; verification that is off is loud', async () => {
  const running = start(['--port', '0'], { NODE_ENV: 'production', BACKUP_SERVER_URL: 'embedded' });
  await running.until(/embedded demo server/);
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
  const loud = start(['--port', '0'], { BACKUP_SERVER_URL: 'https://127.0.0.1:1', BACKUP_SERVER_TLS_VERIFY: 'off' });
  await loud.until(/"level":40.*ANY certificate is accepted[^]*listening/);
  loud.child.kill('SIGTERM');
  expect((await loud.ended).code).toBe(0);
});

test('a port that is taken is told', async () => {
  const first = start(['--port', '0']);
  const [, port = ''] = await first.until(/curl -s http:\/\/127\.0\.0\.1:(\d+)\//);
  const second = await start(['--port', port]).ended;
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('EADDRINUSE');
  first.child.kill('SIGTERM');
  await first.ended;
});

test('the demo server alone hands out tokens', async () => {
  const running = start(['simulator', '--port', '0']);
  const [, origin = ''] = await running.until(/listens at (https:\/\/127\.0\.0\.1:\d+)/);
  await running.until(/\/v8\/token/);
  const gateway = start(['--port', '0'], {
    BACKUP_SERVER_URL: origin,
    BACKUP_SERVER_FINGERPRINT: (await running.until(/\n((?:[0-9A-F]{2}:){31}[0-9A-F]{2})\n/))[1] ?? '',
  });
  await gateway.until(/listening/);
  gateway.child.kill('SIGTERM');
  expect((await gateway.ended).code).toBe(0);
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
});
