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

test.each([
  [
    'a key that is gone',
    /(type JobSession)\s+@key\(fields: "id"\)/,
    '$1',
    /'key' was removed from object 'JobSession'/,
  ],
  [
    'another key',
    /(type JobSession)\s+@key\(fields: "id"\)/,
    '$1 @key(fields: "status")',
    /'fields' was removed from '@key' \(JobSession\.@key\.fields\)/,
  ],
  [
    'a type that is no more shareable',
    /(type PageInfo)\s+@shareable/,
    '$1',
    /'shareable' was removed from object 'PageInfo'/,
  ],
])('%s breaks a supergraph', async (_, piece, replacement, told) => {
  expect(await check(edit(piece, replacement))).toEqual({ code: 1, said: expect.stringMatching(told) });
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
