import { afterEach, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.js';
import { ConfigError } from '../../src/config/problems.js';
import { runDoctor } from '../../src/doctor/run.js';
import { createSeal } from '../../src/store/seal.js';
import { withGateway } from '../helpers/gateway.js';
import { jsonAnswer, startRawServer, type RawServer } from '../helpers/rawServer.js';

/** A reverse proxy can have the REST API below a path. Nothing is ever sent to another path of that host. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';

/** Reads BACKUP_SERVER_URL, or says what is wrong with it. */
function originOf(url: string): string | undefined {
  try {
    return loadConfig({ BACKUP_SERVER_URL: url }, [], []).config.server?.origin;
  } catch (error) {
    return error instanceof ConfigError ? error.problems.join() : undefined;
  }
}

test.each([
  ['https://proxy.example.com/veeam', 'https://proxy.example.com:4443/veeam'],
  ['https://proxy.example.com:443/veeam/', 'https://proxy.example.com:443/veeam'],
  ['https://proxy.example.com:443/a/b%20c/v365', 'https://proxy.example.com:443/a/b%20c/v365'],
  ['https://proxy.example.com:9/v8x/veeam', 'https://proxy.example.com:9/v8x/veeam'],
  ['http://[::1]:99/x.y/', 'http://[::1]:99/x.y'],
])('%s is %s', (url, origin) => {
  expect(originOf(url)).toBe(origin);
});

test.each([
  ['https://h/veeam/..', 'plain path'],
  ['https://h/%2e%2e/x', 'plain path'],
  ['https://h/a/%2E%2E%2Fb', 'plain path'],
  ['https://h/a%2fb', 'plain path'],
  ['https://h/a%5cb', 'plain path'],
  ['https://h/a%0d%0aX', 'plain path'],
  ['https://h/./a', 'plain path'],
  ['https://h//veeam', 'plain path'],
  ['https://h/veeam//', 'plain path'],
  ['https://h/veeam\\x', 'plain path'],
  ['https://h/veeam?x=1', 'plain path'],
  ['https://h/veeam#x', 'plain path'],
  ['https://h/50%', 'plain path'],
  ['https://h/100%zz', 'plain path'],
  ['https://h/sichérung', 'plain path'],
  ['https://h/$(id)', 'plain path'],
  ['https://h/veeam/v8', 'API version'],
  ['https://h/V7/', 'API version'],
  ['https://h/v7/veeam', 'API version'],
  ['https://h/veeam/v8/ServiceInstance', 'API version'],
  ['https://h/%76%38', 'API version'],
  ['https://h/x/V%36/', 'API version'],
  ['https://h/:4443', 'plain path'],
  ['https://h/veeam:4443', 'plain path'],
  ['https://user:hunter2@h/veeam', 'user or password'],
  ['https://user:99/hunter2@h', 'user or password'],
  ['https://user/hunter2@h:4443/veeam', 'user or password'],
  ['https://user:hunter2?@h', 'user or password'],
  ['https://user:pass#hunter2@h', 'user or password'],
  ['https://user:hunter2/9@h', 'user or password'],
  ['http://example.com/veeam', 'clear text'],
])('%s is refused: %s', (url, reason) => {
  expect(originOf(url)).toContain(reason);
  expect(originOf(url)).not.toContain('hunter2');
});

describe('a server below a path', () => {
  let server: RawServer | undefined;
  afterEach(() => server?.close());

  const start = async (): Promise<RawServer> => {
    server = await startRawServer(({ path, head, socket }) => {
      if (!path.startsWith('/a%20b/veeam/v8/')) socket.write(jsonAnswer('', '404 Not Found'));
      else if (!/authorization/i.test(head)) socket.write(jsonAnswer('', '401 Unauthorized'));
      else if (path.includes('/JobSessions/')) socket.write(jsonAnswer({ id: SESSION }));
      else socket.write(jsonAnswer({ offset: 0, limit: 30, results: [] }));
    });
    return server;
  };

  test('gets probes, calls and signs of life there, and nothing elsewhere', async () => {
    const { origin, requests } = await start();
    const options = { origin: `${origin}/a%20b/veeam`, trust: { by: 'system' } as const, probeMs: 30 };
    await withGateway(options, async ({ ask, server: upstream }) => {
      const query = `{ jobSession(id: "${SESSION}") { id } jobSessions(first: 2) { nodes { id } } }`;
      const { data, errors } = await ask(query);
      expect({ data, errors }).toEqual({
        data: { jobSession: { id: SESSION }, jobSessions: { nodes: [] } },
        errors: undefined,
      });
      upstream.keepLookout();
      const sent = requests.length;
      while (requests.length === sent) await new Promise((resolve) => setTimeout(resolve, 10)); // or the test's limit ends it
    });
    expect(requests.filter(({ path }) => !path.startsWith('/a%20b/veeam/v8/'))).toEqual([]);
  });

  test('is examined there by the doctor, which shows the path', async () => {
    const { origin, requests } = await start();
    const printed: string[] = [];
    const isWell = await runDoctor(
      {
        origin: `${origin}/a%20b/veeam`,
        trust: { by: 'system' },
        timeoutMs: 2000,
        maxBodyBytes: 100_000,
        apiVersion: 'auto',
        token: { missing: 'absent' },
      },
      (text) => printed.push(text),
    );
    expect(isWell).toBe(true);
    expect(printed[0]).toContain(`configuration: ${origin}/a%20b/veeam`);
    expect(printed.join('\n')).toContain(`${origin}/a%20b/veeam/v8/token`);
    expect(requests.filter(({ path }) => !path.startsWith('/a%20b/veeam/'))).toEqual([]);
  });

  test('has another place in Redis than one below another path', () => {
    const shelf = (path: string) => createSeal('token', { origin: `https://h:443${path}`, release: '1' }).shelf;
    expect(new Set(['', '/a', '/b'].map(shelf)).size).toBe(3);
  });
});
