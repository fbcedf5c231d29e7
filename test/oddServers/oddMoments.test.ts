import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOddServer, type OddServer } from '../helpers/oddServer.js';

/** Moments without an offset, moments that stand for "none", and ends that cannot be. */

const ID = 'be376069-2865-4156-a9bc-825cef7d687e';

let server: OddServer;
beforeAll(async () => {
  server = await startOddServer(['v2', 'v3', 'v6', 'v7', 'v8']);
});
afterAll(() => server.close());

const session = (more: object): Record<string, { body: object }> => ({
  [`JobSessions/${ID}`]: { body: { id: ID, status: 'Success', creationTime: '2026-11-19T20:00:00Z', ...more } },
});

describe('a moment in another form', () => {
  test.each([
    ['2017-11-05T17:50:35', '2017-11-05T17:50:35Z'],
    ['2017-11-05 17:50:35.1234567', '2017-11-05T17:50:35.1234567Z'],
    ['2020-02-29T23:59:59.5', '2020-02-29T23:59:59.5Z'],
    [' 2017-11-05T17:50:35 ', '2017-11-05T17:50:35Z'],
    ['2017-11-05 17:50:35+02:00', '2017-11-05T15:50:35Z'],
    ['2026-01-31T16:39', '2026-01-31T16:39:00Z'],
    ['2026-01-31T16:39Z', '2026-01-31T16:39:00Z'],
    ['2026-01-31 16:39-0130', '2026-01-31T18:09:00Z'],
    ['2026-01-31T16:39:05.25+0000', '2026-01-31T16:39:05.25Z'],
    ['2026-01-31T00:39:05+01', '2026-01-30T23:39:05Z'],
    ['2026-01-31', '2026-01-31T00:00:00Z'],
  ])('is in UTC in every resource and version: %j', async (text, expected) => {
    for (const version of ['v2', 'v3', 'v6', 'v8']) {
      const line = { id: ID, usn: 1, title: '[Success] x', creationTime: text, endTime: text };
      const { data, errors } = await server.ask(
        version,
        {
          ...session({ creationTime: text, endTime: text }),
          [`JobSessions/${ID}/LogItems`]: { body: { offset: 0, limit: 30, results: [line] } },
          [`Jobs/${ID}`]: { body: { id: ID, lastRun: text, nextRun: text, lastBackup: text } },
          [`Organizations/${ID}`]: { body: { id: ID, firstBackuptime: text, lastBackuptime: text } },
        },
        `{
          jobSession(id: "${ID}") { creationTime endTime durationSeconds log { nodes { creationTime endTime durationSeconds } } }
          job(id: "${ID}") { lastRun nextRun lastBackup }
          organization(id: "${ID}") { firstBackupTime lastBackupTime }
        }`,
      );
      expect(errors).toEqual([]);
      const timed = { creationTime: expected, endTime: expected, durationSeconds: 0 };
      expect(data).toEqual({
        jobSession: { ...timed, log: { nodes: [timed] } },
        job: { lastRun: expected, nextRun: expected, lastBackup: expected },
        organization: { firstBackupTime: expected, lastBackupTime: expected },
      });
    }
  });

  test.each([
    ['2017-02-30T00:00:00'],
    ['2017-02-30'],
    ['2017-11-05T17'],
    ['2017-11-05T17:50+1'],
    ['2017-11-05Z'],
    ['2017-11-05T17:50:35 Z'],
    ['5/11/2017 17:50:35'],
    [1509904235],
  ])('is an error when it is no moment: %j', async (creationTime) => {
    const { errors } = await server.ask(
      'v8',
      session({ creationTime }),
      `{ jobSession(id: "${ID}") { creationTime } }`,
    );
    expect(errors).toEqual([['jobSession.creationTime', 'UPSTREAM_BAD_RESPONSE']]);
  });

  test('is refused from a caller', async () => {
    const { errors } = await server
      .gateway('v8')
      .ask('query ($at: DateTime) { jobSessions(filter: { endedAfter: $at }) { nodes { id } } }', {
        at: '2017-11-05T17:50:35',
      });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
  });

  test('does not change the order of sessions that come whole', async () => {
    const row = (n: number, creationTime: string): object => ({ id: ID.replace('be37', `000${n}`), creationTime });
    const body = [row(1, '2026-11-18T20:00:00'), row(2, '2026-11-19T20:00:00Z'), row(3, '2026-11-19T23:00:00+02:00')];
    const { data } = await server.ask('v3', { JobSessions: { body } }, '{ jobSessions { nodes { id creationTime } } }');
    expect(data.jobSessions.nodes.map(({ creationTime }: { creationTime: string }) => creationTime)).toEqual([
      '2026-11-19T21:00:00Z',
      '2026-11-19T20:00:00Z',
      '2026-11-18T20:00:00Z',
    ]);
  });
});

