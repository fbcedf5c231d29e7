import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { workflowProblems } from './helpers/deploymentSchemas.js';

/** `.github/workflows`, by GitHub's own parser and by what keeps a release ours. They are not run here. */

const FOLDER = '.github/workflows';
const texts = new Map(readdirSync(FOLDER).map((file) => [file, readFileSync(join(FOLDER, file), 'utf8')]));
const workflows = [...texts].map(([file, text]): [string, string, any] => [file, text, parse(text)]);
const jobsOf = (workflow: any): any[] => Object.values(workflow.jobs);
const check = parse(texts.get('check.yml') ?? '');
const release = parse(texts.get('release.yml') ?? '');

test.each(workflows)('%s is what GitHub reads', (_, text) => {
  expect(workflowProblems(text)).toEqual([]);
});

test('a misspelt key, and an expression of nothing, are found', () => {
  const text = texts.get('check.yml') ?? '';
  expect(workflowProblems(text.replace('timeout-minutes', 'timeout-minuts')).join()).toContain("'timeout-minuts'");
  expect(workflowProblems(text.replace('matrix.node', 'matrx.node')).join()).toContain("'matrx'");
});

test.each(workflows)('%s takes each action by commit, and says which version that is', (_, text) => {
  const uses = [...text.matchAll(/^.*\buses:.*$/gm)].map(([line]) => line.trim());
  expect(uses.length).toBeGreaterThan(1);
  expect(uses.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
});

test('one version of an action is one commit in both', () => {
  const pins = workflows.flatMap(([, text]) =>
    [...text.matchAll(/uses: (\S+)@(\w+) # (\S+)/g)].map(([, action, commit]) => `${action}@${commit}`),
  );
  const actions = new Set(pins.map((pin) => pin.split('@')[0]));
  expect(new Set(pins).size).toBe(actions.size);
});

test.each(workflows)('%s puts no expression into a script', (_, __, workflow) => {
  const scripts = jobsOf(workflow).flatMap(({ steps }) => steps.flatMap(({ run = [] }: any) => run));
  expect(scripts.length).toBeGreaterThan(0);
  expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
});

test.each(workflows)('%s ends by itself', (_, __, workflow) => {
  for (const job of jobsOf(workflow)) expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
});

test('a pull request is checked on every Node.js that is supported, without a right or a secret', () => {
  expect(check.permissions).toEqual({ contents: 'read' });
  expect(Object.keys(check.on).sort()).toEqual(['pull_request', 'push']);
  expect(texts.get('check.yml')).not.toContain('secrets.');
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(check.jobs.check.strategy.matrix.node).toEqual([20, 22, 24]);
  expect(engines.node).toBe('>=20.19');
  expect(check.jobs.check.steps.at(-1)).toEqual({ run: 'bash .ci/run' });
});

test('a release is main’s alone, and each job may do its own part', () => {
  expect(release.on).toEqual({ push: { branches: ['main'] } });
  expect(release.permissions).toEqual({});
  const permissions = Object.fromEntries(
    Object.entries<any>(release.jobs).map(([name, job]) => [name, job.permissions]),
  );
  expect(permissions).toEqual({
    version: { contents: 'write', 'pull-requests': 'write' },
    build: { contents: 'read' },
    package: { 'id-token': 'write', attestations: 'write' },
    image: { contents: 'read', packages: 'write', 'id-token': 'write', attestations: 'write' },
    tag: { contents: 'write' },
  });
  const needs = Object.entries<any>(release.jobs).map(([name, job]) => [name, [job.needs ?? []].flat()]);
  expect(Object.fromEntries(needs)).toEqual({
    version: [],
    build: ['version'],
    package: ['build'],
    image: ['build', 'package'],
    tag: ['build', 'package', 'image'],
  });
});

const stepsOf = (job: string): any[] => release.jobs[job].steps;
const scriptOf = (job: string): string =>
  stepsOf(job)
    .flatMap(({ run = [] }) => run)
    .join('\n');

test('who may sign, publish or tag installs no dependency; and what is installed finds no token', () => {
  for (const job of ['package', 'image', 'tag']) expect(scriptOf(job)).not.toMatch(/npm (ci|install|run|exec)|npx/);
  for (const job of ['package', 'tag'])
    expect(stepsOf(job).filter(({ uses = '' }) => uses.startsWith('actions/checkout@'))).toEqual([]);
  expect(scriptOf('version')).toBe('npm ci --ignore-scripts');
  const checkouts = Object.keys(release.jobs)
    .flatMap(stepsOf)
    .filter(({ uses = '' }) => uses.startsWith('actions/checkout@'));
  expect(checkouts.length).toBeGreaterThan(2);
  for (const checkout of checkouts) expect(checkout.with['persist-credentials']).toBe(false);
});

test('the package says whose it is before it is packed, as its provenance will', () => {
  const scripts = stepsOf('build').map(({ run = '' }) => run);
  const told = scripts.findIndex((script) =>
    script.includes('npm pkg set repository.type=git "repository.url=git+$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git"'),
  );
  const packed = scripts.findIndex((script) => script.includes('npm run release'));
  expect(told).toBeGreaterThan(0);
  expect(packed).toBeGreaterThan(told);
});

test.each([
  ['npm has none', '', 0, 'publish --provenance'],
  ['npm has this very one', 'same', 0, ''],
  ['npm has another', 'sha512-other', 1, ''],
])('what broke off is run again: %s', (_, published, code, asked) => {
  const folder = mkdtempSync(join(tmpdir(), 'release-'));
  try {
    writeFileSync(join(folder, 'backup365-gateway-1.0.0.tgz'), 'a package');
    const same = `sha512-${createHash('sha512').update('a package').digest('base64')}`;
    const integrity = published === 'same' ? same : published;
    const npm = `#!/bin/sh\nif [ "$1" = view ]; then [ -n "${integrity}" ] && echo "${integrity}"; else echo "$@" >> asked; fi\n`;
    writeFileSync(join(folder, 'npm'), npm, { mode: 0o755 });
    const script = stepsOf('package').find(({ run = '' }) => run.includes('npm publish')).run;
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, VERSION: '1.0.0' };
    // As GitHub runs it.
    const { status, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      cwd: folder,
      env,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: code, stderr: '' });
    const file = join(folder, 'asked');
    expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toMatch(asked === '' ? /^$/ : asked);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is released is signed, with where it comes from and what is in it', () => {
  const { package: npm, image } = release.jobs;
  const scripts = [...npm.steps, ...image.steps].map(({ run = '' }: any) => run).join('\n');
  expect(scripts).toMatch(/npm publish --provenance/);
  expect(scripts).toMatch(/cosign sign --yes "\$IMAGE"/);
  const build = image.steps.find(({ uses = '' }: any) => uses.startsWith('docker/build-push-action@'));
  expect(build.with).toMatchObject({ platforms: 'linux/amd64,linux/arm64', provenance: 'mode=max', sbom: true });
  const scriptsOfPackage = JSON.parse(readFileSync('package.json', 'utf8')).scripts;
  for (const [, name = ''] of JSON.stringify(release).matchAll(/npm run ([\w:]+)/g))
    expect(scriptsOfPackage).toHaveProperty([name]);
});
