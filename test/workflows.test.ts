import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
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
  const { version, package: npm, image } = release.jobs;
  expect(version.permissions).toEqual({ contents: 'write', 'pull-requests': 'write' });
  expect(npm.permissions).toEqual({ contents: 'write', 'id-token': 'write', attestations: 'write' });
  expect(image.permissions).toEqual({
    contents: 'read',
    packages: 'write',
    'id-token': 'write',
    attestations: 'write',
  });
  expect(npm.needs).toBe('version');
  expect(image.needs).toBe('package');
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
