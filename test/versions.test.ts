import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, type Data, type Gateway } from './helpers/gateway.js';

/** One contract, many versions: the same questions, the same graph. */

const SESSION = `
  id creationTime endTime durationSeconds progress status details type configType retryCount willBeRetried
  statistics {
    processingRateBytesPerSecond processingRateItemsPerSecond readRateBytesPerSecond writeRateBytesPerSecond
    transferredDataBytes processedObjects bottleneck isEstimated
  }
  job { id name type }
  repository { name }
  objectList: processedObjects(first: 2) { nodes { objectId type status } }
`;
const JOB = `
  id name description type backupType isEnabled lastRun nextRun lastBackup lastStatus
  schedulePolicy { type dailyType dailyTime periodMinutes retryEnabled retryNumber retryWaitMinutes backupWindowEnabled }
  organization { name } repository { name } latestSession { id status }
  sessions(first: 3) { nodes { id } pageInfo { hasNextPage } }
`;

const questions = {
  documented2017: `{ jobSession(id: "be376069-2865-4156-a9bc-825cef7d687e") { ${SESSION} log { nodes { id sequenceNumber type message creationTime endTime durationSeconds } } } }`,
  documented2019: `{ jobSession(id: "a8cf9a63-64c3-4748-9c95-b1fbac0cce1d") { ${SESSION} } }`,
  newestBackups: `{ jobSessions(first: 40, filter: { type: BACKUP }) { nodes { ${SESSION} } } }`,
  troubled: `{ jobSessions(first: 3, filter: { type: BACKUP, statuses: [FAILED, WARNING] }) { nodes { id status log(types: [ERROR, WARNING]) { nodes { type message creationTime } } } } }`,
  running: `{ jobSessions(first: 5, filter: { type: BACKUP, statuses: [RUNNING] }) { nodes { id endTime durationSeconds progress log(order: DESC, first: 1) { nodes { type message endTime durationSeconds } } } } }`,
  jobs: `{ jobs(filter: { type: BACKUP }) { nodes { ${JOB} } } }`,
  organizations: `{ organizations { nodes { id name officeName description type region isExchangeOnline isSharePointOnline isTeamsOnline isTeamsChatsOnline isBackedUp firstBackupTime lastBackupTime } } }`,
  repositories: `{ backupRepositories { nodes { id name description path capacityBytes freeSpaceBytes retentionType isOutOfSync isLongTerm isOutdated isOutOfOrder outOfOrderReason proxy { hostName } } } }`,
  proxies: `{ proxies { nodes { id hostName fqdn description port status type threadsNumber throttlingValue throttlingUnit operatingSystem maintenanceMode cpuUsagePercent memoryUsagePercent version } } }`,
  server: `{ backupServer { productVersion installationId } }`,
};

type Question = keyof typeof questions;

/** Fields that a version does not have, by the last version without them: they are null there. */
const lackingUntil: Record<string, { until: number; in: Question[] }> = {
  'JobSession.details': { until: 5, in: ['documented2017', 'documented2019', 'newestBackups'] },
  'JobSession.retryCount': { until: 5, in: ['documented2017', 'documented2019', 'newestBackups'] },
  'JobSession.willBeRetried': { until: 6, in: ['documented2017', 'documented2019', 'newestBackups'] },
  'JobSession.repository': { until: 6, in: ['documented2017', 'documented2019', 'newestBackups'] },
  'JobSession.objectList': { until: 6, in: ['documented2017', 'documented2019', 'newestBackups'] },
  'JobSession.configType': { until: 7, in: ['documented2017', 'documented2019', 'newestBackups'] },
  'Job.lastBackup': { until: 6, in: ['jobs'] },
  'Organization.officeName': { until: 2, in: ['organizations'] },
  'Organization.isExchangeOnline': { until: 2, in: ['organizations'] },
  'Organization.isSharePointOnline': { until: 2, in: ['organizations'] },
  'Organization.isTeamsOnline': { until: 4, in: ['organizations'] },
  'Organization.isTeamsChatsOnline': { until: 5, in: ['organizations'] },
  'Organization.description': { until: 6, in: ['organizations'] },
  'BackupRepository.retentionType': { until: 2, in: ['repositories'] },
  'BackupRepository.isOutOfSync': { until: 5, in: ['repositories'] },
  'BackupRepository.isLongTerm': { until: 5, in: ['repositories'] },
  'BackupRepository.isOutdated': { until: 7, in: ['repositories'] },
  'BackupRepository.isOutOfOrder': { until: 7, in: ['repositories'] },
  'Proxy.type': { until: 5, in: ['proxies'] },
  'Proxy.fqdn': { until: 6, in: ['proxies'] },
  'Proxy.operatingSystem': { until: 7, in: ['proxies'] },
  'Proxy.maintenanceMode': { until: 7, in: ['proxies'] },
  'Proxy.cpuUsagePercent': { until: 7, in: ['proxies'] },
  'Proxy.memoryUsagePercent': { until: 7, in: ['proxies'] },
  'Proxy.version': { until: 7, in: ['proxies'] },
  'BackupServer.productVersion': { until: 5, in: ['server'] },
  'BackupServer.installationId': { until: 5, in: ['server'] },
};

