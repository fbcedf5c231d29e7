import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withGateway, type Data } from '../helpers/gateway.js';
import { startOddServer, type OddServer } from '../helpers/oddServer.js';

/** The extended view fails: what the plain view has is answered all the same. */

const ORGANIZATION = '5db60525-e59f-49b9-b49b-407fc9bf2642';
const PROXY = '46d10221-7974-42d7-bb38-f80e65f95f3d';
const REPOSITORY = '035bcd44-6f68-4335-b6b8-4e22452eb8ff';
const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const offline = { status: 500, body: { message: 'secret', errorCode: 'ProxyOffline' } };
const extended = (path: string): string => `${path}?extendedView=true`;
/** The plain view is asked for by name in v5 and v6. */
const plain = (path: string, isByName: boolean): string => (isByName ? `${path}?extendedView=false` : path);

let server: OddServer;
beforeAll(async () => {
  server = await startOddServer(['v5', 'v6', 'v7', 'v8'], { timeoutMs: 400 });
});
afterAll(() => server.close());

describe('organizations', () => {
  test.each(['v6', 'v7', 'v8'])(
    'in a list have their names, and errors in the extended fields: %s',
    async (version) => {
      const { data, errors, asked } = await server.ask(
        version,
        { [extended('Organizations')]: offline },
        '{ organizations { nodes { id name isBackedUp lastBackupTime } } }',
      );
      const { nodes } = data.organizations;
      expect(nodes.length).toBeGreaterThan(1);
      expect(nodes.map(({ name }: { name: unknown }) => typeof name)).toEqual(nodes.map(() => 'string'));
      expect(errors).toEqual(
        nodes.flatMap((_: unknown, index: number) => [
          [`organizations.nodes.${index}.isBackedUp`, 'UPSTREAM_ERROR'],
          [`organizations.nodes.${index}.lastBackupTime`, 'UPSTREAM_ERROR'],
        ]),
      );
      expect(asked).toEqual([extended('Organizations'), plain('Organizations', version === 'v6')]);
    },
  );

  test.each(['v6', 'v7', 'v8'])('by id, by a relation and as entities have their names: %s', async (version) => {
    const path = `Organizations/${ORGANIZATION}`;
    const fields = '{ name isBackedUp firstBackupTime }';
    for (const [query, at] of [
      [`{ organization(id: "${ORGANIZATION}") ${fields} }`, 'organization'],
      [`{ jobSession(id: "${SESSION}") { job { organization ${fields} } } }`, 'jobSession.job.organization'],
      [
        `{ _entities(representations: [{ __typename: "Organization", id: "${ORGANIZATION}" }]) { ... on Organization ${fields} } }`,
        '_entities.0',
      ],
    ] as const) {
      const { data, errors, asked } = await server.ask(version, { [extended(path)]: offline }, query);
      const found = at.split('.').reduce<Data>((value, key) => value[key], data);
      expect(found).toEqual({ name: 'abc.onmicrosoft.com', isBackedUp: null, firstBackupTime: null });
      expect(errors).toEqual([
        [`${at}.isBackedUp`, 'UPSTREAM_ERROR'],
        [`${at}.firstBackupTime`, 'UPSTREAM_ERROR'],
      ]);
      expect(asked.slice(-2)).toEqual([extended(path), plain(path, version === 'v6')]);
    }
  });

  test('of several jobs are one list more', async () => {
    const { data, errors, asked } = await server.ask(
      'v8',
      { [extended('Organizations')]: offline },
      '{ jobs(filter: { type: BACKUP }) { nodes { organization { name isBackedUp } } } }',
    );
    const names = data.jobs.nodes.map(({ organization }: { organization: { name: unknown } }) => organization.name);
    expect(names.length).toBeGreaterThan(2);
    expect(names).not.toContain(null);
    expect(errors.map(([, code]) => code)).toEqual(names.map(() => 'UPSTREAM_ERROR'));
    expect(asked).toEqual(['Jobs', extended('Organizations'), 'Organizations']);
  });

  test('that the server has in no view are null, without an error', async () => {
    const id = '11111111-1111-4111-8111-111111111111';
    const { data, errors } = await server.ask('v8', {}, `{ organization(id: "${id}") { name isBackedUp } }`);
    expect([data, errors]).toEqual([{ organization: null }, []]);
  });

  test('that only the extended view does not have keep their names', async () => {
    const missing = { status: 404, body: { message: 'x' } };
    const { data, errors } = await server.ask(
      'v7',
      { [extended(`Organizations/${ORGANIZATION}`)]: missing },
      `{ organization(id: "${ORGANIZATION}") { name isBackedUp } }`,
    );
    expect(data.organization).toEqual({ name: 'abc.onmicrosoft.com', isBackedUp: null });
    expect(errors).toEqual([['organization.isBackedUp', 'NOT_FOUND']]);
  });

  test('have the value of an extended field that the plain view has as well', async () => {
    const { data, errors } = await server.ask(
      'v8',
      {
        [extended('Organizations')]: offline,
        Organizations: { body: [{ id: ORGANIZATION, name: 'x', isBackedup: false }] },
      },
      '{ organizations { nodes { name isBackedUp lastBackupTime } } }',
    );
    expect(data.organizations.nodes).toEqual([{ name: 'x', isBackedUp: false, lastBackupTime: null }]);
    expect(errors).toEqual([['organizations.nodes.0.lastBackupTime', 'UPSTREAM_ERROR']]);
  });
});

