import { Trace } from '@apollo/usage-reporting-protobuf';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGateway, type Asked, type Gateway } from './helpers/gateway.js';

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const QUERY = `query { session: jobSession(id: "${SESSION}") { status job { name } } }`;
const asked = { headers: { 'apollo-federation-include-trace': 'ftv1' } };

const traceIn = ({ text }: Asked): string | undefined =>
  (JSON.parse(text) as { extensions?: { ftv1?: string } }).extensions?.ftv1;

type Line = { path: string; type: string; milliseconds: number };

/** The fields of a trace, each with its type and how long it took. */
function linesOf(node: Trace.INode, path = ''): Line[] {
  const { startTime, endTime } = node;
  const own = { path, type: node.type ?? '', milliseconds: (Number(endTime) - Number(startTime)) / 1e6 };
  const below = (node.child ?? []).flatMap((child) =>
    linesOf(child, path === '' ? (child.responseName ?? '') : `${path}.${child.responseName || (child.index ?? '')}`),
  );
  return path === '' ? below : [own, ...below];
}

function decode(ftv1: string | undefined): { trace: Trace; lines: Line[] } {
  const trace = Trace.decode(Buffer.from(ftv1 ?? '', 'base64'));
  return { trace, lines: linesOf(trace.root ?? {}) };
}

describe('with tracing on', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ federatedTracing: true });
  });
  afterAll(() => gateway.close());

  test('an operation that asks for a trace gets one of each field, the third time too', async () => {
    const undo = gateway.simulator.misbehave(({ path }) => path.startsWith('Jobs/'), { delayMs: 100 });
    for (let time = 1; time <= 3; time += 1) {
      const answer = await gateway.ask(QUERY, {}, asked);
      expect(answer.data).toEqual({ session: { status: 'SUCCESS', job: { name: 'test_job' } } });
      const { lines } = decode(traceIn(answer));
      expect(lines.map(({ path, type }) => `${path}: ${type}`)).toEqual([
        'session: JobSession',
        'session.status: JobSessionStatus',
        'session.job: Job',
        'session.job.name: String',
      ]);
      expect(lines.find(({ path }) => path === 'session.job')?.milliseconds).toBeGreaterThanOrEqual(90);
    }
    undo();
  });

  test('references are traced row by row', async () => {
    const answer = await gateway.ask(
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on JobSession { id } } }',
      { representations: [{ __typename: 'JobSession', id: SESSION }] },
      asked,
    );
    expect(decode(traceIn(answer)).lines.map(({ path }) => path)).toEqual([
      '_entities',
      '_entities.0',
      '_entities.0.id',
    ]);
  });

  test('others get none, and are answered as ever, compiled or not', async () => {
    for (let time = 1; time <= 3; time += 1) {
      const answer = await gateway.ask(QUERY);
      expect(answer.text).not.toContain('ftv1');
      expect(answer.data.session.job).toEqual({ name: 'test_job' });
    }
    const other = await gateway.ask(QUERY, {}, { headers: { 'apollo-federation-include-trace': 'ftv2' } });
    expect(other.text).not.toContain('ftv1');
  });

  test('a trace tells where something went wrong, and nothing of what', async () => {
    const undo = gateway.simulator.misbehave(({ path }) => path.startsWith('Jobs/'), {
      status: 500,
      body: { message: 'secret of the server' },
    });
    const answer = await gateway.ask(QUERY, {}, asked);
    undo();
    expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(['UPSTREAM_ERROR']);
    const { trace } = decode(traceIn(answer));
    const job = trace.root?.child?.[0]?.child?.find(({ responseName }) => responseName === 'job');
    expect(job?.error?.map(({ message }) => message)).toEqual(['<masked>']);
    const told = JSON.stringify(trace);
    for (const secret of ['secret of the server', 'The backup server failed', gateway.simulator.origin])
      expect(told).not.toContain(secret);
  });

  test('a traced answer is bounded as any other is', async () => {
    const undo = gateway.simulator.misbehave(({ path }) => path.startsWith('JobSessions/'), {
      body: { id: SESSION, details: 'x'.repeat(1024 * 1024) },
    });
    const fields = Array.from({ length: 12 }, (_, index) => `d${index}: details`).join(' ');
    const answer = await gateway.ask(`{ jobSession(id: "${SESSION}") { ${fields} } }`, {}, asked);
    undo();
    expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(
      Array<string>(4).fill('UPSTREAM_RESPONSE_TOO_LARGE'),
    );
    expect(decode(traceIn(answer)).lines).toHaveLength(13);
  });
});

test('with tracing off nobody gets a trace', async () => {
  const gateway = await startGateway();
  try {
    for (let time = 1; time <= 3; time += 1)
      expect((await gateway.ask(QUERY, {}, asked)).text).not.toMatch(/ftv1|extensions/);
  } finally {
    await gateway.close();
  }
});
