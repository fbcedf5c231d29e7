import { afterAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema as buildPlainSchema } from 'graphql';
import { printApiSchema } from '../src/graph/schema.js';

/** `npm run schema:check`, on schemas that somebody has edited. */

const files = mkdtempSync(join(tmpdir(), 'schema-'));
afterAll(() => {
  rmSync(files, { recursive: true });
});

const printed = readFileSync('schema.graphql', 'utf8');

/** The schema with one piece replaced; the piece has to be there. */
function edit(piece: string | RegExp, replacement: string): string {
  const edited = printed.replace(piece, replacement);
  expect(edited).not.toBe(printed);
  return edited;
}

type Verdict = { code: unknown; said: string };

/** A changeset as `npx changeset` writes it. */
const changeset = (text: string, level = 'minor'): string => `---\n'backup365-gateway': ${level}\n---\n\n${text}\n`;

const message = "Field 'progress' was removed from object type 'JobSession'";

/** What the check says of a schema while these changesets wait, after a version. */
function check(schema: string, changesets: readonly string[] = [], version = '0.1.0'): Promise<Verdict> {
  const folder = mkdtempSync(join(files, 'case-'));
  const waiting = join(folder, '.changeset');
  mkdirSync(waiting);
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  write('.changeset/README.md', `- BREAKING: ${message}\n`);
  changesets.forEach((text, index) => write(`.changeset/${index}.md`, text));
  const options = [
    ...['--released', write('released.graphql', printed)],
    ...['--schema', write('current.graphql', schema)],
    ...['--package', write('package.json', JSON.stringify({ name: 'backup365-gateway', version }))],
    ...['--changesets', waiting],
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/checkSchema.mjs', ...options], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, said: `${stdout}${stderr}` });
    });
  });
}

const without = (field: string): RegExp => new RegExp(`  """(?:(?!""")[^])*"""\\n  ${field}: \\w+\\n`);

const withoutProgress = edit(without('progress'), '');
const withPace = edit('  progress: Int\n', '  progress: Int\n  pace: Int\n');

test('the same schema passes without a word, and one with more fields when there is a changeset', async () => {
  expect(await check(printed)).toEqual({ code: 0, said: '' });
  expect(await check(withPace, [changeset('Sessions have a pace.', 'patch')])).toEqual({ code: 0, said: '' });
});

test('a field that is gone fails, by its name', async () => {
  const { code, said } = await check(withoutProgress);
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(`\n  ${message}\n`) });
  expect(said).toContain(`\n- BREAKING: ${message}\n`);
});

test('it passes once a changeset acknowledges it, of those that wait for the coming release', async () => {
  const line = `- BREAKING: Field 'progress' was removed\n  from object type 'JobSession': nobody asked for it\n`;
  const acknowledged = await check(withoutProgress, [
    changeset('Sessions are told sooner.', 'patch'),
    changeset(`Less is more.\n\n${line}`),
  ]);
  expect(acknowledged).toEqual({ code: 0, said: `schema: acknowledged: ${message}\n` });
  expect((await check(withoutProgress, [changeset('Sessions are told sooner.')])).code).toBe(1);
});

test('of two changes the one is told that is not acknowledged', async () => {
  const both = withoutProgress.replace(without('retryCount'), '');
  const { code, said } = await check(both, [changeset(`- BREAKING: ${message}`)]);
  expect(code).toBe(1);
  expect(said).toContain("- BREAKING: Field 'retryCount' was removed from object type 'JobSession'");
  expect(said).not.toContain(`- BREAKING: ${message}`);
});

test.each([
  ['0.1.0', 'patch', 1],
  ['0.1.0', 'minor', 0],
  ['1.4.2', 'minor', 1],
  ['1.4.2', 'major', 0],
])('after %s, what breaks ends with a changeset of %s and code %d', async (version, level, code) => {
  const verdict = await check(withoutProgress, [changeset(`- BREAKING: ${message}`, level)], version);
  expect(verdict.code).toBe(code);
  const told = `${message}: that is acknowledged in .changeset/0.md, for a version that is raised by "${level}".`;
  expect(verdict.said.includes(told)).toBe(code === 1);
});

test.each([
  ['0.1.0', 'no', 1, '"patch"'],
  ['0.1.0', 'patch', 0, ''],
  ['1.4.2', 'patch', 1, '"minor"'],
  ['1.4.2', 'minor', 0, ''],
])('after %s, one more field ends with %s changeset and code %d', async (version, level, code, needed) => {
  const changesets = level === 'no' ? [] : [changeset('Sessions have a pace.', level)];
  const verdict = await check(withPace, changesets, version);
  expect(verdict.code).toBe(code);
  const told = `\n  Field 'pace' was added to object type 'JobSession'\n\nAfter ${version} that needs a changeset of ${needed}`;
  expect(verdict.said.includes(told)).toBe(code === 1);
});

