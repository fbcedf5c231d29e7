import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { transpileModule, ModuleKind, ScriptTarget } from 'typescript';
import { readBlocks, readPage } from './helpers/frontEnd.js';
import { startGateway, TEST_NOW_MS, withGateway, type Gateway } from './helpers/gateway.js';

/** `followLog` of docs/clients.md in front of servers whose lines change in place. Its types are checked where the page is built. */

type Line = { id: string; sequenceNumber: number; type: string; message: string; endTime: string | null };
type FollowLog = (id: string, everyMs?: number, lastAfterMs?: number) => AsyncGenerator<Line>;

const JOB = '00b96531-1a68-4c90-a398-91141ffedb3b';
const EVERY_MS = 5;
const LAST_AFTER_MS = 10;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Takes the page's files, without their types, as a front end of this gateway. */
async function loadFollowLog({ url, simulator }: Gateway): Promise<FollowLog> {
  simulator.tokens.issue({ accessToken: 'demo-token' });
  const folder = mkdtempSync(join(tmpdir(), 'follow-log-'));
  folders.push(folder);
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('package.json', '{ "type": "module" }');
  write('src/gql/index.js', `import { parse } from 'graphql'; export const graphql = (text) => parse(text);`);
  const compilerOptions = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
  for (const { path, text } of readBlocks(readPage())) {
    if (!/^src\/(documents|fetchWithToken|urql|followLog)\.ts$/.test(path ?? '')) continue;
    const { outputText } = transpileModule(text.replaceAll('http://127.0.0.1:4000', url), { compilerOptions });
    write((path ?? '').replace(/ts$/, 'js'), outputText);
  }
  const { followLog } = (await import(join(folder, 'src/followLog.js'))) as { followLog: FollowLog };
  return followLog;
}

async function follow(lines: AsyncGenerator<Line>): Promise<{ rows: Map<string, Line>; seen: string[] }> {
  const rows = new Map<string, Line>();
  const seen: string[] = [];
  for await (const line of lines) {
    seen.push(`${line.sequenceNumber} ${line.type}`);
    rows.set(line.id, line);
  }
  return { rows, seen };
}

describe.each(['v3', 'v7', 'v8'])('a session that runs on %s', (apiVersion) => {
  test('is followed to the log as it stands at the end, each state of a line once', async () => {
    let nowMs = TEST_NOW_MS;
    await withGateway({ apiVersion, simulator: { days: 1, nowMs: () => nowMs } }, async (gateway) => {
      const followLog = await loadFollowLog(gateway);
      const { id } = gateway.simulator.history.insert(JOB, 60);
      gateway.simulator.forgetRequests();
      // Time goes on with each read of the log.
      gateway.simulator.misbehave(({ path }) => {
        if (path.endsWith('/LogItems')) nowMs += 3000;
        return false;
      }, {});
      const { rows, seen } = await follow(followLog(id, EVERY_MS, LAST_AFTER_MS));
      const offsets = gateway.simulator.requests
        .filter(({ path }) => path.endsWith('/LogItems'))
        .map(({ query }) => Number(query['offset'] ?? 0));

      const { data } = await gateway.ask(
        'query ($id: ID!) { jobSession(id: $id) { log(first: 1000) { nodes { __typename id sequenceNumber type message endTime } } } }',
        { id },
      );
      expect([...rows.values()]).toEqual(data.jobSession.log.nodes);
      expect(seen.some((state) => state.endsWith(' RUNNING'))).toBe(true);
      expect([...rows.values()].some(({ type }) => type === 'RUNNING')).toBe(false);
      expect(new Set(seen).size).toBe(seen.length);
      expect(offsets.length).toBeGreaterThan(5);
      // Lines that have settled are not read again.
      expect(offsets.at(-1)).toBeGreaterThan(3);
    });
  });
});

describe('a server that is told what to say', () => {
  const ID = '5f0c1d2e-3b4a-4c5d-8e6f-70819a2b3c4d';
  let gateway: Gateway;
  let followLog: FollowLog;
  beforeAll(async () => {
    gateway = await startGateway({ apiVersion: 'v8', sharing: { isOn: false } });
    followLog = await loadFollowLog(gateway);
  });
  afterAll(() => gateway.close());

  type State = Readonly<{ status: string; lines: readonly string[] }>;

  /** Answers with one state after the other, the last of them for ever. */
  function play(states: readonly State[]): () => void {
    let reads = 0;
    const now = (): State => states[Math.min(reads, states.length) - 1] ?? { status: 'Running', lines: [] };
    const session = gateway.simulator.misbehave(
      ({ path }) => {
        if (path !== `JobSessions/${ID}`) return false;
        reads += 1;
        return true;
      },
      {
        get body() {
          const { status } = now();
          const end = status === 'Running' ? {} : { endTime: new Date().toISOString() };
          return { id: ID, status, creationTime: '2026-01-01T00:00:00Z', ...end };
        },
      },
    );
    let offset = 0;
    const log = gateway.simulator.misbehave(
      ({ path, query }) => {
        offset = Number(query['offset'] ?? 0);
        return path === `JobSessions/${ID}/LogItems`;
      },
      {
        get body() {
          const lines = now().lines.map((line) => {
            const [number = '', type] = line.split(' ');
            const id = `00000000-0000-4000-8000-00000000000${number}`;
            const end = type === 'Running' ? {} : { endTime: '2026-01-01T00:01:00Z' };
            return { id, usn: Number(number), type, message: line, creationTime: '2026-01-01T00:00:00Z', ...end };
          });
          return { offset, limit: 1000, results: lines.slice(offset), _links: {} };
        },
      },
    );
    return () => {
      session();
      log();
    };
  }

  test('has lines that end in another order than they began, and that change after the session has ended', async () => {
    const callOff = play([
      { status: 'Running', lines: ['1 Success', '2 Running', '3 Running', '4 Success'] },
      { status: 'Running', lines: ['1 Success', '2 Running', '3 Warning', '4 Success', '5 Running'] },
      { status: 'Failed', lines: ['1 Success', '2 Success', '3 Warning', '4 Success', '5 Running'] },
      { status: 'Failed', lines: ['1 Success', '2 Success', '3 Warning', '4 Success', '5 Error', '6 Error'] },
    ]);
    const { rows, seen } = await follow(followLog(ID, EVERY_MS, LAST_AFTER_MS));
    callOff();
    expect(seen).toEqual([
      ...['1 SUCCESS', '2 RUNNING', '3 RUNNING', '4 SUCCESS'],
      ...['3 WARNING', '5 RUNNING'],
      ...['2 SUCCESS'],
      ...['5 ERROR', '6 ERROR'],
    ]);
    expect([...rows.values()].map(({ type }) => type)).toEqual([
      ...['SUCCESS', 'SUCCESS', 'WARNING', 'SUCCESS', 'ERROR', 'ERROR'],
    ]);
  });

  test('has no line at first, and a first line that goes on', async () => {
    const callOff = play([
      { status: 'Running', lines: [] },
      { status: 'Running', lines: ['1 Running'] },
      { status: 'Success', lines: ['1 Success'] },
    ]);
    const { seen } = await follow(followLog(ID, EVERY_MS, LAST_AFTER_MS));
    callOff();
    expect(seen).toEqual(['1 RUNNING', '1 SUCCESS']);
  });

  test('has no such session', async () => {
    await expect(follow(followLog(ID, EVERY_MS, LAST_AFTER_MS))).rejects.toThrow('There is no such session.');
  });
});
