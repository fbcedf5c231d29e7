import { describe, expect, test } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { isDisconnect } from '../src/http/disconnects.js';
import { createMetrics } from '../src/telemetry/metrics.js';
import { withGateway, type Gateway } from './helpers/gateway.js';
import { until } from './helpers/until.js';

/** A caller that goes away is no error of the gateway: it is counted, and has its line in the log like any other. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';

/** Text that no compression makes short. */
const noise = (length: number): string =>
  Array.from({ length: length / 8 }, () => Math.random().toString(36).slice(2, 10).padEnd(8, '0')).join('');

type Leaving = 'close' | 'reset';

/** Sends a request, reads a first part of its answer, then no more, and goes away. */
async function leaveMidway(url: string, text: string, how: Leaving): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
  socket.write(text);
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  await wait(20);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (how === 'reset') socket.resetAndDestroy();
  else socket.destroy();
  await closed;
}

const errorsOf = ({ logLines }: Gateway) =>
  logLines.filter(({ level, error }) => Number(level) >= 40 || error !== undefined);

const LENGTH = 7 * 1024 * 1024;

function post(token: string, headers: string, length?: number): string {
  const body = JSON.stringify({ query: `{ jobSession(id: "${SESSION}") { details } }` });
  return `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n${headers}content-length: ${length ?? body.length}\r\n\r\n${body}`;
}

describe.each<Leaving>(['close', 'reset'])('a caller that goes away (%s)', (how) => {
  test.each(['gzip', 'br'])('midway in a long answer, as %s, is counted as cancelled', async (encoding) => {
    const metrics = createMetrics({ version: '0', operationNames: [] });
    await withGateway({ metrics }, async (gateway) => {
      const { url, token, simulator, summaryLines } = gateway;
      const details = noise(LENGTH);
      simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), { body: { id: SESSION, details } });
      await leaveMidway(url, post(token, `accept-encoding: ${encoding}\r\n`), how);
      await until(() => summaryLines.length === 1);
      expect(summaryLines).toMatchObject([{ level: 30, outcome: 'cancelled' }]);
      await wait(50); // an error would come after the line
      expect(errorsOf(gateway)).toEqual([]);
      expect(await metrics.render()).toContain(
        'backup365_operation_duration_seconds_count{operation="other",outcome="cancelled"} 1',
      );
    });
  });

  test('midway in a long answer that is not compressed makes no error, whether or not the system had taken all of it', async () => {
    await withGateway({}, async (gateway) => {
      const { url, token, simulator, summaryLines } = gateway;
      const details = noise(LENGTH);
      simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), { body: { id: SESSION, details } });
      await leaveMidway(url, post(token, ''), how);
      await until(() => summaryLines.length === 1);
      expect(['ok', 'cancelled']).toContain(summaryLines[0]?.['outcome']);
      await wait(50);
      expect(errorsOf(gateway)).toEqual([]);
    });
  });

  test.each(['identity', 'br'])('midway in a download, as %s, is counted as cancelled', async (encoding) => {
    const metrics = createMetrics({ version: '0', operationNames: [] });
    await withGateway({ metrics }, async (gateway) => {
      const { url, token, simulator, summaryLines } = gateway;
      const { id } = simulator.history.insert('00b96531-1a68-4c90-a398-91141ffedb3b', 0, 100_000);
      const get = `GET /sessions/${id}/log HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\naccept-encoding: ${encoding}\r\n\r\n`;
      await leaveMidway(url, get, how);
      await until(() => summaryLines.length === 1);
      expect(summaryLines).toMatchObject([{ level: 30, outcome: 'cancelled' }]);
      await wait(50);
      expect(
        gateway.logLines.filter(({ msg, level }) => String(msg).includes('download') && Number(level) > 20),
      ).toEqual([]);
      expect(errorsOf(gateway)).toEqual([]);
      expect(await metrics.render()).toContain('backup365_log_download_duration_seconds_count{outcome="cancelled"} 1');
    });
  });

  test('while it sends its body is counted, and makes no line of the log but for debugging', async () => {
    const metrics = createMetrics({ version: '0', operationNames: [] });
    await withGateway({ metrics }, async (gateway) => {
      const { url, app, logLines } = gateway;
      const before = logLines.length;
      for (const headers of ['', 'expect: 100-continue\r\n']) {
        const isAsked = new Promise((resolve) => app.http.server.once('request', resolve));
        const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
        socket.write(post('x', headers, 5000));
        await isAsked;
        if (how === 'reset') socket.resetAndDestroy();
        else socket.destroy();
      }
      await until(() => app.figures().connections === 0);
      await wait(50);
      expect(logLines.slice(before).filter(({ level }) => Number(level) > 20)).toEqual([]);
      expect(await metrics.render()).toContain('backup365_requests_abandoned_total 2');
    });
  });
});

test.each(['gzip', 'br'])(
  'a caller that goes away before the first byte of a long answer, as %s, is no error',
  async (encoding) => {
    await withGateway({}, async (gateway) => {
      const { app, url, token, simulator, summaryLines } = gateway;
      simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), {
        body: { id: SESSION, details: noise(LENGTH) },
      });
      app.http.server.once('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
        response.once('pipe', () => socket.destroy()); // the answer is made, and its compression begins
      });
      const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined);
      socket.write(post(token, `accept-encoding: ${encoding}\r\n`));
      await until(() => summaryLines.length === 1 && gateway.logLines.some(({ msg }) => msg === 'caller gone'));
      expect(summaryLines).toMatchObject([{ level: 30, outcome: 'cancelled' }]);
      expect(errorsOf(gateway)).toEqual([]);
    });
  },
);

test('an error of a stream is told apart from a caller that has gone', () => {
  const gone = { destroyed: true } as ServerResponse;
  const there = { destroyed: false } as ServerResponse;
  expect(isDisconnect({ code: 'ERR_STREAM_PREMATURE_CLOSE' }, gone)).toBe(true);
  expect(isDisconnect({ code: 'ERR_STREAM_PREMATURE_CLOSE' }, there)).toBe(false);
  expect(isDisconnect(Object.assign(new Error('a fault'), { code: 'ERR_INVALID_ARG_TYPE' }), gone)).toBe(false);
});
