import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOddServer, type OddServer } from '../helpers/oddServer.js';

/** Values that servers write in another form than their documents say. */

const ID = 'be376069-2865-4156-a9bc-825cef7d687e';
const OTHER = '00b96531-1a68-4c90-a398-91141ffedb3b';
const page = (row: object): object => ({ body: { offset: 0, limit: 1000, results: [row] } });

let server: OddServer;
beforeAll(async () => {
  server = await startOddServer(['v3', 'v6', 'v7', 'v8']);
});
afterAll(() => server.close());

describe('flags', () => {
  test.each([
    ['true', true],
    ['TRUE', true],
    [' False ', false],
    ['fAlSe\u00a0', false],
    ['', null],
    ['   ', null],
    [true, true],
    [null, null],
  ])('are %j as %j in every resource', async (flag, expected) => {
    const organization = { id: ID, isExchangeOnline: flag, isTeamsOnline: flag, isBackedup: flag };
    const policy = { retryEnabled: flag, backupWindowEnabled: flag };
    const { data, errors } = await server.ask(
      'v8',
      {
        [`JobSessions/${ID}`]: { body: { id: ID, jobWillBeRetried: flag } },
        [`Jobs/${ID}`]: { body: { id: ID, isEnabled: flag, schedulePolicy: policy } },
        [`Organizations/${ID}`]: { body: organization },
        [`BackupRepositories/${ID}`]: { body: { id: ID, isOutOfSync: flag, isOutOfOrder: flag } },
      },
      `{
        jobSession(id: "${ID}") { willBeRetried }
        job(id: "${ID}") { isEnabled schedulePolicy { retryEnabled backupWindowEnabled } }
        organization(id: "${ID}") { isExchangeOnline isTeamsOnline isBackedUp }
        backupRepository(id: "${ID}") { isOutOfSync isOutOfOrder }
      }`,
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      jobSession: { willBeRetried: expected },
      job: { isEnabled: expected, schedulePolicy: { retryEnabled: expected, backupWindowEnabled: expected } },
      organization: { isExchangeOnline: expected, isTeamsOnline: expected, isBackedUp: expected },
      backupRepository: { isOutOfSync: expected, isOutOfOrder: expected },
    });
  });

  test.each([['yes'], ['truer'], [1], [0], ['1'], [[]], [{}]])('are an error for %j', async (flag) => {
    const answers = { [`Jobs/${ID}`]: { body: { id: ID, name: 'x', isEnabled: flag } } };
    const { data, errors } = await server.ask('v8', answers, `{ job(id: "${ID}") { name isEnabled } }`);
    expect(data.job).toEqual({ name: 'x', isEnabled: null });
    expect(errors).toEqual([['job.isEnabled', 'UPSTREAM_BAD_RESPONSE']]);
  });

  test('are filtered by in the form that the server writes them', async () => {
    const { data } = await server.ask(
      'v8',
      { Jobs: page({ id: ID, name: 'off', isEnabled: 'False' }) },
      '{ jobs(filter: { type: BACKUP, isEnabled: false }) { nodes { name isEnabled } } }',
    );
    expect(data.jobs.nodes).toEqual([{ name: 'off', isEnabled: false }]);
  });
});

