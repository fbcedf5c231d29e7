import { createClient, RESP_TYPES } from '@redis/client';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One thing that is in Redis: a field of a hash, or a key by itself. */
export type Kept = Readonly<{ key: string; field: string | null; value: Buffer; leftMs: number }>;

/** The real server, on a free port, with nothing on disk. */
export type RedisServer = Readonly<{
  port: number;
  url: string;
  start: () => Promise<void>;
  /** Ends it at once, as a crash does. */
  kill: () => Promise<void>;
  /** It takes connections and commands, and does nothing. */
  pause: () => void;
  resume: () => void;
  /** Sends a command by a connection of the test's own. */
  send: (...command: (string | Buffer)[]) => Promise<unknown>;
  dump: () => Promise<Kept[]>;
  close: () => Promise<void>;
}>;

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function findServer(): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/servers.mjs', 'redis-server'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** A server that is not started yet. */
export async function prepareRedis(args: readonly string[] = []): Promise<RedisServer> {
  const path = findServer();
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'redis-'));
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory];
    const started = spawn(path, [...own, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    let told = '';
    await new Promise<void>((resolve, reject) => {
      started.stdout.setEncoding('utf8').on('data', (text: string) => {
        told += text;
        if (told.includes('Ready to accept connections')) resolve();
      });
      started.once('exit', () => {
        reject(new Error(told));
      });
    });
  }

  async function kill(): Promise<void> {
    const killed = child;
    child = null;
    if (killed === null) return;
    const ended = new Promise((resolve) => killed.once('exit', resolve));
    killed.kill('SIGKILL');
    await ended;
  }

  async function send(...command: (string | Buffer)[]): Promise<unknown> {
    const client = createClient({ url, commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } });
    client.on('error', () => undefined); // `connect` rejects as well
    await client.connect();
    try {
      return await client.sendCommand(command);
    } finally {
      client.destroy();
    }
  }

  const list = (value: unknown): Buffer[] => (value as unknown[]).map((one) => one as Buffer);

  return {
    port,
    url,
    start,
    kill,
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    send,
    dump: async () => {
      const kept: Kept[] = [];
      for (const key of list(await send('KEYS', '*')).map(String)) {
        const leftMs = Number(await send('PTTL', key));
        if (String(await send('TYPE', key)) !== 'hash') {
          kept.push({ key, field: null, value: (await send('GET', key)) as Buffer, leftMs });
          continue;
        }
        for (const field of list(await send('HKEYS', key)).map(String))
          kept.push({ key, field, value: (await send('HGET', key, field)) as Buffer, leftMs });
      }
      return kept;
    },
    close: async () => {
      await kill();
      rmSync(directory, { recursive: true });
    },
  };
}

export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  const redis = await prepareRedis(args);
  await redis.start();
  return redis;
}
