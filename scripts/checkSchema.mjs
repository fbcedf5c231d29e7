// Compares schema/ with the schema of the last release: what would break a client, or a supergraph, fails unless the
// changelog acknowledges it. `--accept` makes the schema as it is printed the released one: a step of a release.
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildASTSchema, parse, visit } from 'graphql';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    schema: { type: 'string', default: join(root, 'schema') },
    released: { type: 'string', default: join(root, 'scripts/releasedSchema.graphql') },
    changelog: { type: 'string', default: join(root, 'CHANGELOG.md') },
    accept: { type: 'boolean', default: false },
  },
});

/** What a supergraph goes by, beside the types. */
const FEDERATION = `
  directive @key(fields: String!, resolvable: Boolean) repeatable on OBJECT | INTERFACE
  directive @shareable repeatable on OBJECT | FIELD_DEFINITION
`;

function readSchema(path) {
  const files = path.endsWith('.graphql') ? [path] : readdirSync(path).map((file) => join(path, file));
  const text = files
    .filter((file) => file.endsWith('.graphql'))
    .sort()
    .map((file) => readFileSync(file, 'utf8'));
  const document = parse([FEDERATION, ...text].join('\n'));
  return buildASTSchema(visit(document, { SchemaExtension: () => null }));
}

/** To a client, @key and @shareable are nothing; a supergraph that relies on one does not compose without it. */
const isBreaking = ({ criticality, type }) =>
  criticality.level === CriticalityLevel.Breaking || (type.startsWith('DIRECTIVE_USAGE_') && !type.endsWith('_ADDED'));

/** Of a directive's argument, inspector does not say whose it is. */
const describe = ({ type, message, path }) =>
  type.startsWith('DIRECTIVE_USAGE_ARGUMENT_') ? `${message} (${path})` : message;

/** The changelog's part on what is not released yet, with each run of white space as one space. */
function readUnreleased(path) {
  const [, text = ''] = /^## \[?Unreleased\]?.*\n([^]*?)(?=^## |$(?![^]))/im.exec(readFileSync(path, 'utf8')) ?? [];
  return text.replace(/\s+/g, ' ');
}

if (options.accept) {
  copyFileSync(join(root, 'schema.graphql'), options.released);
} else {
  const changes = await diff(readSchema(options.released), readSchema(options.schema));
  const unreleased = readUnreleased(options.changelog);
  const breaking = changes.filter(isBreaking).map(describe);
  const dangerous = changes.filter(
    (change) => !isBreaking(change) && change.criticality.level === CriticalityLevel.Dangerous,
  );
  const unacknowledged = breaking.filter((message) => !unreleased.includes(`- BREAKING: ${message}`));

  for (const { message } of dangerous) console.log(`schema: dangerous: ${message}`);
  for (const message of breaking)
    if (!unacknowledged.includes(message)) console.log(`schema: acknowledged: ${message}`);
  if (unacknowledged.length > 0) {
    console.error('The schema breaks what the last released one (scripts/releasedSchema.graphql) allowed:\n');
    for (const message of unacknowledged) console.error(`  ${message}`);
    console.error('\nTake it back, or acknowledge it: CHANGELOG.md, under "Unreleased", needs the lines\n');
    for (const message of unacknowledged) console.error(`- BREAKING: ${message}`);
    process.exitCode = 1;
  }
}
