import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFixture } from './helpers/fixture.js';
import { startGateway, withGateway, type Data, type Gateway } from './helpers/gateway.js';

/** What servers are known, or feared, to send: each as a body from the fixtures, asked for through the front door. */

const gateways = new Map<string, Gateway>();
beforeAll(async () => {
  for (const version of ['v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8'])
    gateways.set(version, await startGateway({ apiVersion: version }));
});
afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.close();
});

/** Asks while the server answers one path with a fixture. */
async function askWith(
  version: string,
  path: string,
  fixture: string,
  query: string,
): Promise<{ data: Data; codes: unknown[]; upstream: string[] }> {
  const gateway = gateways.get(version);
  if (!gateway) throw new Error(`no gateway for ${version}`);
  const undo = gateway.simulator.misbehave(
    (request) => request.path === path && request.headers['authorization'] !== undefined,
    { body: readFixture(fixture) },
  );
  try {
    const { data, errors, upstream } = await gateway.ask(query);
    return {
      data,
      codes: (errors ?? []).map(({ path: at, extensions }) => [at?.join('.'), extensions.code]),
      upstream: upstream.map((request) => request.path),
    };
  } finally {
    undo();
  }
}

const STATISTICS =
  'statistics { processingRateBytesPerSecond processingRateItemsPerSecond readRateBytesPerSecond writeRateBytesPerSecond transferredDataBytes processedObjects bottleneck isEstimated }';

function askSession(
  version: string,
  fixture: string,
  fields: string,
): Promise<{ data: Data; codes: unknown[]; upstream: string[] }> {
  const { id } = JSON.parse(readFixture(fixture)) as { id: string };
  return askWith(version, `JobSessions/${id}`, fixture, `{ jobSession(id: "${id}") { ${fields} } }`);
}

