import { expect, test } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The licences of everything that `npm ci --omit=dev` installs: what the image has, and what comes with the package. */

/** Licences that ask for no more than to be kept with the code. */
const allowed: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
]);

/** Returns true for an SPDX expression that is met by allowed licences alone. */
function isAllowed(expression: string): boolean {
  const plain = expression.replaceAll(/[()]/g, '');
  // An expression that mixes both operators would need a parser: it counts as not allowed.
  if (plain.includes(' AND ')) return plain.split(' AND ').every((name) => allowed.has(name));
  return plain.split(' OR ').some((name) => allowed.has(name));
}

type Locked = Readonly<{ dev?: boolean; devOptional?: boolean; license?: string }>;
type Installed = Readonly<{ folder: string; licence: string }>;

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };

/** A package says its licence itself. One for another platform is not installed, so the lock file says it. */
function licenceOf(folder: string, { license }: Locked): string {
  const file = join(folder, 'package.json');
  const said: unknown = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Locked).license : license;
  return typeof said === 'string' ? said : 'none';
}

const installed: readonly Installed[] = Object.entries(lock.packages)
  .filter(([folder, { dev, devOptional }]) => folder !== '' && dev !== true && devOptional !== true)
  .map(([folder, locked]) => ({ folder, licence: licenceOf(folder, locked) }));

test('every production dependency has a licence that an MIT product can ship', () => {
  expect(installed.length).toBeGreaterThan(100);
  expect(installed.filter(({ licence }) => !isAllowed(licence))).toEqual([]);
});

test.each([
  ['MIT', true],
  ['(MIT OR GPL-3.0-only)', true],
  ['(MIT AND BSD-3-Clause)', true],
  ['(MIT AND Elastic-2.0)', false],
  ['Elastic-2.0', false],
  ['SEE LICENSE IN LICENSE.md', false],
  ['none', false],
])('the licence %s is allowed: %s', (expression, expected) => {
  expect(isAllowed(expression)).toBe(expected);
});

test('no production dependency has a NOTICE file, which this project would have to pass on', () => {
  const folders = installed.filter(({ folder }) => existsSync(folder)).map(({ folder }) => folder);
  expect(folders.length).toBeGreaterThan(100);
  expect(folders.filter((folder) => readdirSync(folder).some((file) => /^notice(\.|$)/i.test(file)))).toEqual([]);
});
