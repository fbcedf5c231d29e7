import { expect, test } from '@jest/globals';
import { runDoctor } from '../../src/doctor/run.js';
import { startSimulator } from '../../src/simulator/index.js';
import { withGateway } from '../helpers/gateway.js';

/** A server of v7 or v8 can answer 400 to a token that was got without `disable_antiforgery_token`. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';

const adviceAfter = (status: number, body: unknown): Promise<unknown[]> =>
  withGateway({}, async ({ ask, simulator, logLines }) => {
    simulator.misbehave(({ headers }) => headers['authorization'] !== undefined, { status, body });
    const { errors } = await ask(`{ jobSession(id: "${SESSION}") { id } }`);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_REJECTED']);
    return logLines.filter(({ code }) => code === 'UPSTREAM_REJECTED').map(({ advice }) => advice);
  });

test.each([[{ message: 'The required antiforgery cookie is missing.' }], ['<html>Bad Request</html>'], ['']])(
  'the log says what to try after a 400 with %j',
  async (body) => {
    expect(await adviceAfter(400, body)).toEqual([expect.stringContaining('disable_antiforgery_token=true')]);
  },
);

test.each<[number, unknown]>([
  [400, { message: 'x', errorCode: 'ParameterValidationFailure' }],
  [409, { message: 'x' }],
  [422, ''],
])('the log has no such advice after a %i with %j', async (status, body) => {
  expect(await adviceAfter(status, body)).toEqual([undefined]);
});

test.each<[string, number, unknown, string]>([
  ['a 400', 400, { message: 'x' }, 'disable_antiforgery_token=true'],
  ['an offline proxy', 404, { errorCode: 'ProxyOffline' }, 'status 404, ProxyOffline'],
  ['its own timeout', 500, { errorCode: 'Timeout' }, 'timed out itself'],
  ['another code', 409, { errorCode: 'OrganizationTransfer' }, 'status 409, OrganizationTransfer'],
])('the doctor says what to do after %s', async (_, status, body, words) => {
  const simulator = await startSimulator({ days: 2 });
  try {
    simulator.misbehave(({ headers }) => headers['authorization'] !== undefined, { status, body });
    const printed: string[] = [];
    const { origin, fingerprint: sha256 } = simulator;
    const options = { origin, trust: { by: 'fingerprint', sha256 } as const, timeoutMs: 4000, maxBodyBytes: 100_000 };
    const isWell = await runDoctor({ ...options, apiVersion: 'auto', token: 'x' }, (text) => printed.push(text));
    expect(isWell).toBe(false);
    expect(printed.find((text) => text.includes('authorized call'))).toContain(words);
  } finally {
    await simulator.close();
  }
});
