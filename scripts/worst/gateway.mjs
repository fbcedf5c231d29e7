// The gateway under test: starts it, starts it anew when it has died, asks its probe, and sends it requests.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const START_WITHIN_MS = 30_000;
/** Characters of an answer that are kept: errors come first. */
const MAX_KEPT_CHARACTERS = 2_000_000;
const file = (name) => new URL(name, import.meta.url).pathname;

/** Peak memory of a process since it was reset, in bytes; undefined where the system does not tell. */
function peakBytesOf(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
  } catch {
    return undefined;
  }
}

async function launch(origin, heapMegabytes) {
  const heap = heapMegabytes === 0 ? [] : [`--max-old-space-size=${heapMegabytes}`];
  const child = fork(file('../../dist/main.js'), ['--port', '0'], {
    execArgv: ['--expose-gc', ...heap, '--import', file('probe.mjs')],
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      BACKUP_SERVER_URL: origin,
      BACKUP_API_VERSION: 'v8',
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let url = '';
  let tail = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      tail = (tail + chunk).slice(-4000);
      url ||= /listening at (http:[^"\s]+)/.exec(tail)?.[1] ?? '';
    });
  }
  const untilMs = performance.now() + START_WITHIN_MS;
  while (url === '') {
    if (child.exitCode !== null || performance.now() > untilMs) throw new Error(`the gateway did not start: ${tail}`);
    await wait(20);
  }
  return { child, url, agent: new Agent({ keepAlive: true }), tail: () => tail };
}

function hashOf(text) {
  return createHash('sha256').update(text).digest('hex');
}

/** The method, the path and the body of a request for a document. Variables can be text: JSON deeper than can be written. */
function encode({ query, variables, variablesText = JSON.stringify(variables), operationName, way }) {
  const persistedQuery = { version: 1, sha256Hash: hashOf(query) };
  const parts = {
    ...(way === 'hash' ? {} : { query: JSON.stringify(query) }),
    ...(variablesText === undefined ? {} : { variables: variablesText }),
    ...(operationName === undefined ? {} : { operationName: JSON.stringify(operationName) }),
    ...(way === 'register' || way === 'hash' ? { extensions: JSON.stringify({ persistedQuery }) } : {}),
  };
  if (way !== 'get') {
    const members = Object.entries(parts).map(([name, json]) => `"${name}":${json}`);
    return { method: 'POST', path: '/graphql', body: `{${members.join(',')}}` };
  }
  const texts = { ...parts, query, ...(operationName === undefined ? {} : { operationName }) };
  return { method: 'GET', path: `/graphql?${new URLSearchParams(texts)}`, body: '' };
}

/** Starts a gateway in front of `origin`. Every answer of the probe and of the gateway comes within `limitMs`, or not at all. */
export async function startGateway(origin, { limitMs, heapMegabytes }) {
  let running = await launch(origin, heapMegabytes);
  let starts = 1;

  async function askProbe(message) {
    const { child } = running;
    if (child.exitCode !== null || child.signalCode !== null || !child.connected) return null;
    const signal = AbortSignal.timeout(limitMs);
    try {
      const answer = once(child, 'message', { signal });
      child.send(message);
      return (await answer)[0];
    } catch {
      return null;
    }
  }

  async function restart() {
    running.agent.destroy();
    running.child.kill('SIGKILL');
    if (running.child.exitCode === null && running.child.signalCode === null) await once(running.child, 'exit');
    starts += 1;
    running = await launch(origin, heapMegabytes);
  }

  /** Sends one request; the answer's status, its first error's code, its length and its time. */
  async function send(asked, token) {
    const { method, path, body } = encode(asked);
    const headers = {
      ...(method === 'POST' ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}),
      'apollo-require-preflight': 'true',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const startMs = performance.now();
    const signal = AbortSignal.timeout(limitMs);
    try {
      const call = request(`${running.url}${path}`, { method, headers, agent: running.agent, signal });
      call.end(body);
      const [response] = await once(call, 'response', { signal });
      let length = 0;
      let text = '';
      for await (const chunk of response) {
        length += chunk.length;
        if (text.length < MAX_KEPT_CHARACTERS) text += chunk.toString('latin1');
      }
      const codes = [...new Set([...text.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code))];
      return { status: response.statusCode, codes, length, ms: performance.now() - startMs, text };
    } catch (error) {
      const code = signal.aborted ? 'NO_ANSWER' : (error.code ?? 'NO_ANSWER');
      return { status: 0, codes: [code], length: 0, ms: performance.now() - startMs, text: '' };
    }
  }

  return {
    send,
    restart,
    reset: (collect) => askProbe({ ask: 'reset', collect }),
    /** What the probe has measured since it was reset; null when the gateway died or hangs. */
    read: () => askProbe({ ask: 'read' }),
    peakBytes: () => peakBytesOf(running.child.pid),
    tail: () => running.tail(),
    starts: () => starts,
    stop: async () => {
      running.agent.destroy();
      running.child.kill('SIGTERM');
      const late = setTimeout(() => running.child.kill('SIGKILL'), 5000);
      if (running.child.exitCode === null && running.child.signalCode === null) await once(running.child, 'exit');
      clearTimeout(late);
    },
  };
}
