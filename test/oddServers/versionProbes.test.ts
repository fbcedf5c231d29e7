import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { until } from '../helpers/until.js';
import { withGateway, type Gateway, type GraphError } from '../helpers/gateway.js';
import type { Misbehaviour } from '../../src/simulator/index.js';

/** Servers and proxies refuse a version that they do not have in many ways. None of them hides an older version. */

const QUERY = '{ backupServer { apiVersion } }';
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

let undo: (() => void) | undefined;
afterEach(() => {
  undo?.();
});

const isProbe = ({ headers }: { headers: Record<string, unknown> }): boolean => headers['authorization'] === undefined;

const odd: [string, Misbehaviour][] = [
  ['400', { status: 400 }],
  ['400 of JSON', { status: 400, body: { error: { code: 'UnsupportedApiVersion', message: 'x' } } }],
  ['400 of a page', { status: 400, body: '<html>Bad Request</html>' }],
  ['405', { status: 405, headers: { allow: 'POST' } }],
  ['406', { status: 406 }],
  ['410', { status: 410, body: { message: 'x' } }],
  ['418', { status: 418, body: 'teapot' }],
  ['501', { status: 501, body: { message: 'x' } }],
  ['404 with another code', { status: 404, body: { message: 'x', errorCode: 'HttpError' } }],
  ['404 in gzip', { status: 404, body: 'x', headers: { 'content-encoding': 'gzip' } }],
  ['ResourceNotFound with 500', { status: 500, body: { errorCode: 'ResourceNotFound' } }],
];

test.each(odd)('v6 is spoken when v8 and v7 are answered with %s', async (_, how) => {
  await withGateway({ simulator: { versions: [6] } }, async ({ ask, simulator, logLines }) => {
    simulator.misbehave(({ version }) => version === 'v8' || version === 'v7', how);
    const { data, errors } = await ask(QUERY);
    expect({ data, errors }).toEqual({ data: { backupServer: { apiVersion: 'v6' } }, errors: undefined });
    expect(logLines.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });
});

test.each(odd.slice(0, 8))('no version is served when each is answered with %s', async (_, how) => {
  await withGateway({}, async ({ ask, simulator, server }) => {
    simulator.misbehave(isProbe, how);
    expect(codes((await ask(QUERY)).errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(server.state().state).toBe('noVersionServed');
  });
});

test('v8 is spoken once it is no longer refused with 400', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    const back = simulator.misbehave(({ version }) => version === 'v8', { status: 400 });
    expect((await ask(QUERY)).data.backupServer.apiVersion).toBe('v7');
    back();
    await until(async () => (await ask(QUERY)).data.backupServer.apiVersion === 'v8');
  });
});

test.each([{ status: 400, body: { error: { code: 'UnsupportedApiVersion' } } }, { status: 501 }])(
  'v7 is spoken when a server no longer has v8, and says so with %j',
  async (how) => {
    await withGateway({}, async ({ ask, simulator }) => {
      const query = '{ backupServer { apiVersion productVersion } }';
      expect((await ask(query)).data.backupServer.apiVersion).toBe('v8');
      simulator.misbehave(({ version }) => version === 'v8', how);
      const later = performance.now() + 31_000;
      const clock = jest.spyOn(performance, 'now').mockImplementation(() => later);
      try {
        await ask(query); // this one raises the doubt
        expect((await ask(query)).data.backupServer.apiVersion).toBe('v7');
      } finally {
        clock.mockRestore();
      }
    });
  },
);

test('a version is served when the server refuses access to it by code', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    simulator.misbehave(isProbe, { status: 400, body: { errorCode: 'ResourceAccessDenied' } });
    expect((await ask(QUERY)).data.backupServer.apiVersion).toBe('v8');
  });
});

describe('the log says what it looks like', () => {
  const reasonsOf = async ({ ask, logLines }: Gateway): Promise<unknown> => {
    expect(codes((await ask(QUERY)).errors)).toEqual(['UPSTREAM_BAD_RESPONSE']);
    return logLines.flatMap(({ reason }) => reason ?? []);
  };

  test.each<[string, Misbehaviour, string]>([
    ['a redirect', { status: 302, headers: { location: 'https://login.example.com/' } }, 'a redirect'],
    ['a permanent redirect', { status: 308, headers: { location: '/ui/' } }, 'a redirect'],
    ['a login page', { body: '<!DOCTYPE html><form>' }, 'a page of HTML'],
    ['a page after a mark and blanks', { body: '\uFEFF\r\n <html>' }, 'a page of HTML'],
    ['text', { body: 'welcome' }, 'a body that is not JSON'],
  ])('when each probe is answered with %s', async (_, how, reason) => {
    await withGateway({}, async (gateway) => {
      gateway.simulator.misbehave(isProbe, how);
      expect(await reasonsOf(gateway)).toEqual([expect.stringContaining(reason)]);
      expect(JSON.stringify(gateway.logLines)).not.toContain('login.example.com');
    });
  });

  test('when one version was passed over', async () => {
    await withGateway({}, async ({ ask, simulator, logLines }) => {
      simulator.misbehave(({ version }) => version === 'v8', { status: 302, headers: { location: '/login' } });
      await ask(QUERY);
      expect(logLines).toContainEqual(
        expect.objectContaining({ apiVersion: 'v7', passedOver: ['v8'], reason: expect.stringContaining('redirect') }),
      );
    });
  });
});
