import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseLongArray } from '../src/upstream/longJson.js';
import { withGateway } from './helpers/gateway.js';

/** API v2 to v4 answer with all sessions at once: tens of megabytes, parsed a slice at a time. */

const runs = process.env['FC_RUNS'] === undefined ? {} : { numRuns: Number(process.env['FC_RUNS']) };

async function slices(text: string): Promise<{ value: unknown; turns: number }> {
  let turns = 0;
  const value = await parseLongArray(Buffer.from(text), () => {
    turns += 1;
    return Promise.resolve();
  });
  return { value, turns };
}

/** Makes any text longer than several slices. */
const padding = 'x'.repeat(300_000);

describe('an array', () => {
  test('is what JSON.parse makes of it, wherever it is cut', async () => {
    // Texts that look like a place to cut, objects within arrays within objects, and text of several bytes a character.
    const part = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('},{', '"},{"', '\\', ']', '[{', 'ä🎈', padding),
        fc.integer(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', '},{', 'é'), tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    const row = fc.record({ id: fc.string(), inner: part, rows: fc.array(fc.record({ a: part }), { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 12 }), fc.constantFrom(undefined, 1), async (rows, indent) => {
        const text = JSON.stringify(rows, null, indent);
        expect((await slices(text)).value).toEqual(JSON.parse(text));
      }),
      { numRuns: 60, ...runs },
    );
  });

  test('of megabytes is parsed in several turns', async () => {
    const rows = Array.from({ length: 20 }, (_, id) => ({ id, text: padding }));
    const { value, turns } = await slices(JSON.stringify(rows));
    expect(value).toEqual(rows);
    expect(turns).toBeGreaterThan(8);
  });

  test.each([
    ['that ends with a comma', `[{"a":"${padding}"},{"a":"${padding}"},{"a":1},]`],
    ['with a hole', `[{"a":"${padding}${padding}"},,{"a":1}]`],
    ['of which an object is not closed', `[{"a":"${padding}${padding}"},{"a":1,{"b":2}]`],
    ['whose text is not closed', `[{"a":"${padding}${padding}},{"a":1}]`],
    ['with something after an object', `[{"a":"${padding}${padding}"},{"a":1}x]`],
  ])('%s is no JSON', async (_, text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    await expect(slices(text)).rejects.toThrow(SyntaxError);
  });

  test.each(['{"results":[]}', '"text"', 'null', '', '[', ']'])('%s is none', async (text) => {
    expect((await slices(text)).value).toBeNull();
  });
});

test('all sessions of API v4 in one array are looked through while others are answered', async () => {
  await withGateway({ apiVersion: 'v4', simulator: { days: 5 } }, async ({ ask, simulator, url }) => {
    await ask('{ backupServer { apiVersion } }');
    const rows = Array.from({ length: 20_000 }, (_, n) => ({
      id: `11111111-1111-4111-8111-${String(n).padStart(12, '0')}`,
      creationTime: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString(),
      endTime: '2026-06-01T00:01:00Z',
      status: 'Success',
      _links: { self: { href: '/v4/x' }, job: { href: '/v4/Jobs/x' }, log: { href: `/v4/${'x'.repeat(200)}` } },
    }));
    simulator.misbehave(({ path }) => path === 'JobSessions', { body: rows });
    const state = { isOpen: true };
    let others = 0;
    const asked = ask('{ jobSessions(first: 3) { nodes { id } } }').finally(() => {
      state.isOpen = false;
    });
    while (state.isOpen) others += (await fetch(`${url}/livez`)).ok ? 1 : 0;
    const { data, errors } = await asked;
    expect(errors).toBeUndefined();
    expect(data.jobSessions.nodes.map(({ id }: { id: string }) => id.slice(-5))).toEqual(['19999', '19998', '19997']);
    expect(others).toBeGreaterThan(5);
  });
});
