import { afterAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

function check(schema: string, changelog = '## [Unreleased]\n'): Promise<Verdict> {
  const [released, current, log] = ['released.graphql', 'current.graphql', 'CHANGELOG.md'].map((name) =>
    join(files, name),
  );
  for (const [file = '', text] of [
    [released, printed],
    [current, schema],
    [log, changelog],
  ] as const)
    writeFileSync(file, text);
  const options = ['--released', String(released), '--schema', String(current), '--changelog', String(log)];
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/checkSchema.mjs', ...options], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, said: `${stdout}${stderr}` });
    });
  });
}

const without = (field: string): RegExp => new RegExp(`  """(?:(?!""")[^])*"""\\n  ${field}: \\w+\\n`);

const withoutProgress = edit(without('progress'), '');
const message = "Field 'progress' was removed from object type 'JobSession'";

test('the same schema, and one with more fields, pass without a word', async () => {
  expect(await check(printed)).toEqual({ code: 0, said: '' });
  expect(await check(edit('  progress: Int\n', '  progress: Int\n  pace: Int\n'))).toEqual({ code: 0, said: '' });
});

test('a field that is gone fails, by its name', async () => {
  const { code, said } = await check(withoutProgress);
  expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(`\n  ${message}\n`) });
  expect(said).toContain(`\n- BREAKING: ${message}\n`);
});

test('it passes once the changelog acknowledges it, for the coming release', async () => {
  const line = `- BREAKING: Field 'progress' was removed\n  from object type 'JobSession': nobody asked for it\n`;
  const acknowledged = await check(
    withoutProgress,
    `# Changelog\n\n## [Unreleased]\n\n### Removed\n\n${line}\n## [0.1.0]\n`,
  );
  expect(acknowledged).toEqual({ code: 0, said: `schema: acknowledged: ${message}\n` });
  const another = await check(
    withoutProgress,
    `# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n\n### Removed\n\n${line}`,
  );
  expect(another.code).toBe(1);
});

test('of two changes the one is told that is not acknowledged', async () => {
  const both = withoutProgress.replace(without('retryCount'), '');
  const { code, said } = await check(both, `## [Unreleased]\n\n- BREAKING: ${message}\n`);
  expect(code).toBe(1);
  expect(said).toContain("- BREAKING: Field 'retryCount' was removed from object type 'JobSession'");
  expect(said).not.toContain(`- BREAKING: ${message}`);
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
  expect((await check(edit(piece, replacement), `## [Unreleased]\n\n${line}\n`)).code).toBe(0);
});

test.each<[string, RegExp, string]>([
  ['one more key', KEY, '$1 @key(fields: "status") @key(fields: "id")'],
  ['one more type with a key', KEY, 'type Later @key(fields: "id") { id: ID! } $1 @key(fields: "id")'],
  ['a key that says what goes without saying', KEY, '$1 @key(resolvable: true, fields: "id")'],
  ['the link in other lines', LINK, 'schema { query: Query }\nextend schema $1'],
  ['a field that is deprecated', /  progress: Int\n/, '  progress: Int @deprecated(reason: "no")\n'],
])('%s breaks nobody', async (_, piece, replacement) => {
  expect((await check(edit(piece, replacement))).code).toBe(0);
});

test.each([
  ['in running text', `Some said - BREAKING: ${message}\n`],
  ['inside another item', `- Fixed: we all thought of\n  - BREAKING: ${message}\n`],
  ['of a longer name', `- BREAKING: ${message.replace(/'$/, "Event'")}\n`],
  ['with a word of its own behind', `- BREAKING: ${message}s\n`],
  ['over lines that are not its own', `- BREAKING: Field 'progress' was removed\nfrom object type 'JobSession'\n`],
])('an acknowledgement %s is none', async (_, line) => {
  expect((await check(withoutProgress, `## [Unreleased]\n\n${line}`)).code).toBe(1);
});

test('what is dangerous is told, and passes', async () => {
  const { code, said } = await check(edit('enum SortOrder {', 'enum SortOrder { RANDOM'));
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