describe('quirks', () => {
  test('v2_job_session_decimal_comma', async () => {
    const { data, codes } = await askSession('v2', 'quirks/v2_job_session_decimal_comma', STATISTICS);
    expect(codes).toEqual([]);
    expect(data.jobSession.statistics).toEqual({
      processingRateBytesPerSecond: 852378, // 832.4 x 1,024
      processingRateItemsPerSecond: 52,
      readRateBytesPerSecond: 649216,
      writeRateBytesPerSecond: 39950746,
      transferredDataBytes: 1288490189,
      processedObjects: 6329,
      bottleneck: 'TARGET',
      isEstimated: true,
    });
  });

  test('v3_job_session_from_a_live_server', async () => {
    const { data, codes, upstream } = await askSession(
      'v3',
      'quirks/v3_job_session_from_a_live_server',
      `durationSeconds progress type ${STATISTICS} job { id }`,
    );
    expect(codes).toEqual([]);
    expect(data.jobSession).toEqual({
      durationSeconds: 566.9232748,
      progress: 21,
      type: 'BACKUP',
      statistics: {
        processingRateBytesPerSecond: 98010,
        processingRateItemsPerSecond: 0,
        readRateBytesPerSecond: 1426172,
        writeRateBytesPerSecond: 31686381,
        transferredDataBytes: 55561549,
        processedObjects: 523,
        bottleneck: 'SOURCE',
        isEstimated: false,
      },
      job: { id: '2a347af6-43ef-43a7-97bf-58a36f8cf216' },
    });
    expect(upstream).toEqual(['JobSessions/9f4eba99-ce30-419b-a942-354744045f51']);
  });

  test('v3_log_items_bare_array_as_documented, though the link to it is dead', async () => {
    const id = 'be376069-2865-4156-a9bc-825cef7d687e';
    const { data, codes, upstream } = await askWith(
      'v3',
      `JobSessions/${id}/LogItems`,
      'quirks/v3_log_items_bare_array_as_documented',
      `{ jobSession(id: "${id}") { log { nodes { sequenceNumber type message creationTime } pageInfo { hasNextPage } } } }`,
    );
    expect(codes).toEqual([]);
    expect(data.jobSession.log).toEqual({
      nodes: [
        {
          sequenceNumber: 1,
          type: 'SUCCESS',
          message: 'Job started at 4/4/2017 12:07:21 AM',
          creationTime: '2017-04-04T07:07:21.3664166Z',
        },
      ],
      pageInfo: { hasNextPage: false },
    });
    expect(upstream).not.toContain(`jobsessions/${id}/log`);
  });

  test('v8_job_session_endtime_null_no_statistics', async () => {
    const { data, codes } = await askSession(
      'v8',
      'quirks/v8_job_session_endtime_null_no_statistics',
      `endTime durationSeconds status ${STATISTICS}`,
    );
    expect({ ...data.jobSession, codes }).toEqual({
      endTime: null,
      durationSeconds: null,
      status: 'RUNNING',
      statistics: null,
      codes: [],
    });
  });

  test('v8_job_session_int64_beyond_2_53', async () => {
    const { data, codes } = await askSession(
      'v8',
      'quirks/v8_job_session_int64_beyond_2_53',
      'status statistics { transferredDataBytes processedObjects }',
    );
    expect(data.jobSession).toEqual({
      status: 'WARNING',
      statistics: { transferredDataBytes: null, processedObjects: 48211 },
    });
    expect(codes).toEqual([['jobSession.statistics.transferredDataBytes', 'UPSTREAM_BAD_RESPONSE']]);
  });

  test('v8_job_session_numeric_strings', async () => {
    const { data, codes } = await askSession('v8', 'quirks/v8_job_session_numeric_strings', STATISTICS);
    expect(codes).toEqual([]);
    expect(data.jobSession.statistics).toMatchObject({
      processingRateBytesPerSecond: 2086512,
      transferredDataBytes: 5234567890,
      processedObjects: 48211,
      isEstimated: false,
    });
  });

  test('v8_job_session_of_copy_job', async () => {
    const { data, codes, upstream } = await askSession('v8', 'quirks/v8_job_session_of_copy_job', 'type job { name }');
    expect({ ...data.jobSession, codes }).toEqual({ type: 'COPY', job: null, codes: [] }); // the simulator has no such copy job
    expect(upstream[1]).toBe('CopyJobs/196e4df2-0faf-4b8e-ba17-ce8c0eb4edc5');
  });

  test('v8_job_session_unknown_status is UNKNOWN, and is logged once', async () => {
    const logLines = gateways.get('v8')?.logLines ?? [];
    logLines.length = 0;
    for (let time = 0; time < 3; time += 1) {
      const { data, codes } = await askSession('v8', 'quirks/v8_job_session_unknown_status', 'status');
      expect({ ...data.jobSession, codes }).toEqual({ status: 'UNKNOWN', codes: [] });
    }
    expect(logLines).toMatchObject([{ level: 40, resource: 'jobSession', field: 'status', value: 'Updating' }]);
  });

  test('v8_page_next_link_says_v7: there is more, and it is asked of v8', async () => {
    const gateway = gateways.get('v8');
    const { data } = await askWith(
      'v8',
      'JobSessions',
      'quirks/v8_page_next_link_says_v7',
      '{ jobSessions(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } }',
    );
    expect(data.jobSessions).toMatchObject({
      nodes: [{ id: 'e4d2c8a1-93b7-4e6f-a0c5-3b1d7f9e6c84' }],
      pageInfo: { hasNextPage: true },
    });
    const next = await gateway?.ask(
      'query ($after: String) { jobSessions(first: 1, after: $after) { nodes { id } } }',
      { after: data.jobSessions.pageInfo.endCursor },
    );
    expect(new Set(next?.upstream.map(({ version }) => version))).toEqual(new Set(['v8']));
  });
});