const none = [
  '1900-01-01T00:00:00Z',
  '1899-12-31T22:00:00Z',
  '1900-01-01T00:00:00+14:00',
  '1970-01-01T00:00:00.0000000',
  '1969-12-31T17:00:00-07:00',
  '1970-01-02T09:00:00+10:00',
  '1601-01-01T00:00:00Z',
  '1600-12-31T23:00:00+01:00',
  '1753-01-01 00:00:00',
  '0001-01-01T00:00:00+02:00',
  '0001-01-01',
  '9999-12-31T23:59:59.9999999-07:00',
  '9999-12-31T00:00:00+14:00',
];

describe('a moment that stands for none', () => {
  test.each(none)('%s is null for runs, backups, sessions and log lines', async (text) => {
    const line = { id: ID, usn: 1, type: 'Running', message: 'x', creationTime: '2026-11-19T20:00:00Z', endTime: text };
    const { data, errors } = await server.ask(
      'v7',
      {
        ...session({ status: 'Running', endTime: text }),
        [`JobSessions/${ID}/LogItems`]: { body: { offset: 0, limit: 30, results: [line] } },
        [`Jobs/${ID}`]: { body: { id: ID, lastRun: text, nextRun: text, lastBackup: text } },
        [`Organizations/${ID}`]: { body: { id: ID, firstBackuptime: text, lastBackuptime: text } },
      },
      `{
        jobSession(id: "${ID}") { creationTime endTime durationSeconds log { nodes { endTime durationSeconds } } }
        job(id: "${ID}") { lastRun nextRun lastBackup }
        organization(id: "${ID}") { firstBackupTime lastBackupTime }
      }`,
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      jobSession: {
        creationTime: '2026-11-19T20:00:00Z',
        endTime: null,
        durationSeconds: null,
        log: { nodes: [{ endTime: null, durationSeconds: null }] },
      },
      job: { lastRun: null, nextRun: null, lastBackup: null },
      organization: { firstBackupTime: null, lastBackupTime: null },
    });
  });

  test.each(['1970-01-03T00:00:00Z', '1999-12-31T23:59:59Z', '2000-01-01T00:00:00Z', '2099-12-31T00:00:00Z'])(
    '%s is none of them',
    async (lastRun) => {
      const { data } = await server.ask(
        'v8',
        { [`Jobs/${ID}`]: { body: { id: ID, lastRun } } },
        `{ job(id: "${ID}") { lastRun } }`,
      );
      expect(data.job).toEqual({ lastRun });
    },
  );
});

describe('an end before its start', () => {
  test.each([
    ['2026-11-19T19:59:59Z', null, null],
    ['2026-11-19T20:00:00.4999999Z', null, null],
    ['2026-11-19T20:00:00.5Z', '2026-11-19T20:00:00.5Z', 0],
    ['2026-11-19T20:00:00.50Z', '2026-11-19T20:00:00.50Z', 0],
    ['2026-11-19T22:00:00+02:00', null, null],
    ['2026-11-19T20:00:01Z', '2026-11-19T20:00:01Z', 0.5],
  ])('is null, and the start stays: %s', async (endTime, expected, durationSeconds) => {
    const creationTime = '2026-11-19T20:00:00.5Z';
    const line = { id: ID, usn: 1, type: 'Success', message: 'x', creationTime, endTime };
    const { data } = await server.ask(
      'v8',
      {
        ...session({ creationTime, endTime }),
        [`JobSessions/${ID}/LogItems`]: { body: { offset: 0, limit: 30, results: [line] } },
      },
      `{ jobSession(id: "${ID}") { creationTime endTime durationSeconds log { nodes { creationTime endTime durationSeconds } } } }`,
    );
    const timed = { creationTime, endTime: expected, durationSeconds };
    expect(data.jobSession).toEqual({ ...timed, log: { nodes: [timed] } });
  });

  test('matches no filter by the end, and leaves the session and its log open', async () => {
    const row = { id: ID, status: 'Success', creationTime: '2026-11-19T20:00:00Z', endTime: '2026-11-18T00:00:00Z' };
    const rows = {
      offset: 0,
      limit: 500,
      results: [row, { ...row, id: ID.replace('be', '00'), endTime: '1900-01-01T00:00:00' }],
    };
    const filters = ['endedAfter: "1890-01-01T00:00:00Z"', 'endedBefore: "2027-01-01T00:00:00Z"'];
    for (const filter of filters) {
      const query = `{ jobSessions(filter: { ${filter} }) { nodes { id } } }`;
      expect((await server.ask('v8', { JobSessions: { body: rows } }, query)).data.jobSessions.nodes).toEqual([]);
    }
    const token = server.gateway('v8').token;
    const ask = (): ReturnType<OddServer['ask']> =>
      server.ask('v8', session(row), `{ jobSession(id: "${ID}") { log { nodes { id } } } }`, { token });
    await ask();
    expect((await ask()).asked).toEqual([`JobSessions/${ID}`, `JobSessions/${ID}/LogItems?orderAsc=true`]);
  });
});