describe('blank texts', () => {
  test.each([[''], [' '], ['\t\u00a0 ']])('are null without an error where another kind belongs: %j', async (blank) => {
    const session = {
      id: ID,
      jobId: blank,
      repositoryId: blank,
      creationTime: blank,
      endTime: blank,
      progress: blank,
      retryCount: blank,
      status: blank,
      jobType: blank,
      jobSessionConfigType: blank,
      details: blank,
      statistics: { processingRateBytesPS: blank, processedObjects: blank, bottleneck: blank },
    };
    const { data, errors } = await server.ask(
      'v8',
      { [`JobSessions/${ID}`]: { body: session } },
      `{ jobSession(id: "${ID}") {
        creationTime endTime durationSeconds progress retryCount status type configType details
        job { name } repository { name }
        statistics { processingRateBytesPerSecond processedObjects bottleneck }
      } }`,
    );
    expect(errors).toEqual([]);
    expect(data.jobSession).toEqual({
      creationTime: null,
      endTime: null,
      durationSeconds: null,
      progress: null,
      retryCount: null,
      status: null,
      type: null,
      configType: null,
      details: blank,
      job: null,
      repository: null,
      statistics: { processingRateBytesPerSecond: null, processedObjects: null, bottleneck: null },
    });
  });

  test('leave the id to the link', async () => {
    const session = { id: ID, jobId: '', _links: { job: { href: `/v8/Jobs/${OTHER}` } } };
    const job = { id: OTHER, organizationId: ' ', _links: { organization: { href: `/v8/Organizations/${ID}` } } };
    const { data, errors } = await server.ask(
      'v8',
      { [`JobSessions/${ID}`]: { body: session }, [`Jobs/${OTHER}`]: { body: job } },
      `{ jobSession(id: "${ID}") { job { id organization { id } } } }`,
    );
    expect([data.jobSession, errors]).toEqual([{ job: { id: OTHER, organization: { id: ID } } }, []]);
  });

  test('are null for the numbers and enums of repositories and proxies, and for a whole object', async () => {
    const { data, errors } = await server.ask(
      'v7',
      {
        [`BackupRepositories/${ID}`]: { body: { id: ID, capacityBytes: '', freeSpaceBytes: ' ', retentionType: '' } },
        [`Proxies/${ID}`]: { body: { id: ID, port: '', throttlingValue: ' ', throttlingUnit: '', status: '' } },
        [`Jobs/${ID}`]: { body: { id: ID, schedulePolicy: '', nextRun: '', lastStatus: '' } },
      },
      `{
        backupRepository(id: "${ID}") { capacityBytes freeSpaceBytes retentionType }
        proxy(id: "${ID}") { port throttlingValue throttlingUnit status }
        job(id: "${ID}") { schedulePolicy { type } nextRun lastStatus }
      }`,
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      backupRepository: { capacityBytes: null, freeSpaceBytes: null, retentionType: null },
      proxy: { port: null, throttlingValue: null, throttlingUnit: null, status: null },
      job: { schedulePolicy: null, nextRun: null, lastStatus: null },
    });
  });

  test('around a number or a word do not count', async () => {
    const session = { id: ID, progress: ' 12 ', status: ' Warning', statistics: { processedObjects: '7\u00a0' } };
    const { data, errors } = await server.ask(
      'v6',
      { [`JobSessions/${ID}`]: { body: session } },
      `{ jobSession(id: "${ID}") { progress status statistics { processedObjects } } }`,
    );
    expect([data.jobSession, errors]).toEqual([
      { progress: 12, status: 'WARNING', statistics: { processedObjects: 7 } },
      [],
    ]);
  });
});

describe('32-bit numbers', () => {
  const query = `{
    jobSession(id: "${ID}") { progress retryCount }
    job(id: "${ID}") { schedulePolicy { retryNumber retryWaitMinutes } }
    proxy(id: "${ID}") { port threadsNumber }
  }`;
  const answersOf = (value: unknown): Record<string, { body: object }> => ({
    [`JobSessions/${ID}`]: { body: { id: ID, progress: value, retryCount: value } },
    [`Jobs/${ID}`]: { body: { id: ID, schedulePolicy: { retryNumber: value, retryWaitInterval: value } } },
    [`Proxies/${ID}`]: { body: { id: ID, port: value, threadsNumber: value } },
  });

  test.each([
    [-2147483648, -2147483648],
    [2147483647, 2147483647],
    ['-2147483648', -2147483648],
  ])('reach to %j in every field, executed or compiled', async (value, expected) => {
    for (let time = 0; time < 3; time += 1) {
      const { data, errors } = await server.ask('v7', answersOf(value), query);
      expect(errors).toEqual([]);
      expect(data).toEqual({
        jobSession: { progress: expected, retryCount: expected },
        job: { schedulePolicy: { retryNumber: expected, retryWaitMinutes: expected } },
        proxy: { port: expected, threadsNumber: expected },
      });
    }
  });

  test.each([[-2147483649], [2147483648], ['2147483648']])('are an error beyond, for %j', async (value) => {
    const { errors } = await server.ask('v7', answersOf(value), query);
    expect(errors.map(([, code]) => code)).toEqual(Array.from({ length: 6 }, () => 'UPSTREAM_BAD_RESPONSE'));
  });
});