describe('fixtures of each version', () => {
  const versions = ['v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8'];

  test.each(versions)('%s: a session that ended with a warning', async (version) => {
    const { data, codes } = await askSession(
      version,
      `${version}/job_session_warning`,
      `status progress type details ${STATISTICS} job { id }`,
    );
    expect(codes).toEqual([]);
    expect(data.jobSession).toMatchObject({
      status: 'WARNING',
      progress: 21,
      type: 'BACKUP',
      statistics: { bottleneck: 'TARGET', isEstimated: version === 'v2' },
    });
    expect(data.jobSession.job.id).toMatch(/^[0-9a-f-]{36}$/);
    if (version >= 'v5')
      expect(data.jobSession.statistics).toMatchObject({
        processingRateBytesPerSecond: 2086512,
        transferredDataBytes: 5234567890,
        processedObjects: 48211,
      });
    expect(data.jobSession.details).toBe(
      version >= 'v6' ? 'Transferred: 4.9 GB (48211 items) at 2.0 MB/s (31 items/s)' : null,
    );
  });

  test.each(versions)('%s: a session that failed, and one that runs', async (version) => {
    const failed = await askSession(version, `${version}/job_session_failed`, `status progress endTime ${STATISTICS}`);
    expect(failed.codes).toEqual([]);
    expect(failed.data.jobSession).toMatchObject({
      status: 'FAILED',
      progress: 0,
      endTime: expect.any(String),
      statistics: {
        processingRateBytesPerSecond: 0,
        processingRateItemsPerSecond: 0,
        transferredDataBytes: 0,
        bottleneck: 'NOT_AVAILABLE',
      },
    });
    const running = await askSession(
      version,
      `${version}/job_session_running`,
      'status progress endTime durationSeconds statistics { bottleneck }',
    );
    expect(running.codes).toEqual([]);
    expect(running.data.jobSession).toEqual({
      status: 'RUNNING',
      progress: 5,
      endTime: null,
      durationSeconds: null,
      statistics: { bottleneck: 'DETECTING' },
    });
  });

  test.each(['v3', 'v4', 'v5', 'v6', 'v7', 'v8'])('%s: a page of the log', async (version) => {
    const id = 'be376069-2865-4156-a9bc-825cef7d687e';
    const { data, codes } = await askWith(
      version,
      `JobSessions/${id}/LogItems`,
      `${version}/log_items_page1`,
      `{ jobSession(id: "${id}") { log(first: 2) { nodes { sequenceNumber type message creationTime durationSeconds } pageInfo { hasNextPage } } } }`,
    );
    expect(codes).toEqual([]);
    expect(data.jobSession.log).toEqual({
      nodes: [
        {
          sequenceNumber: 1,
          type: 'SUCCESS',
          message: 'Job started at 17/06/2019 10:00:00 AM',
          creationTime: '2019-06-16T22:00:00.0402129Z',
          durationSeconds: 0,
        },
        {
          sequenceNumber: 2,
          type: 'SUCCESS',
          message: 'Connected to organization',
          creationTime: '2019-06-16T22:00:00.0558112Z',
          durationSeconds: 6.3125313,
        },
      ],
      pageInfo: { hasNextPage: true },
    });
  });

  test.each(['v3', 'v4', 'v5', 'v6', 'v7', 'v8'])('%s: warnings and errors of the log', async (version) => {
    const id = 'be376069-2865-4156-a9bc-825cef7d687e';
    const body = { ...(JSON.parse(readFixture(`${version}/log_items_page2`)) as object), offset: 0 };
    await withFixedBody(version, `JobSessions/${id}/LogItems`, body, async (ask) => {
      const { data, errors } = await ask(
        `{ jobSession(id: "${id}") { log { nodes { type message durationSeconds } } } }`,
      );
      expect(errors).toBeUndefined();
      expect(data.jobSession.log.nodes).toEqual([
        {
          type: 'WARNING',
          message: 'Processing mailbox john.smith@abc.onmicrosoft.com completed with warning',
          durationSeconds: 37.4491671,
        },
        { type: 'ERROR', message: 'Processing mailbox jane.doe@abc.onmicrosoft.com failed', durationSeconds: 21.5551 },
      ]);
    });
  });

  test.each(versions)('%s: a job, its organization and its repository', async (version) => {
    const { id } = JSON.parse(readFixture(`${version}/job`)) as { id: string };
    const { data, codes } = await askWith(
      version,
      `Jobs/${id}`,
      `${version}/job`,
      `{ job(id: "${id}") { name description type backupType isEnabled lastRun nextRun lastStatus schedulePolicy { type dailyType dailyTime retryEnabled retryNumber retryWaitMinutes } organization { id } repository { id } sourceJob { id } } }`,
    );
    expect(codes).toEqual([]);
    expect(data.job).toEqual({
      name: 'test_job',
      description: '',
      type: 'BACKUP',
      backupType: 'SELECTED_ITEMS',
      isEnabled: true,
      lastRun: '2017-06-06T15:18:22.6664413Z',
      nextRun: '2017-06-13T15:00:00Z',
      lastStatus: 'SUCCESS',
      schedulePolicy: {
        type: 'DAILY',
        dailyType: version >= 'v6' ? 'Everyday' : 'Wednesday',
        dailyTime: '08:00:00',
        retryEnabled: true,
        retryNumber: 3,
        retryWaitMinutes: 10,
      },
      organization: { id: '5db60525-e59f-49b9-b49b-407fc9bf2642' },
      repository: { id: '035bcd44-6f68-4335-b6b8-4e22452eb8ff' },
      sourceJob: null,
    });
  });

  test.each(versions)('%s: lists of jobs, organizations, repositories and proxies', async (version) => {
    const jobs = await askWith(
      version,
      'Jobs',
      `${version}/jobs_list`,
      '{ jobs(filter: { type: BACKUP }) { nodes { name lastRun lastStatus } } }',
    );
    expect(jobs.data.jobs.nodes).toEqual([
      { name: 'Never run', lastRun: null, lastStatus: 'STOPPED' },
      { name: 'test_job', lastRun: '2017-06-06T15:18:22.6664413Z', lastStatus: 'SUCCESS' },
    ]);
    const organizations = await askWith(
      version,
      'Organizations',
      `${version}/organizations_list`,
      '{ organizations { nodes { name type region isBackedUp lastBackupTime } } }',
    );
    expect(organizations.data.organizations.nodes).toEqual([
      {
        name: 'abc.onmicrosoft.com',
        type: 'OFFICE365',
        region: 'WORLDWIDE',
        isBackedUp: true,
        lastBackupTime: '2017-07-14T09:20:11.3371324Z',
      },
    ]);
    const repositories = await askWith(
      version,
      'BackupRepositories',
      `${version}/repositories_list`,
      '{ backupRepositories { nodes { name path capacityBytes freeSpaceBytes proxy { id } } } }',
    );
    expect(repositories.data.backupRepositories.nodes).toEqual([
      {
        name: 'Reports Daily',
        path: 'C:\\VeeamRepository',
        capacityBytes: 128479916032,
        freeSpaceBytes: 44658991104,
        proxy: { id: '46d10221-7974-42d7-bb38-f80e65f95f3d' },
      },
    ]);
    const proxies = await askWith(
      version,
      'Proxies',
      `${version}/proxies_list`,
      '{ proxies { nodes { hostName port status threadsNumber throttlingValue throttlingUnit } } }',
    );
    expect(proxies.data.proxies.nodes).toEqual([
      {
        hostName: 'support.east.local',
        port: 9193,
        status: 'ONLINE',
        threadsNumber: version === 'v8' ? null : 64,
        throttlingValue: 1250,
        throttlingUnit: 'KILOBYTES_PER_SECOND',
      },
    ]);
    expect([...jobs.codes, ...organizations.codes, ...repositories.codes, ...proxies.codes]).toEqual([]);
  });

  test.each(['v7', 'v8'])('%s: processed objects', async (version) => {
    const id = 'be376069-2865-4156-a9bc-825cef7d687e';
    const { data, codes } = await askWith(
      version,
      `JobSessions/${id}/ProcessedObjects`,
      `${version}/processed_objects_page1`,
      `{ jobSession(id: "${id}") { processedObjects { nodes { objectId type status } } } }`,
    );
    expect(codes).toEqual([]);
    expect(data.jobSession.processedObjects.nodes).toEqual([
      { objectId: 'john.smith', type: 'USER', status: 'SUCCESS' },
      { objectId: 'jane.doe', type: 'USER', status: 'FAILED' },
      { objectId: 'marketing', type: 'SITE', status: 'WARNING' },
    ]);
  });
});

