import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCodes } from '../src/graph/formatError.js';
import { intake } from '../src/http/intake.js';

/** `deploy/nginx.conf` in a real nginx: what it answers in a gateway's place has the shape of a gateway's answers. */

let folder: string;
let gateway: Server;
let nginx: ChildProcess;
let port: number;

async function listen(server: TcpServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createTcpServer();
  const free = await listen(server);
  server.close();
  await once(server, 'close');
  return free;
}

async function isOpen(): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  chmodSync(folder, 0o755); // a master that is root has workers that are not
  gateway = createServer({ maxHeaderSize: intake.maxHeadBytes }, (request, response) => {
    if (request.url === '/silent') return;
    if (request.url === '/full') {
      response.writeHead(503, { 'content-type': 'application/json' }).end('{"errors":["the gateway’s own"]}');
      return;
    }
    if (request.url === '/gone') {
      request.socket.destroy();
      return;
    }
    request.resume().on('end', () => response.end(JSON.stringify(request.headers)));
  });
  const gatewayPort = await listen(gateway);
  port = await freePort();
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    readFileSync('deploy/nginx.conf', 'utf8')
      .replace(/gateway-[ab]:4000/g, `127.0.0.1:${gatewayPort}`)
      .replace('listen 4000', `listen 127.0.0.1:${port}`)
      .replace('proxy_read_timeout 15s', 'proxy_read_timeout 1s')
      .replaceAll('/tmp/', `${folder}/`)
      .replace('/dev/stdout', join(folder, 'access.log')),
  );
  const path = execFileSync(process.execPath, ['scripts/servers.mjs', 'nginx'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
  nginx = spawn(path, ['-p', folder, '-c', config, '-e', 'stderr', '-g', 'daemon off;'], { stdio: 'inherit' });
  while (nginx.exitCode === null && !(await isOpen())) await new Promise((resolve) => setTimeout(resolve, 20));
});

afterAll(async () => {
  if (nginx.exitCode === null) {
    nginx.kill('SIGTERM');
    await once(nginx, 'exit');
  }
  gateway.closeAllConnections();
  gateway.close();
  rmSync(folder, { recursive: true });
});

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`, init);

test.each<[string, string, RequestInit, number, string]>([
  [
    'a body that is too long',
    '/graphql',
    { method: 'POST', body: 'x'.repeat(intake.maxRequestBytes + 1) },
    413,
    'BAD_REQUEST',
  ],
  ['an address that is too long', `/graphql?query=${'x'.repeat(34_000)}`, {}, 414, 'BAD_REQUEST'],
  ['headers that are too long', '/graphql', { headers: { 'x-long': 'x'.repeat(34_000) } }, 431, 'BAD_REQUEST'],
  ['what is for operators', '/readyz', {}, 404, 'BAD_REQUEST'],
  ['no gateway', '/gone', {}, 502, 'UPSTREAM_UNAVAILABLE'],
  ['a gateway that says nothing', '/silent', { method: 'POST', body: '{}' }, 504, 'UPSTREAM_TIMEOUT'],
])('%s: nginx says so as a gateway would', async (_, path, init, status, code) => {
  const response = await ask(path, init);
  expect({ status: response.status, type: response.headers.get('content-type') }).toEqual({
    status,
    type: 'application/json',
  });
  expect(await response.json()).toEqual({
    errors: [{ message: expect.stringMatching(/\.$/), extensions: { code } }],
  });
  expect(errorCodes).toContain(code);
});

test('the gateway’s own answers are passed on as they are, and headers as long as it reads', async () => {
  const full = await ask('/full');
  expect([full.status, await full.text()]).toEqual([503, '{"errors":["the gateway’s own"]}']);
  const token = `Bearer ${'x'.repeat(16_384)}`;
  expect(await (await ask('/graphql', { headers: { authorization: token } })).json()).toMatchObject({
    authorization: token,
    'x-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test('answers of its own cannot be asked for by their names', async () => {
  expect((await ask('/address-too-long')).status).toBe(404);
});
