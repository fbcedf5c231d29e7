import { afterEach, describe, expect, test } from '@jest/globals';
import { runDoctor } from '../../src/doctor/run.js';
import { jsonAnswer, startRawServer, type RawServer } from '../helpers/rawServer.js';

/** The doctor, on servers that answer probes in their own way. */

let server: RawServer | undefined;
afterEach(() => server?.close());

/** Returns what the doctor prints for a server that answers each path so. */
async function examine(answer: (path: string) => string, base = ''): Promise<string> {
  server = await startRawServer(({ path, socket }) => {
    socket.write(answer(path));
  });
  const printed: string[] = [];
  await runDoctor(
    {
      origin: `${server.origin}${base}`,
      trust: { by: 'system' },
      timeoutMs: 2000,
      maxBodyBytes: 100_000,
      apiVersion: 'auto',
      token: { missing: 'absent' },
    },
    (text) => printed.push(text),
  );
  return printed.join('\n');
}

const needsToken = jsonAnswer('', '401 Unauthorized');

describe('the doctor', () => {
  test.each(['400 Bad Request', '405 Method Not Allowed', '410 Gone', '501 Not Implemented'])(
    'does not warn when a server of v7 answers %s for other versions',
    async (status) => {
      const text = await examine((path) => (path.startsWith('/v7/') ? needsToken : jsonAnswer({ error: 'x' }, status)));
      expect(text).toContain('v7 is served; the gateway will speak v7');
      expect(text).not.toContain('though it does not exist');
    },
  );

  test.each(['503 Service Unavailable', '302 Found'])('warns when v0 is answered with %s', async (status) => {
    const text = await examine((path) => (path.startsWith('/v0/') ? jsonAnswer('', status) : needsToken));
    expect(text).toContain(`v0 is answered with status ${status.slice(0, 3)}, though it does not exist`);
  });

  test.each(['301 Moved Permanently', '302 Found', '307 Temporary Redirect'])(
    'says that a login page or a proxy answers when each version is %s',
    async (status) => {
      const text = await examine(() => jsonAnswer('', status));
      expect(text).toContain('it redirects, so a login page or a proxy answers');
      expect(text).toContain('check the host and the port of');
    },
  );

  test('names the path when BACKUP_SERVER_URL has one, and nothing is served below it', async () => {
    const text = await examine(() => jsonAnswer('', '404 Not Found'), '/veeam');
    expect(text).toContain('check the host, the port and the path of');
  });
});
