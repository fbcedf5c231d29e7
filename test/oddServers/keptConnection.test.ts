import { afterEach, describe, expect, test } from '@jest/globals';
import { withGateway, type Asked } from '../helpers/gateway.js';
import { head, jsonAnswer, startRawServer, type RawRequest, type RawServer } from '../helpers/rawServer.js';

/** 408 and 421 can be about the connection alone, so the GET is sent once more, on a new one. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { id } }`;
const served = jsonAnswer('', '401 Unauthorized');
const session = jsonAnswer({ id: SESSION });

let server: RawServer | undefined;
afterEach(() => server?.close());

async function askOf(answer: (request: RawRequest) => void): Promise<Asked> {
  server = await startRawServer(answer);
  return withGateway({ origin: server.origin, trust: { by: 'system' }, apiVersion: 'v8' }, ({ ask }) => ask(QUERY));
}

const isProbe = ({ path }: RawRequest): boolean => path.endsWith('/ServiceInstance');
const calls = (): RawRequest[] => server?.requests.filter((request) => !isProbe(request)) ?? [];

test.each<[string, (request: RawRequest) => void]>([
  ['408 of a proxy that closes', ({ socket }) => socket.end(head('HTTP/1.1 408 Request Timeout', 'Connection: close'))],
  ['408 that leaves the connection open', ({ socket }) => socket.write(jsonAnswer('', '408 Request Timeout'))],
  ['421', ({ socket }) => socket.write(jsonAnswer({ message: 'x' }, '421 Misdirected Request'))],
])('a session is answered after %s', async (_, refuse) => {
  let refused = 0;
  const { data, errors } = await askOf((request) => {
    if (isProbe(request)) request.socket.write(served);
    else if ((refused += 1) === 1) refuse(request);
    else request.socket.write(session);
  });
  expect({ data, errors }).toEqual({ data: { jobSession: { id: SESSION } }, errors: undefined });
  const [first, second, ...more] = calls();
  expect(more).toEqual([]);
  expect(server?.requests.filter((request) => request.connection === second?.connection)).toEqual([second]);
  expect(second?.head).toBe(first?.head);
});

test.each([
  ['408 Request Timeout', '', 'UPSTREAM_TIMEOUT', 2],
  ['421 Misdirected Request', '', 'UPSTREAM_REJECTED', 2],
  ['408 Request Timeout', { errorCode: 'Timeout' }, 'UPSTREAM_TIMEOUT', 1],
  ['421 Misdirected Request', { errorCode: 'OperationConflict' }, 'UPSTREAM_REJECTED', 1],
])('a server that answers %s with %j each time is %s after %i request(s)', async (status, body, code, times) => {
  const { data, errors } = await askOf((request) => {
    request.socket.write(isProbe(request) ? served : jsonAnswer(body, status));
  });
  expect({ data, code: errors?.[0]?.extensions.code }).toEqual({ data: { jobSession: null }, code });
  expect(calls()).toHaveLength(times);
});

describe('a probe', () => {
  test('is sent once more after 408', async () => {
    const { data } = await askOf((request) => {
      const isFirst = server?.requests.length === 1;
      if (isFirst) request.socket.end(head('HTTP/1.0 408 Request Time-out', 'Connection: close'));
      else request.socket.write(isProbe(request) ? served : session);
    });
    expect(data).toEqual({ jobSession: { id: SESSION } });
    expect(server?.requests.map(({ head: text }) => /authorization/i.test(text))).toEqual([false, false, true]);
  });
});

test('a second request that hangs ends with the time of the first', async () => {
  server = await startRawServer((request) => {
    if (isProbe(request)) request.socket.write(served);
    else if (calls().length === 1) request.socket.write(jsonAnswer('', '408 Request Timeout'));
  });
  await withGateway({ origin: server.origin, trust: { by: 'system' }, timeoutMs: 600 }, async ({ ask, logLines }) => {
    const { errors } = await ask(QUERY);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_TIMEOUT']);
    expect(logLines).toContainEqual(expect.objectContaining({ fault: 'timedOut' })); // not the operation's own time
    expect(calls()).toHaveLength(2);
  });
});