const estimated = [
  'processingRateBytesPerSecond',
  'readRateBytesPerSecond',
  'writeRateBytesPerSecond',
  'transferredDataBytes',
];

/** The answer that a version should give: v8's, without what the version does not have. */
function expectedOf(question: Question, version: number, reference: Data): Data {
  const lacking = new Set(
    Object.entries(lackingUntil)
      .filter(([, lack]) => version <= lack.until && lack.in.includes(question))
      .map(([name]) => name.split('.')[1]),
  );
  const walk = (value: Data): Data => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value as Record<string, Data>).map(([name, inner]) => {
        if (lacking.has(name)) return [name, null];
        if (name === 'threadsNumber') return [name, version < 8 ? expect.any(Number) : null]; // v8 alone has dropped a field
        if (version === 2 && name === 'isEstimated') return [name, true];
        if (version === 2 && estimated.includes(name)) return [name, expect.any(Number)]; // compared by `expectEstimates`
        return [name, walk(inner)];
      }),
    );
  };
  return walk(reference);
}

/** v2 prints one decimal: what comes of it is within half of that of the exact number. */
function expectEstimates(actual: Data, exact: Data): void {
  if (typeof exact !== 'object' || exact === null || actual === null) return; // null: what v2 lacks
  for (const [name, value] of Object.entries(exact as Record<string, Data>)) {
    if (!estimated.includes(name)) {
      expectEstimates(actual[name], value);
      continue;
    }
    const unit = 1024 ** Math.floor(Math.log(Math.max(value, 1)) / Math.log(1024));
    expect(Math.abs(actual[name] - value)).toBeLessThanOrEqual(unit * 0.05 + 0.5);
  }
}

const reference = {} as Record<Question, Data>;
const gateways = new Map<number, Gateway>();

beforeAll(async () => {
  for (const version of [2, 3, 4, 5, 6, 7, 8]) gateways.set(version, await startGateway({ apiVersion: `v${version}` }));
  for (const [question, query] of Object.entries(questions)) {
    const { data, errors } = (await gateways.get(8)?.ask(query)) ?? {};
    expect(errors).toBeUndefined();
    reference[question as Question] = data;
  }
});

afterAll(async () => {
  for (const gateway of gateways.values()) await gateway.close();
});

test('the reference is what the documentation shows, and what the simulator holds', () => {
  expect(reference.documented2017.jobSession).toMatchObject({
    creationTime: '2017-04-04T07:07:21.3994255Z',
    endTime: '2017-04-04T07:11:36.9857918Z',
    durationSeconds: 255.5863663,
    progress: 3,
    status: 'SUCCESS',
    type: 'BACKUP',
    configType: 'FULL',
    statistics: {
      processingRateBytesPerSecond: 101478,
      processingRateItemsPerSecond: 6,
      readRateBytesPerSecond: 1048576,
      writeRateBytesPerSecond: 21810381,
      transferredDataBytes: 12345,
      processedObjects: 1655,
      bottleneck: 'SOURCE',
      isEstimated: false,
    },
    job: { id: '00b96531-1a68-4c90-a398-91141ffedb3b', name: 'test_job', type: 'BACKUP' },
    log: {
      nodes: [
        {
          id: 'e7668151-524f-4fa5-a30a-c647bf7ca8c5',
          sequenceNumber: 1,
          type: 'SUCCESS',
          message: 'Job started at 4/4/2017 12:07:21 AM',
          creationTime: '2017-04-04T07:07:21.3664166Z',
          durationSeconds: 0,
        },
        { sequenceNumber: 2, type: 'SUCCESS', message: 'Connected to organization' },
      ],
    },
  });
  expect(reference.documented2019.jobSession).toMatchObject({
    durationSeconds: 58.4494519,
    statistics: {
      processingRateBytesPerSecond: 1683256,
      processingRateItemsPerSecond: 20,
      readRateBytesPerSecond: 5383429,
      writeRateBytesPerSecond: 26015396,
      transferredDataBytes: 98142970,
      processedObjects: 1193,
      bottleneck: 'SOURCE',
      isEstimated: false,
    },
  });
  const simulator = gateways.get(8)?.simulator;
  const newest = simulator?.history
    .sessions()
    .filter(({ job }) => job.kind === 'Backup')
    .slice(0, 40);
  expect(reference.newestBackups.jobSessions.nodes.map((node: Data) => node.id)).toEqual(newest?.map(({ id }) => id));
  expect(reference.troubled.jobSessions.nodes).toHaveLength(3);
  expect(reference.troubled.jobSessions.nodes.every((node: Data) => node.log.nodes.length > 0)).toBe(true);
  expect(reference.running.jobSessions.nodes).not.toHaveLength(0);
  expect(reference.running.jobSessions.nodes[0]).toMatchObject({
    endTime: null,
    durationSeconds: null,
    log: { nodes: [{ type: 'RUNNING', endTime: null, durationSeconds: null }] },
  });
  expect(reference.jobs.jobs.nodes).toHaveLength(10);
  expect(reference.organizations.organizations.nodes).toHaveLength(3);
});

