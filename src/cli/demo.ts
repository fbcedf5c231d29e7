import type { Config } from '../config/load.js';
import type { ExplorerOptions } from '../http/explorer.js';
import { readExplorerFiles } from '../http/explorerFiles.js';
import type { Log } from '../log.js';
import type { Simulator } from '../simulator/index.js';
import { closeOnSignal, print } from './process.js';
import type { Signals } from './signals.js';

/** A session and a job that the embedded server has, and always the same. */
const DEMO_SESSION_ID = 'be376069-2865-4156-a9bc-825cef7d687e';
const DEMO_JOB_ID = '00b96531-1a68-4c90-a398-91141ffedb3b';

const EXAMPLE_QUERY = `{ jobSession(id: "${DEMO_SESSION_ID}") { status statistics { processingRateBytesPerSecond bottleneck } job { name } } }`;

/** The first token of the embedded server. No secret: the server is on loopback and all it has is made up. */
const DEMO_TOKEN = 'demo-token';

/** Loads the embedded server, which a gateway with a server of its own never needs. */
const loadSimulator = () => import('../simulator/index.js');

/** Returns a function that issues a token of the embedded server, good for half an hour at least. */
function createTokenSource(simulator: Simulator): () => string {
  let token = '';
  let issuedMs = -Infinity;
  return () => {
    if (performance.now() - issuedMs > 1_800_000) {
      token = simulator.tokens.issue().accessToken;
      issuedMs = performance.now();
    }
    return token;
  };
}

function renderCurl(url: string, token: string): string {
  const body = JSON.stringify({ query: EXAMPLE_QUERY });
  return `curl -s ${url}/graphql -H 'Content-Type: application/json' -H 'Authorization: Bearer ${token}' -d '${body}'`;
}

/** Starts the server that a gateway without one of its own stands in front of. */
export async function startEmbeddedServer(): Promise<Simulator> {
  const simulator = await (await loadSimulator()).startSimulator();
  simulator.tokens.issue({ accessToken: DEMO_TOKEN });
  return simulator;
}

/** Returns the explorer's files, and what it fills in where the embedded server is. */
export function explorerOptions(url: () => string, simulator: Simulator | null): ExplorerOptions {
  const freshToken = simulator && createTokenSource(simulator);
  return {
    files: readExplorerFiles(new URL('../explorer/', import.meta.url)),
    curl: () => renderCurl(url(), freshToken?.() ?? '<token of your backup server>'),
    demo: freshToken && (() => ({ token: freshToken(), sessionId: DEMO_SESSION_ID, jobId: DEMO_JOB_ID })),
  };
}

/** Prints a request to paste. */
export function printExample(url: string): void {
  print(`\nbackup365-gateway listens at ${url} in front of its embedded demo server. Ask it:\n`);
  print(`  ${renderCurl(url, DEMO_TOKEN)}\n`);
  print('The token is good for an hour; the page at the address above shows a fresh one.\n');
}

/** Runs the demo backup server alone. */
export async function simulate(config: Config, log: Log, signals: Signals): Promise<void> {
  const { startSimulator, DEMO_USER } = await loadSimulator();
  const simulator = await startSimulator({ port: config.port });
  closeOnSignal(signals, log, simulator.close);
  print(`The demo backup server listens at ${simulator.origin}, certificate fingerprint\n${simulator.fingerprint}`);
  print(
    `A token, for an hour:\n\n  curl -sk ${simulator.origin}/v8/token -d 'username=${DEMO_USER.username}&password=${DEMO_USER.password}&disable_antiforgery_token=true'\n`,
  );
}
