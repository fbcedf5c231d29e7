import { afterEach, beforeAll, afterAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { startGateway, withGateway, type Gateway, type GraphError } from './helpers/gateway.js';
import type { Misbehaviour } from '../src/simulator/index.js';

/** A 404 says that something is missing only if the API itself says so. A proxy in front of a stopped service says it of everything. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);
const page = '<HTML><HEAD><TITLE>Not Found</TITLE></HEAD><BODY><h2>Not Found</h2></BODY></HTML>';
const trace = 'at Veeam.Archiver\r\n'.repeat(10_000);

const foreign: [string, Misbehaviour][] = [
  ['a page', { status: 404, headers: { 'content-type': 'text/html' }, body: page }],
  ['a page that claims to be JSON', { status: 404, headers: { 'content-type': 'application/json' }, body: page }],
  ['no body', { status: 404 }],
  ['text', { status: 404, body: 'default backend - 404' }],
  ['a JSON text', { status: 404, body: '"message"' }],
  ['a JSON array', { status: 404, body: [{ message: 'gone' }] }],
  ['JSON null', { status: 404, body: 'null' }],
  ['JSON of something else', { status: 404, body: { status: 404, error: 'Not Found' } }],
  ['a message that is no text', { status: 404, body: { message: null, errorCode: 404 } }],
  ['a page longer than what is read', { status: 404, body: page.repeat(2000) }],
  ['an error body that breaks off', { status: 404, body: '{"message": "Job was not' }],
];

const own: [string, unknown][] = [
  ...[2, 3, 4, 5, 6, 7, 8].map((version): [string, unknown] => [
    `v${version}'s`,
    readFileSync(`test/fixtures/v${version}/error_404.json`, 'utf8'),
  ]),
  ['with a byte order mark', '\uFEFF{"message":"gone"}'],
  ['with an error code alone', { errorCode: 'ResourceNotFound' }],
  ['with a capital', { Message: 'No HTTP resource was found that matches the request URI.' }],
  [
    'with a stack trace longer than what is read',
    { message: 'gone', errorCode: 'ResourceNotFound', stackTrace: trace },
  ],
];

let gateway: Gateway;
let undo: (() => void) | undefined;
beforeAll(async () => {
  gateway = await startGateway({ apiVersion: 'v8' });
});
afterEach(() => {
  undo?.();
});
afterAll(() => gateway.close());

const QUERY = `{
  jobSession(id: "${SESSION}") { id }
  job(id: "${JOB}") { id }
  organizations { nodes { id } }
}`;

test.each(foreign)('a 404 with %s is UPSTREAM_UNAVAILABLE', async (_, how) => {
  undo = gateway.simulator.misbehave(({ headers }) => headers['authorization'] !== undefined, how);
  const { data, errors, headers } = await gateway.ask(QUERY);
  expect(codes(errors)).toEqual(['UPSTREAM_UNAVAILABLE', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_UNAVAILABLE']);
  expect(data).toEqual({ jobSession: null, job: null, organizations: null });
  expect(headers.get('cache-control')).toContain('no-store');
});

test.each(own)('a 404 with an error body %s is null without an error', async (_, body) => {
  undo = gateway.simulator.misbehave(({ path }) => path.startsWith('Job'), { status: 404, body });
  const { data, errors } = await gateway.ask(`{ jobSession(id: "${SESSION}") { id } job(id: "${JOB}") { id } }`);
  expect(errors).toBeUndefined();
  expect(data).toEqual({ jobSession: null, job: null });
});

describe('a relation that a proxy answers with 404', () => {
  test('is an error each time, and is found once the service is back', async () => {
    const query = `{ jobSession(id: "${SESSION}") { job { name } } }`;
    const { token } = gateway;
    undo = gateway.simulator.misbehave(({ path }) => path.startsWith('Jobs/'), { status: 404, body: page });
    for (let count = 0; count < 2; count += 1) {
      const { data, errors } = await gateway.ask(query, {}, { token });
      expect(data.jobSession).toEqual({ job: null });
      expect(codes(errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
    }
    undo();
    expect((await gateway.ask(query, {}, { token })).data.jobSession).toEqual({ job: { name: 'test_job' } });
  });

  test.each([2, 5, 6])('is no empty list in v%i, where an API 404 is', async (version) => {
    await withGateway({ apiVersion: `v${version}` }, async ({ ask, simulator }) => {
      const query = `{ jobSessions(filter: { jobId: "${JOB}", type: BACKUP }) { nodes { id } } }`;
      const isOfJob = ({ path }: { path: string }): boolean => path === `Jobs/${JOB}/JobSessions`;
      simulator.misbehave(isOfJob, { status: 404, body: { message: 'gone' } });
      expect((await ask(query)).data.jobSessions).toEqual({ nodes: [] });
      simulator.misbehave(isOfJob, { status: 404, body: page });
      expect(codes((await ask(query)).errors)).toEqual(['UPSTREAM_UNAVAILABLE']);
    });
  });
});

test('a proxy in front of a stopped service is not remembered: the version is found once the service is back', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    const back = simulator.misbehave(() => true, { status: 404, body: page });
    expect(codes((await ask(QUERY)).errors)[0]).toBe('UPSTREAM_UNAVAILABLE');
    back();
    const { data, errors } = await ask(`{ backupServer { apiVersion } jobSession(id: "${SESSION}") { id } }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ backupServer: { apiVersion: 'v8' }, jobSession: { id: SESSION } });
  });
});
