import { expect, test } from '@jest/globals';
import { parse, type ExecutionResult } from 'graphql';
import { stat } from 'node:fs';
import { setImmediate as nextImmediate } from 'node:timers/promises';
import { emptyAnswer } from '../src/graph/answerSize.js';
import { createExecutor } from '../src/graph/executor.js';
import { buildSchema } from '../src/graph/schema.js';
import { readAnyJson } from '../src/upstream/answer.js';
import { beginOperation } from '../src/upstream/operation.js';
import { createSharing } from '../src/upstream/sharing.js';
import { nextTurn } from '../src/upstream/turn.js';

/** Long work is done in steps, and other callers get a turn between them. */

/** Resolves in the turn in which Node.js has read something. */
const somethingRead = (): Promise<void> =>
  new Promise((resolve) => {
    stat('package.json', () => {
      resolve();
    });
  });

test('timers that are due go on within a turn, which one immediate does not give them', async () => {
  for (const [wait, isGivenTurn] of [
    [nextImmediate, false],
    [nextTurn, true],
  ] as const) {
    await somethingRead();
    let isFired = false;
    setTimeout(() => (isFired = true), 1);
    const startMs = performance.now();
    while (performance.now() < startMs + 3); // the timer is due
    await wait();
    expect(isFired).toBe(isGivenTurn);
  }
});

test('a long body counts as several pages, so that others get a turn before its rows are read', async () => {
  const read = async (characters: number): Promise<unknown[]> => {
    const told: unknown[] = [];
    const body = Buffer.from(JSON.stringify('x'.repeat(characters - 2)));
    await readAnyJson({ status: 200, headers: {}, body }, { resource: 'job' }, (pages) => {
      told.push(pages);
      return Promise.resolve();
    });
    return told;
  };
  expect(await read(100_000)).toEqual([]);
  expect(await read(1024 * 1024)).toEqual([8]);
  expect(await read(8 * 1024 * 1024)).toEqual([64]);
});

test('an operation lets others go on after four pages, or what takes as long', async () => {
  const share = createSharing({ isOn: true, maxAgeMs: 1000, maxBytes: 1000 }).join('token');
  const bodyMemory = { heldBytes: 0, maxBytes: 1 };
  const operation = beginOperation({
    requestId: '1',
    token: 'token',
    timeoutMs: 60_000,
    maxRequests: 1,
    bodyMemory,
    share,
  });
  const isDoneAtOnce = async (pages?: number): Promise<boolean> => {
    let isDone = false;
    const breathed = operation.breathe({ resource: 'job' }, pages).then(() => (isDone = true));
    for (let times = 0; times < 5; times += 1) await Promise.resolve();
    const wasDone = isDone;
    await breathed;
    return wasDone;
  };
  const outcomes: boolean[] = [];
  for (const pages of [1, 1, 1, 1, 1, 80, 1]) outcomes.push(await isDoneAtOnce(pages));
  operation.end();
  expect(outcomes).toEqual([true, true, true, true, false, true, false]);
});

/** Returns whether an operation on rows in memory is answered without a turn: when it is seen first, again, and compiled. */
async function isAnsweredAtOnce(details: string, isSmall: boolean): Promise<boolean[]> {
  const { executor } = (await createExecutor(buildSchema()).load({} as never)) as unknown as {
    executor: (args: never) => Promise<ExecutionResult>;
  };
  const document = parse('query ($id: ID!) { jobSession(id: $id) { details } }');
  const request = { variables: { id: '11111111-1111-4111-8111-111111111111' } };
  const outcomes: boolean[] = [];
  for (let time = 0; time < 3; time += 1) {
    const context = {
      answerSize: { ...emptyAnswer },
      compiling: { isAllowed: isSmall },
      loaders: { loadSession: () => ({ details }) },
    };
    let isAnswered = false;
    const answered = executor({ document, request, context, metrics: {} } as never).then((result) => {
      isAnswered = true;
      return result;
    });
    await nextImmediate();
    outcomes.push(isAnswered);
    expect(await answered).toEqual({ data: { jobSession: { details } } });
  }
  return outcomes;
}

test('others get a turn before an answer with many fields, or long texts, is serialized', async () => {
  expect(await isAnsweredAtOnce('short', true)).toEqual([true, true, true]);
  expect(await isAnsweredAtOnce('short', false)).toEqual([false, false, false]);
  expect(await isAnsweredAtOnce('x'.repeat(2 * 1024 * 1024), true)).toEqual([false, false, false]);
});
