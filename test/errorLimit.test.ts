import { describe, expect, test } from '@jest/globals';
import { parse, type ExecutionResult } from 'graphql';
import { emptyAnswer, type AnswerSize } from '../src/graph/answerSize.js';
import type { Context } from '../src/graph/context.js';
import { createExecutor } from '../src/graph/executor.js';
import { listOf } from '../src/graph/connection.js';
import { createLoaders } from '../src/graph/loaders.js';
import { buildSchema } from '../src/graph/schema.js';
import type { Api } from '../src/upstream/api.js';
import { UpstreamError } from '../src/upstream/errors.js';
import { Reader } from '../src/upstream/raw.js';
import { jobs } from '../src/upstream/resources/job.js';
import { jobSessions } from '../src/upstream/resources/jobSession.js';
import { v8 } from '../src/upstream/versions/v8.js';
import { withGateway } from './helpers/gateway.js';

/** The limit on errors holds where they arise: beyond it, a field is null and counted, but no error is created for its place. */

const ROWS = 100;
const ALIASES = 20;
const many = (count: number, make: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');
const idOf = (index: number): string => `11111111-1111-4111-8111-${String(index).padStart(12, '0')}`;

const forbidden = (): Promise<never> => Promise.reject(new UpstreamError({ fault: 'forbidden', resource: 'job' }));
const read = (raw: Record<string, unknown>): Reader => new Reader(raw, { resource: 'row' }, () => undefined);
const sessions = Array.from({ length: ROWS }, (_, n) =>
  jobSessions.normalize(
    read({ id: idOf(n), jobId: idOf(n), repositoryId: idOf(1), creationTime: 7, details: 7, jobType: 'Backup' }),
  ),
);
const allJobs = Array.from({ length: ROWS }, (_, n) =>
  jobs.normalize(read({ id: idOf(n), name: 'a', organizationId: idOf(1), repositoryId: 7 })),
);

/** A server that answers its lists of sessions and jobs, and forbids everything else. */
function createContext(answerSize: AnswerSize, isListed: boolean): Context {
  const api: Api = {
    version: () => Promise.resolve(v8),
    scanLimitRows: 1000,
    requestsLeft: () => 100,
    notice: () => undefined,
    yieldToOthers: () => Promise.resolve(),
    readItem: forbidden,
    openList: (resource) =>
      isListed && resource.name === 'jobSession' ? Promise.resolve(listOf(sessions as never[])) : forbidden(),
    readCollection: (resource) =>
      !isListed && resource.name === 'job'
        ? Promise.resolve(allJobs as never[])
        : resource.name === 'copyJob'
          ? Promise.resolve([])
          : forbidden(),
    recall: () => undefined,
    keep: () => undefined,
    readServiceInstance: forbidden,
    referTo: (resource, id) => resource.normalize(read({ id })),
  };
  return { answerSize, compiling: { isAllowed: true }, loaders: createLoaders(api) } as unknown as Context;
}

const cases: [string, string][] = [
  ['a relation', `{ jobSessions(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: job { name }`)} } } }`],
  [
    'a field that is computed',
    `{ jobSessions(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: durationSeconds`)} } } }`,
  ],
  ['a field of a record', `{ jobSessions(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: details`)} } } }`],
  [
    'a list below a row',
    `{ jobSessions(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: log { nodes { id } }`)} } } }`,
  ],
  [
    'a list that a version may lack',
    `{ jobSessions(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: processedObjects { nodes { objectId } }`)} } } }`,
  ],
  [
    'a relation with a bad id',
    `{ jobs(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: repository { name }`)} } } }`,
  ],
  [
    'a relation in two steps',
    `{ jobs(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: organization { name }`)} } } }`,
  ],
  [
    'a latest session',
    `{ jobs(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: latestSession { status }`)} } } }`,
  ],
  [
    'a list below a job',
    `{ jobs(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: sessions { nodes { id } }`)} } } }`,
  ],
  [
    'a bad argument',
    `{ jobs(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: sessions(first: 0) { nodes { id } }`)} } } }`,
  ],
];

describe.each([
  ['interpreted', 1, '', 1000],
  ['compiled', 3, '', 1000],
  ['interpreted, in a document of 2,000 lines,', 1, '\n'.repeat(1999), 250],
  ['compiled, in a document of 2,000 lines,', 3, '\n'.repeat(1999), 250],
  ['interpreted, in a document of 80,000 characters,', 1, ','.repeat(80_000), 250],
])('%s', (_, times, padding, limit) => {
  test.each(cases)(`%s that fails 2,000 times makes ${limit} errors`, async (__, text) => {
    const document = parse(padding.slice(0, 80_000 - text.length) + text);
    const { executor } = await loadGraph();
    let result: ExecutionResult = {};
    let answerSize = { ...emptyAnswer };
    for (let time = 0; time < times; time += 1) {
      answerSize = { ...emptyAnswer };
      const context = createContext(answerSize, text.startsWith('{ jobSessions'));
      result = (await executor({ document, request: {}, context, metrics: {} } as never)) as ExecutionResult;
    }
    expect(result.errors).toHaveLength(limit);
    expect([...(answerSize.omitted ?? new Map<string, number>()).values()]).toEqual([ROWS * ALIASES - limit]);
    expect(JSON.stringify(result.data)).toContain('"a19":null');
  });
});

async function loadGraph(): Promise<{ executor: (args: never) => unknown }> {
  const graph = createExecutor(buildSchema());
  return (await graph.load({} as never)) as unknown as { executor: (args: never) => unknown };
}

test('a document that made too many errors is not executed by compiled code again', async () => {
  const document = parse(`{ jobSessions(first: ${ROWS}) { nodes { ${many(ALIASES, (n) => `a${n}: details`)} } } }`);
  const { executor } = await loadGraph();
  const isInterpreted: boolean[] = [];
  for (let time = 0; time < 3; time += 1) {
    const context = createContext({ ...emptyAnswer }, true);
    const { errors } = (await executor({ document, request: {}, context, metrics: {} } as never)) as ExecutionResult;
    isInterpreted.push(errors?.[0]?.nodes !== undefined); // compiled code's errors have none
  }
  expect(isInterpreted).toEqual([true, false, true]); // seen, compiled, given up
});

test('the log and the answer have all of them, by their codes', async () => {
  await withGateway({}, async ({ ask, simulator, logLines }) => {
    const details = 'x'.repeat(100_000);
    const results = Array.from({ length: 100 }, (_, n) => ({ id: idOf(n), details, creationTime: 7 }));
    simulator.misbehave(({ path }) => path === 'JobSessions', { body: { offset: 0, limit: 101, results } });
    const { errors } = await ask(
      `{ jobSessions(first: 100) { nodes { ${many(10, (n) => `d${n}: details c${n}: creationTime`)} } } }`,
    );
    expect(errors).toHaveLength(1002);
    const last = errors
      ?.slice(-2)
      .map(({ message, extensions: { code } }) => [Number(/^\d+/.exec(message)?.[0]), code]);
    const told = (code: string): number =>
      errors?.slice(0, 1000).filter(({ extensions }) => extensions.code === code).length ?? 0;
    const total = new Map(last?.map(([count, code]) => [code, Number(count) + told(String(code))]));
    expect(total).toEqual(
      new Map([
        ['UPSTREAM_BAD_RESPONSE', 1000],
        ['UPSTREAM_RESPONSE_TOO_LARGE', 1000 - 83],
      ]),
    );
    const logged = logLines.filter(({ code }) => code !== undefined);
    expect(new Map(logged.map(({ code, count }) => [code, count]))).toEqual(total);
  });
});