async function withFixedBody(
  version: string,
  path: string,
  body: unknown,
  use: (ask: Gateway['ask']) => Promise<void>,
): Promise<void> {
  const gateway = gateways.get(version);
  if (!gateway) throw new Error(`no gateway for ${version}`);
  const undo = gateway.simulator.misbehave(
    (request) => request.path === path && request.headers['authorization'] !== undefined,
    { body },
  );
  try {
    await use(gateway.ask);
  } finally {
    undo();
  }
}

describe('traps', () => {
  const id = 'be376069-2865-4156-a9bc-825cef7d687e';
  const asSession = (more: object) => ({ id, status: 'Success', creationTime: '2022-01-31T16:39:24Z', ...more });

  test.each([
    ['absolute', 'https://other.host:9419/v8/Jobs/00B96531-1A68-4C90-A398-91141FFEDB3B'],
    ['relative', '/v8/Jobs/00b96531-1a68-4c90-a398-91141ffedb3b'],
    ['lower case', 'https://support.east.local:4443/v5/jobs/00b96531-1a68-4c90-a398-91141ffedb3b/'],
    ['of another version', '/v7/Jobs/00b96531-1a68-4c90-a398-91141ffedb3b?x=1#y'],
  ])('a job link that is %s', async (_, href) => {
    await withFixedBody('v8', `JobSessions/${id}`, asSession({ _links: { job: { href } } }), async (ask) => {
      const { data, upstream } = await ask(`{ jobSession(id: "${id}") { type job { id name } } }`);
      expect(data.jobSession).toEqual({
        type: 'BACKUP',
        job: { id: '00b96531-1a68-4c90-a398-91141ffedb3b', name: 'test_job' },
      });
      expect(upstream.map(({ path }) => path)).toEqual([
        `JobSessions/${id}`,
        'Jobs/00b96531-1a68-4c90-a398-91141ffedb3b',
      ]);
    });
  });

  test.each([
    ['../../Organizations'],
    ['Jobs/..%2f..%2fProxies'],
    ['javascript:alert(1)'],
    ['/x/constructor'],
    [''],
    [5],
    [null],
  ])('a job link to %j leads nowhere', async (href) => {
    await withFixedBody('v8', `JobSessions/${id}`, asSession({ _links: { job: { href } } }), async (ask) => {
      const { data, errors, upstream } = await ask(`{ jobSession(id: "${id}") { type job { name } } }`);
      expect({ ...data.jobSession, errors }).toEqual({ type: null, job: null, errors: undefined });
      expect(upstream).toHaveLength(1);
    });
  });

  test('a job link to a collection of no kind tells no type', async () => {
    const href = '/v6/constructor/00b96531-1a68-4c90-a398-91141ffedb3b';
    await withFixedBody('v6', `JobSessions/${id}`, asSession({ _links: { job: { href } } }), async (ask) => {
      const { data, errors } = await ask(`{ jobSession(id: "${id}") { type job { name } } }`);
      expect({ ...data.jobSession, errors }).toEqual({ type: null, job: { name: 'test_job' }, errors: undefined });
    });
  });

  test('an all-zero id is none, and a broken one fails its relation', async () => {
    const repositoryId = '00000000-0000-0000-0000-000000000000';
    await withFixedBody(
      'v8',
      `JobSessions/${id}`,
      asSession({ repositoryId, jobId: '../Organizations' }),
      async (ask) => {
        const { data, errors, upstream } = await ask(
          `{ jobSession(id: "${id}") { status repository { name } job { id name } } }`,
        );
        expect(data.jobSession).toEqual({ status: 'SUCCESS', repository: null, job: null });
        expect(errors).toMatchObject([{ path: ['jobSession', 'job'], extensions: { code: 'UPSTREAM_BAD_RESPONSE' } }]);
        expect(upstream).toHaveLength(1);
      },
    );
  });

  test.each(['9999-12-31T23:59:59.9999999Z', '0001-01-01T00:00:00'])('%s stands for no end', async (endTime) => {
    await withFixedBody('v8', `JobSessions/${id}`, asSession({ endTime }), async (ask) => {
      const { data, errors } = await ask(`{ jobSession(id: "${id}") { endTime durationSeconds } }`);
      expect({ ...data.jobSession, errors }).toEqual({ endTime: null, durationSeconds: null, errors: undefined });
    });
  });

  test('v2 text that does not parse is null with a warning, not zero', async () => {
    const gateway = gateways.get('v2');
    if (gateway) gateway.logLines.length = 0;
    const statistics = {
      processingRate: 'n/a',
      readRate: '1.23.45 KB/s',
      writeRate: '5 furlongs',
      transferredData: '1.234 KB',
      processedObjects: 7,
    };
    await withFixedBody('v2', `JobSessions/${id}`, asSession({ statistics }), async (ask) => {
      const { data, errors } = await ask(`{ jobSession(id: "${id}") { ${STATISTICS} } }`);
      expect(errors).toBeUndefined();
      expect(data.jobSession.statistics).toEqual({
        processingRateBytesPerSecond: null,
        processingRateItemsPerSecond: null,
        readRateBytesPerSecond: null,
        writeRateBytesPerSecond: null,
        transferredDataBytes: null,
        processedObjects: 7,
        bottleneck: null,
        isEstimated: true,
      });
    });
    const strange = {
      processingRate: { toString: 1 },
      readRate: [],
      writeRate: 5,
      transferredData: ' '.repeat(60_000),
    };
    await withFixedBody('v2', `JobSessions/${id}`, asSession({ statistics: strange }), async (ask) => {
      const { data, errors } = await ask(
        `{ jobSession(id: "${id}") { statistics { readRateBytesPerSecond transferredDataBytes } } }`,
      );
      expect({ ...data.jobSession.statistics, errors }).toEqual({
        readRateBytesPerSecond: null,
        transferredDataBytes: null,
        errors: undefined,
      });
    });
    expect(gateway?.logLines.slice(0, 4).map(({ field, problem }) => [field, problem])).toEqual([
      ['statistics.processingRate', 'unreadable text'],
      ['statistics.readRate', 'unreadable text'],
      ['statistics.writeRate', 'unreadable text'],
      ['statistics.transferredData', 'unreadable text'],
    ]);
  });

  test('titles with and without a prefix', async () => {
    const titles = [
      '[Success] Done',
      '[failed] Lost',
      '[Warning]Close',
      '[Stopped] Halt',
      '[Running] On',
      'No prefix',
      '[john@abc] Mailbox',
      '[Success]',
    ];
    const lines = titles.map((title, index) => ({
      id: `00000000-0000-4000-8000-00000000000${index}`,
      usn: index,
      title,
    }));
    await withFixedBody('v7', `JobSessions/${id}/LogItems`, { offset: 0, limit: 31, results: lines }, async (ask) => {
      const { data } = await ask(`{ jobSession(id: "${id}") { log { nodes { type message } } } }`);
      expect(data.jobSession.log.nodes).toEqual([
        { type: 'SUCCESS', message: 'Done' },
        { type: 'ERROR', message: 'Lost' },
        { type: 'WARNING', message: 'Close' },
        { type: 'STOPPED', message: 'Halt' },
        { type: 'RUNNING', message: 'On' },
        { type: 'UNKNOWN', message: 'No prefix' },
        { type: 'UNKNOWN', message: '[john@abc] Mailbox' },
        { type: 'SUCCESS', message: '' },
      ]);
    });
  });

  test('an empty 401 is UNAUTHENTICATED', async () => {
    const { errors } = (await gateways.get('v8')?.ask('{ jobs { nodes { id } } }', {}, { token: 'unknown' })) ?? {};
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
  });

  test('a page that is shorter than asked, as the server allows less, is read on', async () => {
    const gateway = gateways.get('v8');
    const jobs = (JSON.parse(readFixture('v8/jobs_list')) as { results: object[] }).results;
    const undo = [0, 1].map((offset) =>
      gateway?.simulator.misbehave(({ path, query }) => path === 'Jobs' && query['offset'] === String(offset), {
        body: { offset, limit: 1, results: [jobs[offset]], _links: { self: {}, ...(offset === 0 && { next: {} }) } },
      }),
    );
    const { data } = (await gateway?.ask('{ jobs(filter: { type: BACKUP }) { nodes { name } } }')) ?? {};
    for (const off of undo) off?.();
    expect(data.jobs.nodes).toEqual([{ name: 'Never run' }, { name: 'test_job' }]);
  });

  test('a server that ignores the offset is not read for ever', async () => {
    const body = {
      offset: 0,
      limit: 2,
      results: (JSON.parse(readFixture('v8/jobs_list')) as { results: object[] }).results,
    };
    await withFixedBody('v8', 'Jobs', body, async (ask) => {
      const { errors, upstream } = await ask('{ jobs(filter: { type: BACKUP }) { nodes { name } } }');
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_BAD_RESPONSE']);
      expect(upstream).toHaveLength(2);
    });
  });

  test.each(['v2', 'v4', 'v7'])(
    '%s: an array where a page was expected, and a page where an array was',
    async (version) => {
      const sessions = (JSON.parse(readFixture('v5/job_sessions_page1')) as { results: { id: string }[] }).results;
      const page = { offset: 0, limit: 30, results: sessions };
      for (const body of [sessions, page]) {
        await withFixedBody(version, 'JobSessions', body, async (ask) => {
          const { data, errors } = await ask('{ jobSessions(first: 1) { nodes { id } pageInfo { hasNextPage } } }');
          expect(errors).toBeUndefined();
          expect(data.jobSessions).toEqual({ nodes: [{ id: sessions[0]?.id }], pageInfo: { hasNextPage: true } });
        });
      }
      await withFixedBody(
        version,
        'Proxies',
        { offset: 0, limit: 30, results: JSON.parse(readFixture('v7/proxies_list')) as unknown },
        async (ask) => {
          expect((await ask('{ proxies { nodes { hostName } } }')).data.proxies.nodes).toEqual([
            { hostName: 'support.east.local' },
          ]);
        },
      );
    },
  );

  test('decimals with a comma all through', async () => {
    await withGateway({ apiVersion: 'v2', simulator: { decimalComma: true } }, async ({ ask }) => {
      const { data } = await ask(
        '{ jobSessions(first: 20) { nodes { statistics { readRateBytesPerSecond writeRateBytesPerSecond } } } }',
      );
      expect(data.jobSessions.nodes).toHaveLength(20);
      for (const { statistics } of data.jobSessions.nodes)
        expect(statistics.readRateBytesPerSecond).toEqual(expect.any(Number));
    });
  });

  test('a status filter that the server cannot take is applied here', async () => {
    const { data, upstream, errors } =
      (await gateways
        .get('v8')
        ?.ask(
          '{ jobSessions(first: 3, filter: { statuses: [QUEUED, FAILED] }) { nodes { status } scanLimitReached } }',
        )) ?? {};
    expect(errors).toBeUndefined();
    expect(upstream?.every(({ query }) => !('status' in query))).toBe(true);
    expect(data.jobSessions.nodes.map(({ status }: { status: string }) => status)).toEqual([
      'FAILED',
      'FAILED',
      'FAILED',
    ]);
  });
});
