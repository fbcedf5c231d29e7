import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { settings } from '../src/config/settings.js';
import { errorCodes } from '../src/graph/formatError.js';
import { withGateway } from './helpers/gateway.js';

/** How long an answer of the demo server is. */
function readBytes(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    get(url, { headers, rejectUnauthorized: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () => {
        resolve(bytes);
      });
    }).on('error', reject);
  });
}

/** Prose that nobody runs goes stale first. */

const readme = readFileSync('README.md', 'utf8');
const blockAfter = (marker: string): string =>
  new RegExp(`<!-- ${marker} -->\\n\`\`\`\\w+\\n([^]*?)\`\`\``).exec(readme)?.[1] ?? '';

test.each(['v2', 'v8'])("the README's query has the README's answer, under %s", async (apiVersion) => {
  const body = /-d '(.*)'/.exec(blockAfter('query'))?.[1] ?? '';
  const { query } = JSON.parse(body) as { query: string };
  await withGateway({ apiVersion, upstreamExtension: true }, async (gateway) => {
    gateway.simulator.tokens.issue({ accessToken: 'demo-token' });
    const { text } = await gateway.ask(query, {}, { token: 'demo-token' });
    type Answer = {
      data: { jobSession: { statistics: { isEstimated: boolean } } };
      extensions: { upstream: { resource: string; durationMs: number; shared: boolean }[] };
    };
    const [answer, expected] = [text, blockAfter('answer')].map((json) => JSON.parse(json) as Answer);
    if (!answer || !expected) throw new Error('no answer');
    if (apiVersion === 'v2') expected.data.jobSession.statistics.isEstimated = true;
    expect(answer.data).toEqual(expected.data);
    // Durations differ from run to run, and with them the order in which requests that run at once are answered.
    const calls = ({ extensions: { upstream } }: Answer) =>
      upstream.map(({ durationMs, ...call }) => JSON.stringify([typeof durationMs, call])).sort();
    expect(calls(answer)).toEqual(calls(expected));
  });
});

test('its two commands are there for CI to run', () => {
  expect(blockAfter('first command').trim()).toBe('npm ci && npm start');
  expect(blockAfter('second command').trim()).toBe('npm ci && npm test');
});

test('every setting that it names exists, and every link leads somewhere', () => {
  const known = new Set<string>(Object.values(settings).map(({ env }) => env));
  for (const [, name = ''] of readme.matchAll(
    /`((?:BACKUP|GRAPHQL|LOG|OPERATION|MAX|METRICS|REDIS|RATE|TRUSTED|UPSTREAM)_[A-Z_]+)(?:=\w+)?`/g,
  ))
    expect(known).toContain(name);
  for (const file of [
    'README.md',
    'SECURITY.md',
    'docs/graph.md',
    'docs/clients.md',
    'docs/versions.md',
    'docs/decisions.md',
    'docs/federation.md',
    'docs/development.md',
    'docs/explorer.md',
    'docs/doctor.md',
    'docs/http.md',
    'docs/operations.md',
    'docs/redis.md',
  ]) {
    const text = readFileSync(file, 'utf8');
    const base = file.includes('/') ? 'docs/' : '';
    for (const [, target = ''] of text.matchAll(/\]\((?!http)([^)#]+)\)/g))
      expect(readFileSync(base + target, 'utf8').length).toBeGreaterThan(0);
  }
});

test('docs/graph.md has every error code, and no other', () => {
  const graph = readFileSync('docs/graph.md', 'utf8');
  const table = graph.slice(graph.indexOf('| code |'), graph.indexOf('## What a query costs'));
  const documented = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => code),
  );
  expect(documented.sort()).toEqual([...errorCodes].sort());
});

test.each(['v2', 'v3', 'v4'])(
  'a session of the demo server has as many bytes as the docs say, under %s',
  async (apiVersion) => {
    const [, documented] = /about (\d+) bytes a session/.exec(readFileSync('docs/configuration.md', 'utf8')) ?? [];
    await withGateway({ apiVersion, simulator: { days: 90 } }, async ({ simulator, token }) => {
      const bytes = await readBytes(`${simulator.origin}/${apiVersion}/JobSessions`, token);
      const sessions = simulator.history.sessions().filter(({ job }) => job.kind === 'Backup').length;
      expect(String(Math.round(bytes / sessions / 100) * 100)).toBe(documented);
    });
  },
);