describe.each([2, 3, 4, 5, 6, 7])('v%i answers as v8 does', (version) => {
  test.each(Object.keys(questions) as Question[])('%s', async (question) => {
    const gateway = gateways.get(version);
    const { data, errors } = (await gateway?.ask(questions[question])) ?? {};
    expect(errors).toBeUndefined();
    expect(data).toEqual(expectedOf(question, version, reference[question]));
    if (version === 2) expectEstimates(data, reference[question]);
  });
});

test('v2 answers its documented session from its text', async () => {
  const { data } = (await gateways.get(2)?.ask(questions.documented2017)) ?? {};
  expect(data.jobSession.statistics).toEqual({
    processingRateBytesPerSecond: 101478,
    processingRateItemsPerSecond: 6,
    readRateBytesPerSecond: 1048576,
    writeRateBytesPerSecond: 21810381,
    transferredDataBytes: 12345,
    processedObjects: 1655,
    bottleneck: 'SOURCE',
    isEstimated: true,
  });
});

describe('copy jobs', () => {
  const query = `{
    jobs(filter: { type: COPY }) { nodes {
      id name type backupType description sourceJob { name type } organization { name } repository { name }
      schedulePolicy { type dailyTime } latestSession { type job { name } } sessions(first: 2) { nodes { type } }
    } }
  }`;

  test.each([6, 7, 8])('v%i has them, with their source and its organization', async (version) => {
    const { data, errors } = (await gateways.get(version)?.ask(query)) ?? {};
    expect(errors).toBeUndefined();
    expect(data.jobs.nodes).toEqual([
      {
        id: expect.any(String),
        name: 'Copy of Mailboxes',
        type: 'COPY',
        backupType: null,
        description: null,
        sourceJob: { name: 'Mailboxes', type: 'BACKUP' },
        organization: { name: 'northwind.onmicrosoft.com' },
        repository: { name: 'Archive' },
        schedulePolicy: { type: 'DAILY', dailyTime: '04:10:00' },
        latestSession: { type: 'COPY', job: { name: 'Copy of Mailboxes' } },
        sessions: { nodes: [{ type: 'COPY' }, { type: 'COPY' }] },
      },
      expect.objectContaining({ name: 'Copy of test_job', sourceJob: { name: 'test_job', type: 'BACKUP' } }),
    ]);
    const [{ id }] = data.jobs.nodes;
    const one = await gateways.get(version)?.ask(`query ($id: ID!) { job(id: $id) { name type } }`, { id });
    expect(one?.data.job).toEqual({ name: 'Copy of Mailboxes', type: 'COPY' });
    // By its id alone, nobody knows that the job is a copy job.
    const sessions = await gateways
      .get(version)
      ?.ask(`query ($id: ID!) { jobSessions(first: 2, filter: { jobId: $id }) { nodes { type job { id } } } }`, { id });
    expect(sessions?.data.jobSessions.nodes).toEqual([
      { type: 'COPY', job: { id } },
      { type: 'COPY', job: { id } },
    ]);
  });

  test.each([2, 3, 4, 5])('v%i has none, and says so without a request', async (version) => {
    const jobs = await gateways.get(version)?.ask(query);
    expect(jobs?.data).toEqual({ jobs: { nodes: [] } });
    const sessions = await gateways.get(version)?.ask('{ jobSessions(filter: { type: COPY }) { nodes { id } } }');
    expect(sessions?.data).toEqual({ jobSessions: { nodes: [] } });
    expect([...(jobs?.upstream ?? []), ...(sessions?.upstream ?? [])]).toEqual([]);
  });
});

