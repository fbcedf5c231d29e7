import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Data, Gateway, GraphError } from './gateway.js';
import { startRecorder, type Recorder } from './recorder.js';

/** The programs of the example, in front of a gateway of the tests and of tickets of theirs. */

const directory = resolve('examples/federation');

export type Ticket = { id: string; title: string; openedAt: string; sessionId?: string; jobId?: string };

export type Answer = { data: Data; errors: GraphError[] | undefined; text: string };

type Ask = (query: string, variables: Record<string, unknown>, token: string | null) => Promise<Answer>;

export type Supergraph = Readonly<{
  /** The real gateways, by the name of their package. */
  gateways: Readonly<Record<string, Ask>>;
  /** What the second subgraph was asked. */
  tickets: Recorder;
  close: () => void;
}>;

const children = new Set<ChildProcess>();

/** Starts a program of the example and waits until it prints something; what it printed is in the error when it does not. */
function start(args: string[], env: Record<string, string>, ready: RegExp): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, args, { cwd: directory, env: { PATH, HOME, NODE_ENV: 'production', ...env } });
  children.add(child);
  let printed = '';
  return new Promise((done, fail) => {
    const tell = (what: string): void => {
      fail(new Error(`node ${args.join(' ')} ${what}; it printed:\n${printed}`));
    };
    const late = setTimeout(tell, 60_000, 'is not ready after a minute');
    const read = (chunk: Buffer): void => {
      printed += chunk.toString();
      const found = ready.exec(printed)?.[1];
      if (found !== undefined) done(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', (code) => {
      clearTimeout(late);
      tell(`ended with code ${String(code)}`);
    });
    child.unref();
  });
}

/** A port that nobody listens on: Hive Gateway does not tell which one it got. */
async function findPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return String(port);
}

function asker(url: string): Ask {
  return async (query, variables, token) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    const text = await response.text();
    return { ...(JSON.parse(text) as Omit<Answer, 'text'>), text };
  };
}

export async function startSupergraph(
  gateway: Gateway,
  tickets: Readonly<{ tickets: Ticket[]; owners: Record<string, string> }>,
): Promise<Supergraph> {
  if (!existsSync(join(directory, 'node_modules')))
    throw new Error('examples/federation is not installed: npm run example:install');
  const files = mkdtempSync(join(tmpdir(), 'supergraph-'));
  const ticketsFile = join(files, 'tickets.json');
  const configFile = join(files, 'supergraph.yaml');
  const supergraphFile = join(files, 'supergraph.graphql');
  let recorder: Recorder | undefined;
  const close = (): void => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
    recorder?.close();
    rmSync(files, { recursive: true });
  };
  try {
    writeFileSync(ticketsFile, JSON.stringify(tickets));
    const ticketsUrl = await start(['tickets.mjs'], { TICKETS_FILE: ticketsFile, PORT: '0' }, /listens at (\S+)\n/);
    recorder = await startRecorder(ticketsUrl);
    const subgraphs = {
      backup365: { routing_url: `${gateway.url}/graphql`, schema: { file: resolve('schema.graphql') } },
      tickets: { routing_url: recorder.url, schema: { file: join(directory, 'tickets.graphql') } },
    };
    writeFileSync(configFile, JSON.stringify({ subgraphs })); // which is YAML, too
    await start(['compose.mjs', configFile, supergraphFile], {}, /(composed)/);
    const env = { SUPERGRAPH: supergraphFile };
    const hivePort = await findPort();
    const hive = ['node_modules/@graphql-hive/gateway/dist/bin.js', 'supergraph', '--config-path', 'hive.config.mjs'];
    const [apolloUrl] = await Promise.all([
      start(['apollo-gateway.mjs'], { ...env, PORT: '0' }, /listens at (\S+)\n/),
      start([...hive, '--host', '127.0.0.1'], { ...env, PORT: hivePort }, /(Listening on)/),
    ]);
    return {
      gateways: {
        '@apollo/gateway': asker(apolloUrl),
        '@graphql-hive/gateway': asker(`http://127.0.0.1:${hivePort}/graphql`),
      },
      tickets: recorder,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
