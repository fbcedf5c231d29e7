import { afterEach, describe, expect, test } from '@jest/globals';
import { createGate, type Gate } from '../src/upstream/gate.js';
import { beginOperation, type Operation } from '../src/upstream/operation.js';
import { createSharing } from '../src/upstream/sharing.js';
import { UpstreamError } from '../src/upstream/errors.js';
import { withGateway, type Asked, type GraphError } from './helpers/gateway.js';
import { until } from './helpers/until.js';

/** Tokens that the server has accepted lately go before those that anybody can make up. */

const about = { resource: 'job' };
const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);

const operations: Operation[] = [];
afterEach(() => {
  for (const operation of operations.splice(0)) operation.end();
});

/** A gate, and operations that use it. */
function setUp(maxInFlight: number, maxWaiting: number) {
  const gate: Gate = createGate({ maxInFlight, maxPerOperation: 16, maxWaiting });
  const sharing = createSharing({ isOn: true, maxAgeMs: 1000, maxBytes: 1000 });
  const started: string[] = [];
  const refused: string[] = [];
  let looks = 0;
  const begin = (token: string, timeoutMs = 60_000): Operation => {
    const operation = beginOperation({
      requestId: '1',
      token,
      timeoutMs,
      maxRequests: 100,
      bodyMemory: { heldBytes: 0, maxBytes: 1 },
      share: sharing.join(token),
    });
    operations.push(operation);
    const remainingMs = (): number => {
      looks += 1;
      return operation.remainingMs();
    };
    return { ...operation, remainingMs };
  };
  const leaves = new Map<string, (() => void)[]>();
  /** Asks for a slot for a new operation of the token. */
  const enter = (token: string, operation = begin(token)): Operation => {
    gate.enter(operation, about).then(
      (leave) => {
        started.push(token);
        leaves.set(token, [...(leaves.get(token) ?? []), leave]);
      },
      (error: unknown) => {
        refused.push(error instanceof UpstreamError ? `${token} ${error.details.bound ?? ''}` : String(error));
      },
    );
    return operation;
  };
  const accept = (token: string, isAccepted = true): void => {
    sharing.join(token).standing.note(isAccepted);
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  /** Gives a slot of the token back. */
  const leave = async (token: string): Promise<void> => {
    await settle();
    const [one] = leaves.get(token)?.splice(0, 1) ?? [];
    if (!one) throw new Error(`${token} has no slot`);
    one();
    await settle();
  };
  return { gate, begin, enter, accept, leave, settle, started, refused, looks: () => looks };
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe('the gate', () => {
  test('gives half of the slots to tokens that the server has not accepted, and the rest to those that it has', async () => {
    const { gate, enter, accept, settle, started } = setUp(8, 100);
    for (let index = 0; index < 20; index += 1) enter(`made-up-${index}`);
    await settle();
    expect(started).toEqual(times(4, (index) => `made-up-${index}`));
    accept('good');
    for (let index = 0; index < 4; index += 1) enter('good');
    await settle();
    expect(started.slice(4)).toEqual(times(4, () => 'good'));
    expect(gate.figures()).toEqual({ inFlight: 8, waiting: 16 });
  });

  test('gives all slots to accepted tokens while no other one asks', async () => {
    const { gate, enter, accept, settle } = setUp(8, 100);
    for (let index = 0; index < 8; index += 1) {
      accept(`good-${index}`);
      enter(`good-${index}`);
    }
    await settle();
    expect(gate.figures()).toEqual({ inFlight: 8, waiting: 0 });
  });

  test('lets a waiting accepted token go first, and others have one turn in eight', async () => {
    const { enter, accept, leave, settle, started } = setUp(1, 100);
    accept('good');
    enter('good');
    for (let index = 0; index < 20; index += 1) enter(`made-up-${index}`);
    for (let index = 0; index < 20; index += 1) enter('good');
    for (let turn = 0; turn < 16; turn += 1) {
      await settle();
      await leave(started.at(-1) ?? '');
    }
    const names = started.slice(1);
    expect(names).toHaveLength(16);
    expect(names.filter((name) => name !== 'good')).toEqual(['made-up-0', 'made-up-1']);
  });

  test('lets tokens that are not accepted go by turns, so a crowd with one token does not hide a new caller', async () => {
    const { enter, leave, settle, started } = setUp(8, 1000);
    for (let index = 0; index < 50; index += 1) enter('crowd');
    enter('new');
    await settle();
    expect(started.filter((name) => name === 'crowd')).toHaveLength(3);
    expect(started).toContain('new');
    enter('another');
    await leave('crowd');
    expect(started.at(-1)).toBe('another');
  });

  test('keeps a quarter of the queue for accepted tokens', async () => {
    const { enter, accept, settle, refused, gate } = setUp(8, 40);
    for (let index = 0; index < 100; index += 1) enter(`made-up-${index}`);
    await settle();
    expect(gate.figures()).toEqual({ inFlight: 4, waiting: 30 });
    expect(refused).toHaveLength(66);
    expect(refused[0]).toBe('made-up-34 waiting');
    for (let index = 0; index < 15; index += 1) {
      accept(`good-${index}`);
      enter(`good-${index}`);
    }
    await settle();
    expect(refused.slice(66)).toEqual(['good-14 waiting']);
    expect(gate.figures()).toEqual({ inFlight: 8, waiting: 40 });
  });

  test('lets one token that is not accepted fill three quarters of the queue', async () => {
    const { enter, settle, refused, gate } = setUp(8, 40);
    for (let index = 0; index < 40; index += 1) enter('made-up');
    await settle();
    expect(gate.figures()).toEqual({ inFlight: 3, waiting: 30 });
    expect(refused).toHaveLength(7);
  });

  test('moves a token, and all that waits for it, when the server accepts or refuses it', async () => {
    const { enter, accept, leave, settle, started, gate } = setUp(8, 100);
    for (let index = 0; index < 8; index += 1) enter('fresh');
    for (let index = 0; index < 8; index += 1) enter(`made-up-${index}`);
    await settle();
    expect(started).toEqual(['fresh', 'fresh', 'fresh', 'made-up-0']);
    accept('fresh');
    await leave('fresh');
    expect(started.filter((name) => name === 'fresh')).toHaveLength(7); // six hold a slot, one gave its slot back
    expect(gate.figures().inFlight).toBe(8);
    accept('fresh', false);
    for (let count = 0; count < 4; count += 1) await leave('fresh');
    expect(started.filter((name) => name === 'fresh')).toHaveLength(7);
    expect(gate.figures().inFlight).toBe(4);
  });

  test('looks at few of those who wait when a slot is given back, however many there are', async () => {
    const { enter, accept, leave, settle, looks } = setUp(8, 10_000);
    for (let index = 0; index < 1500; index += 1) {
      accept(`good-${index}`);
      enter(`good-${index}`);
      enter(`made-up-${index}`);
    }
    await settle();
    const before = looks();
    await leave('good-0');
    await leave('good-1');
    expect(looks() - before).toBeLessThanOrEqual(6);
  });

  test('refuses waiters with too little time left, and looks at each of them once', async () => {
    const { begin, enter, leave, settle, refused, started, looks } = setUp(2, 10_000);
    enter('first');
    for (let index = 0; index < 500; index += 1) enter('late', begin('late', 90));
    enter('patient');
    await settle();
    expect(started).toEqual(['first']);
    await leave('first');
    expect(refused).toEqual(times(500, () => 'late place'));
    expect(started).toEqual(['first', 'patient']);
    expect(looks()).toBeLessThanOrEqual(501);
  });

  test('has nothing left of tokens that are gone', async () => {
    const { gate, enter, accept, leave, settle, started } = setUp(8, 100);
    accept('good');
    const cancelled = enter('made-up');
    for (const token of ['good', 'made-up', 'other', 'third', 'fourth']) enter(token);
    await settle();
    cancelled.cancel();
    while (started.length > 0) await leave(started.shift() ?? '');
    expect(gate.figures()).toEqual({ inFlight: 0, waiting: 0 });
  });
});

describe.each([
  ['on', true],
  ['off', false],
])('callers with made-up tokens whose requests hang, with sharing %s', (_, isOn) => {
  test('keep no caller waiting whose token the server has accepted', async () => {
    const limits = { maxInFlight: 8, maxWaiting: 40, timeoutMs: 20_000, operationTimeoutMs: 25_000, sharing: { isOn } };
    await withGateway(limits, async (gateway) => {
      const { simulator, ask, token, server } = gateway;
      const good = `{ jobSession(id: "${SESSION}") { status job { name } log(first: 5) { nodes { id } } } }`;
      expect((await ask(good, {}, { token })).errors).toBeUndefined();
      const isMadeUp = ({ headers }: { headers: Readonly<Record<string, unknown>> }): boolean =>
        String(headers['authorization']).includes('made-up');
      simulator.misbehave(isMadeUp, { hang: true });
      const asked: Promise<Asked>[] = [];
      for (let index = 0; index < 100; index += 1) asked.push(ask(good, {}, { token: `made-up-${index}` }));
      await until(() => server.figures().inFlight === 4 && server.figures().waiting === 30);
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(good, {}, { token })));
      expect(answers.flatMap(({ errors }) => codes(errors))).toEqual([]);
      expect(server.figures()).toMatchObject({ inFlight: 4, waiting: 30 }); // none of them had to end
      gateway.app.cancelAll();
      const ofMadeUp = (await Promise.all(asked)).flatMap(({ errors }) => codes(errors));
      expect(ofMadeUp.filter((code) => code === 'OVERLOADED')).toHaveLength(66);
    });
  });

  test('come after a token that is accepted, until the server refuses it', async () => {
    await withGateway({ sharing: { isOn } }, async ({ simulator, ask, token, server }) => {
      const isAccepted = (): boolean => {
        const operation = server.begin({ requestId: '1', token });
        operation.end();
        return operation.share.standing.isAccepted();
      };
      const query = `{ jobSession(id: "${SESSION}") { id } }`;
      expect(isAccepted()).toBe(false);
      await ask(query, {}, { token });
      expect(isAccepted()).toBe(true);
      for (const status of [403, 404, 500]) {
        const undo = simulator.misbehave(({ path }) => path.startsWith('JobSessions'), { status });
        await ask(query, {}, { token });
        undo();
        expect(isAccepted()).toBe(true);
      }
      simulator.tokens.revoke(token);
      expect(codes((await ask(query, {}, { token })).errors)).toEqual(['UNAUTHENTICATED']);
      expect(isAccepted()).toBe(false);
      for (const status of [403, 404, 500]) {
        const undo = simulator.misbehave(({ path }) => path.startsWith('JobSessions'), { status });
        await ask(query, {}, { token });
        undo();
        expect(isAccepted()).toBe(false);
      }
    });
  });
});
