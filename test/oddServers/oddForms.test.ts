import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startOddServer, type OddServer } from '../helpers/oddServer.js';

/** Bodies in the form of another version: forms follow builds. */

const ID = 'be376069-2865-4156-a9bc-825cef7d687e';
const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const REPOSITORY = '035bcd44-6f68-4335-b6b8-4e22452eb8ff';
const COPY = '196e4df2-0faf-4b8e-ba17-ce8c0eb4edc5';

let server: OddServer;
beforeAll(async () => {
  server = await startOddServer(['v2', 'v5', 'v7', 'v8']);
});
afterAll(() => server.close());

describe('log lines', () => {
  const lines = [
    [
      { type: 'Warning', message: 'own form' },
      { type: 'WARNING', message: 'own form' },
    ],
    [{ title: '[Success] titled' }, { type: 'SUCCESS', message: 'titled' }],
    [
      { title: '[Failed] both', type: 'Warning', message: 'own' },
      { type: 'WARNING', message: 'own' },
    ],
    [
      { title: '[Error] half', type: '', message: null },
      { type: 'ERROR', message: 'half' },
    ],
    [
      { title: '[Stopped] word', message: 'own' },
      { type: 'STOPPED', message: 'own' },
    ],
    [
      { title: '[Success] text', type: 'Running' },
      { type: 'RUNNING', message: 'text' },
    ],
    [
      { title: 'no word', type: 'Success', message: ' ' },
      { type: 'SUCCESS', message: 'no word' },
    ],
    [{ title: '[john@abc] mailbox' }, { type: 'UNKNOWN', message: '[john@abc] mailbox' }],
    [
      { title: '', type: 'Error', message: '[Success] is part of it' },
      { type: 'ERROR', message: '[Success] is part of it' },
    ],
    [{ message: '[Warning] only message' }, { type: 'WARNING', message: 'only message' }],
    [
      { title: ' ', type: null, message: '[Failed] blank rest' },
      { type: 'ERROR', message: 'blank rest' },
    ],
    [{ message: '[john@abc] mailbox' }, { type: null, message: '[john@abc] mailbox' }],
    [{}, { type: null, message: null }],
  ] as const;

  test.each(['v2', 'v5', 'v7', 'v8'])('are read by their own form, mixed in one page of %s', async (version) => {
    const results = lines.map(([body], index) => ({
      id: ID.replace('be376069', `000000${10 + index}`),
      usn: index,
      ...body,
    }));
    const { data, errors } = await server.ask(
      version,
      { [`JobSessions/${ID}/LogItems`]: { body: { offset: 0, limit: 31, results } } },
      `{ jobSession(id: "${ID}") { log { nodes { type message } } } }`,
    );
    expect(errors).toEqual([]);
    expect(data.jobSession.log.nodes).toEqual(lines.map(([, expected]) => expected));
  });

  test('are picked out by the type that each form tells', async () => {
    const results = [
      { id: ID, usn: 1, title: '[Warning] a' },
      { id: JOB, usn: 2, type: 'Warning', message: 'b' },
      { id: COPY, usn: 3, type: 'Success', message: 'c' },
      { id: REPOSITORY, usn: 4, message: '[Warning] d' },
    ];
    for (const version of ['v5', 'v7', 'v8']) {
      const { data } = await server.ask(
        version,
        { [`JobSessions/${ID}/LogItems`]: { body: { offset: 0, limit: 500, results } } },
        `{ jobSession(id: "${ID}") { log(types: [WARNING]) { nodes { message } } } }`,
      );
      expect(data.jobSession.log.nodes).toEqual([{ message: 'a' }, { message: 'b' }, { message: 'd' }]);
    }
  });
});

test('v2 keeps statistics and capacities that come as numbers', async () => {
  const statistics = { processingRateBytesPS: 5, processingRateItemsPS: '6', transferredDataBytes: 7 };
  const { data, errors } = await server.ask(
    'v2',
    {
      [`JobSessions/${ID}`]: { body: { id: ID, statistics } },
      [`BackupRepositories/${ID}`]: { body: { id: ID, capacityBytes: 9, freeSpace: 8 } },
    },
    `{
      jobSession(id: "${ID}") { statistics { processingRateBytesPerSecond processingRateItemsPerSecond transferredDataBytes isEstimated } }
      backupRepository(id: "${ID}") { capacityBytes freeSpaceBytes }
    }`,
  );
  expect(errors).toEqual([]);
  expect(data).toEqual({
    jobSession: {
      statistics: {
        processingRateBytesPerSecond: 5,
        processingRateItemsPerSecond: 6,
        transferredDataBytes: 7,
        isEstimated: false,
      },
    },
    backupRepository: { capacityBytes: 9, freeSpaceBytes: 8 },
  });
});

