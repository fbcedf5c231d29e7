import { afterEach, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { runDoctor } from '../../src/doctor/run.js';
import { withGateway, type GraphError } from '../helpers/gateway.js';
import { head, startRawServer, type RawServer } from '../helpers/rawServer.js';

/** The gateway asks for bodies as they are. A proxy in between may compress what nobody forbade it to. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { id } }`;
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

let server: RawServer | undefined;
afterEach(() => server?.close());

/** Asks while a session is answered with a status line, headers and a body. */
async function askOf(status: string, headers: readonly string[], body: string | Buffer) {
  server = await startRawServer(({ path, socket }) => {
    if (path.includes('ServiceInstance')) {
      socket.write(head('HTTP/1.1 401 Unauthorized', 'Content-Length: 0', 'Content-Encoding:'));
      return;
    }
    socket.write(head(`HTTP/1.1 ${status}`, `Content-Length: ${Buffer.byteLength(body)}`, ...headers));
    socket.write(body);
  });
  return withGateway({ origin: server.origin, trust: { by: 'system' } }, ({ ask }) => ask(QUERY));
}

const good = JSON.stringify({ id: SESSION });
const gone = JSON.stringify({ message: 'x', errorCode: 'ResourceNotFound' });

test.each([
  [['Content-Encoding:']],
  [['Content-Encoding: Identity']],
  [['Content-Encoding: identity', 'Content-Encoding: IDENTITY']],
  [['content-encoding: identity, identity']],
  [['Content-Encoding: ,']],
])('a body is read when its headers are %j', async (headers) => {
  const { data, errors } = await askOf('200 OK', headers, good);
  expect({ data, errors }).toEqual({ data: { jobSession: { id: SESSION } }, errors: undefined });
  await server?.close();
  expect((await askOf('400 Bad Request', headers, gone)).data).toEqual({ jobSession: null });
});

test.each<[string, string, readonly string[], string, string]>([
  ['gzip', '200 OK', ['Content-Encoding: gzip'], good, 'UPSTREAM_BAD_RESPONSE'],
  [
    'GZIP after identity',
    '200 OK',
    ['Content-Encoding: identity', 'Content-Encoding: GZIP'],
    good,
    'UPSTREAM_BAD_RESPONSE',
  ],
  ['404 in gzip', '404 Not Found', ['Content-Encoding: gzip'], gone, 'UPSTREAM_BAD_RESPONSE'],
  ['409 in gzip', '409 Conflict', ['Content-Encoding: x-gzip'], gone, 'UPSTREAM_REJECTED'],
  ['500 in gzip', '500 Oops', ['Content-Encoding: gzip'], gone, 'UPSTREAM_ERROR'],
])('a body that is really compressed is a typed error: %s', async (_, status, headers, body, code) => {
  const { data, errors } = await askOf(status, headers, gzipSync(body));
  expect({ data, codes: codes(errors) }).toEqual({ data: { jobSession: null }, codes: [code] });
});

describe('Accept-Encoding: identity', () => {
  test('is sent with probes and calls', async () => {
    await askOf('200 OK', [], good);
    const heads = server?.requests.map((request) => /^accept-encoding: (.*)$/im.exec(request.head)?.[1]) ?? [];
    expect(heads).toEqual(['identity', 'identity']);
  });

  test('is sent by the doctor', async () => {
    server = await startRawServer(({ socket }) => socket.write(head('HTTP/1.1 404 Not Found', 'Content-Length: 0')));
    const options = { timeoutMs: 2000, maxBodyBytes: 100_000, apiVersion: 'auto', token: 'x' };
    await runDoctor({ ...options, origin: server.origin, trust: { by: 'system' } }, () => undefined);
    expect(server.requests.length).toBeGreaterThan(0);
    for (const request of server.requests) expect(request.head).toMatch(/^accept-encoding: identity$/im);
  });
});