describe('proxies', () => {
  test.each(['v5', 'v6', 'v7'])('have their names in a list, by id and by a relation: %s', async (version) => {
    const answers = { [extended('Proxies')]: offline, [extended(`Proxies/${PROXY}`)]: offline };
    const fields = '{ hostName port threadsNumber throttlingUnit }';
    const list = await server.ask(version, answers, `{ proxies { nodes ${fields} } }`);
    expect(list.data.proxies.nodes).toHaveLength(2);
    expect(list.data.proxies.nodes[0]).toMatchObject({ hostName: expect.any(String), port: 9193, threadsNumber: null });
    expect(list.errors).toHaveLength(4);
    for (const query of [
      `{ proxy(id: "${PROXY}") ${fields} }`,
      `{ backupRepository(id: "${REPOSITORY}") { proxy ${fields} } }`,
    ]) {
      const { data, errors } = await server.ask(version, answers, query);
      expect(data.proxy ?? data.backupRepository.proxy).toMatchObject({ hostName: 'support.east.local', port: 9193 });
      expect(errors.map(([path]) => path.split('.').at(-1))).toEqual(['threadsNumber', 'throttlingUnit']);
    }
  });
});

describe('the plain view is read after', () => {
  const query = '{ organizations { nodes { name isBackedUp } } }';
  test.each([
    ['a 501', { status: 501, body: { message: 'x' } }, 'UPSTREAM_ERROR'],
    ['a 403', { status: 403, body: { message: 'x', errorCode: 'ResourceAccessDenied' } }, 'FORBIDDEN'],
    ['a 400', { status: 400, body: { message: 'x' } }, 'UPSTREAM_REJECTED'],
    ['a timeout', { hang: true }, 'UPSTREAM_TIMEOUT'],
    ['a page of HTML', { status: 404, body: '<html>' }, 'UPSTREAM_UNAVAILABLE'],
    ['a body that is not JSON', { body: '{' }, 'UPSTREAM_BAD_RESPONSE'],
  ])('%s', async (_, how, code) => {
    const { data, errors, asked } = await server.ask('v8', { [extended('Organizations')]: how }, query);
    expect(data.organizations.nodes[0].name).toBe('abc.onmicrosoft.com');
    expect(new Set(errors.map(([, each]) => each))).toEqual(new Set([code]));
    expect(asked).toEqual([extended('Organizations'), 'Organizations']);
  });

  test.each([
    ['a list', 'organizations { nodes { name isBackedUp } }', 'Organizations'],
    ['one by its id', `organization(id: "${ORGANIZATION}") { name isBackedUp }`, `Organizations/${ORGANIZATION}`],
  ])('a timeout of %s, when the operation has no time for both', async (_, field, path) => {
    await withGateway({ apiVersion: 'v8', timeoutMs: 5000, operationTimeoutMs: 1200 }, async ({ ask, simulator }) => {
      await ask('{ backupServer { apiVersion } }');
      simulator.misbehave(({ query: { extendedView } }) => extendedView === 'true', { hang: true });
      const { data, errors, upstream } = await ask(`{ ${field} }`);
      expect(JSON.stringify(data)).toContain('"name":"abc.onmicrosoft.com"');
      expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set(['UPSTREAM_TIMEOUT']));
      expect(upstream.map((request) => request.path)).toEqual([path, path]);
    });
  });

  test.each([
    ['a 401', { status: 401 }, 'UNAUTHENTICATED'],
    ['a 429', { status: 429, headers: { 'retry-after': '60' }, body: { message: 'x' } }, 'UPSTREAM_RATE_LIMITED'],
  ])('not %s', async (_, how, code) => {
    const { data, errors, asked } = await server.ask('v8', { [extended('Organizations')]: how }, query);
    expect(data).toEqual({ organizations: null });
    expect(errors).toEqual([['organizations', code]]);
    expect(asked).toEqual([extended('Organizations')]);
  });

  test('and its own error counts when it fails as well', async () => {
    const { data, errors } = await server.ask(
      'v8',
      { [extended('Organizations')]: offline, Organizations: { status: 403, body: { message: 'x' } } },
      query,
    );
    expect([data, errors]).toEqual([{ organizations: null }, [['organizations', 'FORBIDDEN']]]);
  });
});

test('a later operation of the same token is not answered with the errors of an earlier one', async () => {
  const query = `{ jobSession(id: "${SESSION}") { job { organization { name isBackedUp } } } }`;
  const { token } = server.gateway('v8');
  const path = `Organizations/${ORGANIZATION}`;
  const failed = await server.ask('v8', { [extended(path)]: offline }, query, { token });
  expect(failed.errors).toHaveLength(1);
  const mended = await server.ask('v8', {}, query, { token });
  expect([mended.data.jobSession.job.organization, mended.errors]).toEqual([
    { name: 'abc.onmicrosoft.com', isBackedUp: true },
    [],
  ]);
  expect(mended.asked).toContain(extended(path));
});
