import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readRetryAfter } from '../../src/upstream/retryAfter.js';
import { startGateway, withGateway, type Gateway } from '../helpers/gateway.js';

/** `Retry-After` is a number of seconds or a date of HTTP. Anything else is as if it were not there. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `{ jobSession(id: "${SESSION}") { id } }`;
const NOW_MS = Date.UTC(2026, 10, 20, 12, 30, 0);

describe('readRetryAfter', () => {
  beforeAll(() => {
    jest.useFakeTimers({ now: NOW_MS });
  });
  afterAll(() => {
    jest.useRealTimers();
  });

  test.each<[string, number]>([
    ['0', 0],
    ['7', 7],
    ['0.2', 1],
    ['29.0001', 30],
    ['00012', 12],
    ['99999999999999999999', 86_400],
    ['Fri, 20 Nov 2026 12:31:30 GMT', 90],
    ['Friday, 20-Nov-26 12:31:30 GMT', 90],
    ['Fri Nov 20 12:31:30 2026', 90],
    ['Fri, 20 Nov 2026 12:00:00 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400],
  ])('returns the seconds of "%s"', (header, seconds) => {
    expect(readRetryAfter(header)).toBe(seconds);
  });

  test.each([
    '',
    '-1',
    '+5',
    '1e3',
    '.5',
    '5.',
    '5 s',
    '0x10',
    '1,5',
    'PT5S',
    'soon',
    '2026-11-20T12:31:30Z',
    '20 Nov 2026 12:31:30 GMT',
    'Fri, 20 Nov 2026 12:31:30',
    'Fri, 20 Nov 2026 12:31:30 +0100',
    'Fri, 31 Apr 2027 12:31:30 GMT',
    'Fri, 20 Nov 2026 24:00:00 GMT',
  ])('returns nothing for "%s"', (header) => {
    expect(readRetryAfter(header)).toBeUndefined();
  });
});

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ apiVersion: 'v8' });
  await gateway.ask(QUERY);
});
afterAll(() => gateway.close());

test.each<[number, string, number | undefined, number]>([
  [429, '30.5', 31, 1],
  [503, '30.5', 31, 1],
  [429, '-5', undefined, 1],
  [429, 'tomorrow', undefined, 1],
  [503, '2026', 2026, 1],
])(
  'a call that is answered with %i and "%s" has the hint %s and is sent %i time(s)',
  async (status, header, hint, times) => {
    const undo = gateway.simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), {
      status,
      headers: { 'retry-after': header },
    });
    const { errors, upstream } = await gateway.ask(QUERY);
    undo();
    expect(errors?.[0]?.extensions.retryAfterSeconds).toBe(hint);
    expect(upstream).toHaveLength(times);
  },
);

test.each<[number, string, string]>([
  [429, 'Timeout', 'UPSTREAM_TIMEOUT'],
  [503, 'Timeout', 'UPSTREAM_TIMEOUT'],
  [429, 'OperationConflict', 'UPSTREAM_REJECTED'],
  [503, 'ResourceAccessDenied', 'FORBIDDEN'],
])('the hint of a %i with the code %s is passed on', async (status, errorCode, code) => {
  const undo = gateway.simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), {
    status,
    headers: { 'retry-after': '30' },
    body: { message: 'x', errorCode },
  });
  const { errors, upstream } = await gateway.ask(QUERY);
  undo();
  expect(errors?.[0]?.extensions).toMatchObject({ code, retryAfterSeconds: 30 });
  expect(upstream).toHaveLength(1);
});

test('a server that answers all probes with 429 has its hint passed on', async () => {
  await withGateway({}, async ({ ask, simulator }) => {
    simulator.misbehave(() => true, { status: 429, headers: { 'retry-after': '59.2' } });
    const { errors } = await ask(QUERY);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 60 });
  });
});