test('a changeset of another package, and one that is none, raise nothing', async () => {
  const anothers = changeset(`- BREAKING: ${message}`).replace('backup365-gateway', 'another');
  const { code, said } = await check(withoutProgress, [anothers]);
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining('raised by "none"') });
  const broken = await check(withPace, ['no front matter']);
  expect(broken).toEqual({ code: 1, said: expect.stringContaining('.changeset/0.md is no changeset') });
});

const KEY = /(type JobSession)\s+@key\(fields: "id"\)/;
const LINK = /extend schema\s+(@link\([^)]*\))/;

test.each<[string, RegExp, string, string]>([
  ['a key that is gone', KEY, '$1', `'@key(fields: "id")' was removed from 'JobSession'`],
  ['another key', KEY, '$1 @key(fields: "status")', `'@key(fields: "id")' was removed from 'JobSession'`],
  [
    'a key by which nothing is resolved any more',
    KEY,
    '$1 @key(fields: "id", resolvable: false)',
    `'@key(fields: "id")' was removed from 'JobSession'`,
  ],
  [
    'a type that is no more shareable',
    /(type PageInfo)\s+@shareable/,
    '$1',
    `'@shareable' was removed from 'PageInfo'`,
  ],
  [
    'another version of Federation',
    /federation\/v2\.5/,
    'federation/v2.9',
    `What extends the schema changed from '@link(import: ["@key", "@shareable"], url: "https://specs.apollo.dev/federation/v2.5")' to '@link(import: ["@key", "@shareable"], url: "https://specs.apollo.dev/federation/v2.9")'`,
  ],
  [
    'an import that is gone',
    /, "@shareable"\]/,
    ']',
    `to '@link(import: ["@key"], url: "https://specs.apollo.dev/federation/v2.5")'`,
  ],
  ['a link that is gone', LINK, '', `federation/v2.5")' to 'nothing'`],
])('%s breaks a supergraph', async (_, piece, replacement, told) => {
  const { code, said } = await check(edit(piece, replacement));
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(told) });
  const [line = ''] = /^- BREAKING: .*$/m.exec(said) ?? [];
  expect((await check(edit(piece, replacement), [changeset(line)])).code).toBe(0);
});

test.each<[string, RegExp, string]>([
  ['one more key', KEY, '$1 @key(fields: "status") @key(fields: "id")'],
  ['one more type with a key', KEY, 'type Later @key(fields: "id") { id: ID! } $1 @key(fields: "id")'],
  ['a field that is deprecated', /  progress: Int\n/, '  progress: Int @deprecated(reason: "no")\n'],
])('%s breaks nobody, and wants a changeset', async (_, piece, replacement) => {
  expect(await check(edit(piece, replacement), [changeset('More.', 'patch')])).toEqual({ code: 0, said: '' });
  expect((await check(edit(piece, replacement))).code).toBe(1);
});

test.each<[string, RegExp, string]>([
  ['a key that says what goes without saying', KEY, '$1 @key(resolvable: true, fields: "id")'],
  ['the link in other lines', LINK, 'schema { query: Query }\nextend schema $1'],
  ['a description in other words', /How many objects/, 'The number of objects'],
])('%s changes nothing for anybody', async (_, piece, replacement) => {
  expect(await check(edit(piece, replacement))).toEqual({ code: 0, said: '' });
});

test.each([
  ['in running text', `Some said - BREAKING: ${message}\n`],
  ['inside another item', `- Fixed: we all thought of\n  - BREAKING: ${message}\n`],
  ['of a longer name', `- BREAKING: ${message.replace(/'$/, "Event'")}\n`],
  ['with a word of its own behind', `- BREAKING: ${message}s\n`],
  ['over lines that are not its own', `- BREAKING: Field 'progress' was removed\nfrom object type 'JobSession'\n`],
])('an acknowledgement %s is none', async (_, line) => {
  expect((await check(withoutProgress, [changeset(line)])).code).toBe(1);
});

test('what is dangerous is told, and passes', async () => {
  const { code, said } = await check(edit('enum SortOrder {', 'enum SortOrder { RANDOM'), [changeset('At random.')]);
  expect({ code, said }).toEqual({
    code: 0,
    said: "schema: dangerous: Enum value 'RANDOM' was added to enum 'SortOrder'\n",
  });
});

test('api.graphql is the schema of clients, whole and without what is Federation’s', () => {
  const api = readFileSync('api.graphql', 'utf8');
  expect(api).toBe(printApiSchema());
  expect(api).not.toMatch(/@key|@shareable|@link|_entities|_service|^extend /m);
  const typesIn = (text: string): string[] =>
    [...text.matchAll(/^(?:type|enum|input|scalar) \w+/gm)].map(([line]) => line).sort();
  expect(typesIn(api)).toEqual([...new Set(typesIn(printed))]);
  expect(Object.keys(buildPlainSchema(api).getQueryType()?.getFields() ?? {})).toContain('jobSessions');
});
