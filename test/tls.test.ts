import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, request, type Server } from 'node:https';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { createAgents, createConnector } from '../src/upstream/tls.js';
import { startGateway, withGateway, type Gateway } from './helpers/gateway.js';

/** The token goes to a server only once its certificate is accepted. */

const other = 'AA:'.repeat(32).slice(0, -1);
const authorized = (gateway: Gateway): unknown[] =>
  gateway.simulator.requests.filter(({ headers }) => headers['authorization'] !== undefined);

test("the server's own certificate is not trusted by itself, and the log says what to configure", async () => {
  await withGateway({ trust: { by: 'system' } }, async (gateway) => {
    const { errors, data } = await gateway.ask('{ jobs { nodes { id } } }');
    expect(data).toEqual({ jobs: null });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(gateway.simulator.requests).toEqual([]);
    expect(gateway.logLines).toContainEqual(
      expect.objectContaining({
        reason: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        advice: expect.stringContaining('BACKUP_SERVER_FINGERPRINT'),
      }),
    );
  });
});

test('a pinned certificate is accepted whatever its name; another one is not, and sees no request', async () => {
  await withGateway({}, async (gateway) => {
    expect((await gateway.ask('{ jobs { nodes { id } } }')).errors).toBeUndefined();
    expect(authorized(gateway)).not.toEqual([]);
  });
  await withGateway({ trust: { by: 'fingerprint', sha256: other } }, async (gateway) => {
    const { errors } = await gateway.ask('{ jobs { nodes { id } } }');
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(gateway.simulator.requests).toEqual([]);
    expect(gateway.logLines).toContainEqual(
      expect.objectContaining({ advice: expect.stringContaining('BACKUP_SERVER_FINGERPRINT') }),
    );
  });
});

test('a server that never ends its handshake keeps no socket', async () => {
  const sockets = new Set<Socket>();
  const silent = createTcpServer((socket) => {
    sockets.add(socket);
    socket
      .on('close', () => sockets.delete(socket))
      .on('error', () => undefined)
      .resume();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const origin = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await withGateway({ origin, trust: { by: 'fingerprint', sha256: other }, timeoutMs: 200 }, async (gateway) => {
    const { errors } = await gateway.ask('{ jobs { nodes { id } } }');
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_TIMEOUT']);
    expect(sockets.size).toBeLessThanOrEqual(7); // a probe of each version
  });
  while (sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 10)); // or the test's own limit ends it
  await new Promise((resolve) => silent.close(resolve));
});

test('what Node or got would send itself is judged in the same way', async () => {
  await withGateway({}, async ({ simulator }) => {
    const askWith = async (sha256: string): Promise<unknown> => {
      const connector = createConnector({ by: 'fingerprint', sha256 }, 2000);
      const agents = createAgents(connector);
      try {
        return await new Promise((resolve, reject) => {
          const sent = request(`${simulator.origin}/v8/ServiceInstance`, { agent: agents.https }, (answer) => {
            answer.resume().on('end', () => {
              resolve(answer.statusCode);
            });
          });
          sent.on('error', reject).end();
        });
      } finally {
        agents.https.destroy();
        connector.close();
      }
    };
    expect(await askWith(simulator.fingerprint)).toBe(401);
    simulator.forgetRequests();
    await expect(askWith(other)).rejects.toMatchObject({ code: 'ERR_CERTIFICATE_FINGERPRINT' });
    expect(simulator.requests).toEqual([]);
  });
});

test('verification that is switched off accepts anything', async () => {
  await withGateway({ trust: { by: 'nothing' } }, async (gateway) => {
    expect((await gateway.ask('{ jobs { nodes { id } } }')).errors).toBeUndefined();
  });
});

describe('an authority of its own', () => {
  let server: Server;
  let pem: string;
  let port: number;
  beforeAll(async () => {
    const ca = await generate([{ name: 'commonName', value: 'Example CA' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    pem = ca.cert;
    const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: ca.private, cert: ca.cert },
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    server = createServer({ key: leaf.private, cert: leaf.cert }, (_, response) => {
      response.setHeader('content-type', 'application/json').end('{"installationId":null,"version":"8.0"}');
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const askAt = async (
    host: string,
    trust: { by: 'ca'; pem: string } | { by: 'system' },
  ): Promise<{ code: unknown; version: unknown; reasons: unknown[] }> =>
    withGateway({ origin: `https://${host}:${port}`, trust }, async (gateway) => {
      const { data, errors } = await gateway.ask('{ backupServer { productVersion } }');
      return {
        code: errors?.[0]?.extensions.code,
        version: data.backupServer?.productVersion,
        reasons: gateway.logLines.flatMap(({ reason }) => (reason === undefined ? [] : [reason])),
      };
    });

  test('is trusted when its file is given', async () => {
    expect(await askAt('localhost', { by: 'ca', pem })).toEqual({ code: undefined, version: '8.0', reasons: [] });
  });
  test('but not for another name', async () => {
    expect(await askAt('127.0.0.1', { by: 'ca', pem })).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      version: undefined,
      reasons: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    });
  });
  test('and not by itself', async () => {
    expect(await askAt('localhost', { by: 'system' })).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      version: undefined,
    });
  });
});

test('a plain http server on loopback is spoken to', async () => {
  const seen: (string | undefined)[] = [];
  const server = createHttpServer((request, response) => {
    seen.push(request.headers.authorization);
    response.setHeader('content-type', 'application/json').end('{"version":"7.0"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway = await startGateway({
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trust: { by: 'system' },
  });
  const { data } = await gateway.ask('{ backupServer { apiVersion productVersion } }', {}, { token: 'mine' });
  expect(data.backupServer).toEqual({ apiVersion: 'v8', productVersion: '7.0' });
  expect(seen).toEqual([undefined, 'Bearer mine']); // the probe without, the question with
  await gateway.close();
  await new Promise((resolve) => server.close(resolve));
});