describe('what each version is sent', () => {
  test.each([2, 3, 4])('v%i session lists get no paging parameter', async (version) => {
    const { upstream } = (await gateways.get(version)?.ask('{ jobSessions(first: 5) { nodes { id } } }')) ?? {};
    expect(upstream?.map(({ path, query }) => ({ path, query }))).toEqual([{ path: 'JobSessions', query: {} }]);
  });

  test('v2 gets its content type on GET', async () => {
    const { upstream } = (await gateways.get(2)?.ask('{ proxies { nodes { id } } }')) ?? {};
    expect(upstream?.map(({ headers }) => headers['content-type'])).toEqual(['application/json']);
  });

  test.each([
    [6, { jobType: 'Backup' }],
    [
      7,
      { jobType: 'Backup', jobId: '00b96531-1a68-4c90-a398-91141ffedb3b', endTimeUpperBound: '2026-11-20T00:00:00Z' },
    ],
    [
      8,
      {
        jobType: 'Backup',
        jobId: '00b96531-1a68-4c90-a398-91141ffedb3b',
        endTimeUpperBound: '2026-11-20T00:00:00Z',
        status: 'Succeeded',
      },
    ],
  ])('v%i filters what it can', async (version, pushed) => {
    const jobId = version === 6 ? '' : 'jobId: "00B96531-1A68-4C90-A398-91141FFEDB3B",';
    const { upstream, data } =
      (await gateways
        .get(version)
        ?.ask(
          `{ jobSessions(first: 5, filter: { ${jobId} type: BACKUP, statuses: [SUCCESS], endedAfter: "2026-11-12T02:00:00+02:00", endedBefore: "2026-11-20T00:00:00Z" }) { nodes { status endTime } } }`,
        )) ?? {};
    const [first] = upstream ?? [];
    expect(first?.query).toEqual({ ...pushed, offset: '0', limit: '500' });
    expect(data.jobSessions.nodes).toHaveLength(5);
    for (const { status, endTime } of data.jobSessions.nodes) {
      expect(status).toBe('SUCCESS');
      expect(endTime < '2026-11-20' && endTime >= '2026-11-12').toBe(true);
    }
  });

  test.each([5, 6])('v%i finds the sessions of a job under the job', async (version) => {
    const query =
      '{ jobSessions(first: 2, filter: { jobId: "00b96531-1a68-4c90-a398-91141ffedb3b" }) { nodes { job { id } } } }';
    const { upstream, data } = (await gateways.get(version)?.ask(query)) ?? {};
    expect(upstream?.map(({ path }) => path)).toEqual(['Jobs/00b96531-1a68-4c90-a398-91141ffedb3b/JobSessions']);
    expect(data.jobSessions.nodes).toHaveLength(2);
  });

  test.each([2, 3, 4, 5, 6, 7, 8])('v%i has no sessions of a job that does not exist', async (version) => {
    const query =
      '{ jobSessions(filter: { jobId: "11111111-1111-4111-8111-111111111111" }) { nodes { id } scanLimitReached } }';
    const { data, errors } = (await gateways.get(version)?.ask(query)) ?? {};
    expect({ data, errors }).toEqual({
      data: { jobSessions: { nodes: [], scanLimitReached: false } },
      errors: undefined,
    });
  });

  test.each([2, 3, 4, 5, 6, 7, 8])('v%i lists the jobs of one organization, copy jobs among them', async (version) => {
    const query =
      '{ jobs(filter: { organizationId: "5db60525-e59f-49b9-b49b-407fc9bf2642" }) { nodes { name organization { id } } } }';
    const { data, upstream } = (await gateways.get(version)?.ask(query)) ?? {};
    expect(data.jobs.nodes).toHaveLength(version >= 6 ? 6 : 5);
    expect(upstream?.[0]).toMatchObject(
      version === 8
        ? { path: 'Jobs', query: { organizationId: '5db60525-e59f-49b9-b49b-407fc9bf2642' } }
        : { path: 'Organizations/5db60525-e59f-49b9-b49b-407fc9bf2642/Jobs' },
    );
  });

  test.each([
    [5, { plain: undefined, extended: undefined, proxyPlain: 'false', proxyExtended: 'true' }],
    [6, { plain: 'false', extended: 'true', proxyPlain: 'false', proxyExtended: 'true' }],
    [7, { plain: undefined, extended: 'true', proxyPlain: undefined, proxyExtended: 'true' }],
    [8, { plain: undefined, extended: 'true', proxyPlain: undefined, proxyExtended: undefined }],
  ])('v%i is asked for the extended view only when a field needs it', async (version, expected) => {
    const gateway = gateways.get(version);
    const viewOf = async (query: string): Promise<string | undefined> =>
      (await gateway?.ask(query))?.upstream[0]?.query['extendedView'];
    expect({
      plain: await viewOf('{ organizations { nodes { name } } }'),
      extended: await viewOf('{ organizations { nodes { ...F } } } fragment F on Organization { isBackedUp }'),
      proxyPlain: await viewOf('{ proxies { nodes { hostName } } }'),
      proxyExtended: await viewOf('{ proxies { edges { node { threadsNumber } } } }'),
    }).toEqual(expected);
  });
});