describe('links of a session', () => {
  const toJob = { href: `/v7/Jobs/${JOB}` };
  const toCopy = { href: `https://other.host:4443/v8/copyjobs/${COPY.toUpperCase()}/` };
  test.each([
    ['copyJob', { copyJob: toCopy }, {}, 'COPY', COPY],
    ['CopyJob', { CopyJob: { href: `/x/${COPY}` } }, {}, 'COPY', COPY],
    ['copyJobs', { copyJobs: toCopy }, {}, 'COPY', COPY],
    ['job, to a copy job', { job: toCopy }, {}, 'COPY', COPY],
    ['Job', { Job: toJob }, {}, 'BACKUP', JOB],
    ['jobs', { jobs: toJob }, {}, 'BACKUP', JOB],
    ['backupJob', { backupJob: toJob }, {}, 'BACKUP', JOB],
    ['both, of a copy session', { job: toJob, copyJob: toCopy }, { jobType: 'Copy' }, 'COPY', COPY],
    ['both, of a backup session', { job: toJob, copyJob: toCopy }, { jobType: 'Backup' }, 'BACKUP', JOB],
    ['both, of no type', { job: toJob, copyJob: toCopy }, {}, 'COPY', COPY],
    ['an empty copyJob', { job: toJob, copyJob: {} }, {}, 'BACKUP', JOB],
    ['copyJob, of a backup session', { copyJob: toCopy }, { jobType: 'Backup' }, 'BACKUP', COPY],
    ['copyJob, as text', { copyJob: `/v7/CopyJobs/${COPY}` }, {}, 'COPY', COPY],
    ['job, as text of a whole address', { job: toCopy.href }, {}, 'COPY', COPY],
    ['copyJob beside an id', { copyJob: toCopy }, { jobId: JOB }, 'COPY', JOB],
  ])('lead to its job by the name %s', async (_, links, more, type, id) => {
    for (const version of ['v5', 'v7', 'v8']) {
      const { data, errors } = await server.ask(
        version,
        { [`JobSessions/${ID}`]: { body: { id: ID, ...more, _links: links } } },
        `{ jobSession(id: "${ID}") { type job { id } } }`,
      );
      expect(errors).toEqual([]);
      expect(data.jobSession).toEqual({ type, job: { id } });
    }
  });

  test.each([
    ['a backup session links to a copy job alone', 'Backup', { copyJob: toCopy }, COPY],
    ['a copy session links to a backup job alone', 'Copy', { job: `/v8/Jobs/${JOB}` }, JOB],
  ])('lead to a job that can be read when %s', async (_, jobType, links, id) => {
    for (const version of ['v7', 'v8']) {
      const { data, errors } = await server.ask(
        version,
        {
          [`JobSessions/${ID}`]: { body: { id: ID, jobType, _links: links } },
          [`CopyJobs/${COPY}`]: { body: { id: COPY, name: 'a copy job' } },
        },
        `{ jobSession(id: "${ID}") { job { id name } } }`,
      );
      expect([data.jobSession.job, errors]).toEqual([{ id, name: expect.any(String) }, []]);
    }
  });

  test.each([[''], [' '], [null]])('name a record whose own id is %j', async (id) => {
    const self = { href: `/v8/JobSessions/${ID}` };
    const { data, errors } = await server.ask(
      'v8',
      {
        [`JobSessions/${ID}`]: { body: { id, status: 'Success', _links: { self } } },
        JobSessions: {
          body: { offset: 0, limit: 30, results: [{ id, status: 'Failed', _links: { self: self.href } }] },
        },
      },
      `{ jobSession(id: "${ID}") { id status } jobSessions(first: 5) { nodes { id status } } }`,
    );
    expect([data, errors]).toEqual([
      { jobSession: { id: ID, status: 'SUCCESS' }, jobSessions: { nodes: [{ id: ID, status: 'FAILED' }] } },
      [],
    ]);
  });

  test('lead to its repository, and a job to its organization and repository, in any case of the name', async () => {
    const repository = { href: `/v7/BackupRepositories/${JOB}` };
    const { data, errors } = await server.ask(
      'v7',
      {
        [`JobSessions/${ID}`]: { body: { id: ID, _links: { BackupRepository: repository } } },
        [`Jobs/${ID}`]: {
          body: {
            id: ID,
            _links: { backuprepository: repository, Organization: { href: `/v7/Organizations/${COPY}` } },
          },
        },
        [`BackupRepositories/${ID}`]: { body: { id: ID, _links: { Proxy: { href: `/v7/Proxies/${COPY}` } } } },
      },
      `{
        jobSession(id: "${ID}") { repository { id } }
        job(id: "${ID}") { organization { id } repository { id } }
        backupRepository(id: "${ID}") { proxy { id } }
      }`,
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      jobSession: { repository: { id: JOB } },
      job: { organization: { id: COPY }, repository: { id: JOB } },
      backupRepository: { proxy: { id: COPY } },
    });
  });
});

test('v2 gives each part of an amount that can be read, and logs the other once', async () => {
  const statistics = {
    processingRate: '99.1 KB/s (0.5 items/s)',
    readRate: '2\u202f048,0 KB/s',
    writeRate: '1,234 KB/s',
    transferredData: '',
  };
  const { logLines } = server.gateway('v2');
  logLines.length = 0;
  for (let time = 0; time < 2; time += 1) {
    const { data, errors } = await server.ask(
      'v2',
      { [`JobSessions/${ID}`]: { body: { id: ID, statistics } } },
      `{ jobSession(id: "${ID}") { statistics {
        processingRateBytesPerSecond processingRateItemsPerSecond readRateBytesPerSecond writeRateBytesPerSecond transferredDataBytes
      } } }`,
    );
    expect(errors).toEqual([]);
    expect(data.jobSession.statistics).toEqual({
      processingRateBytesPerSecond: 101478,
      processingRateItemsPerSecond: null,
      readRateBytesPerSecond: 2097152,
      writeRateBytesPerSecond: null,
      transferredDataBytes: null,
    });
  }
  expect(logLines.map(({ field, value }) => [field, value])).toEqual([
    ['statistics.processingRate', '99.1 KB/s (0.5 items/s)'],
    ['statistics.writeRate', '1,234 KB/s'],
  ]);
});
