// Compares schema/ with the schema of the last release: what would break a client, or a supergraph, fails unless a changeset
// acknowledges it, and the changesets have to raise the version as far as the change goes: it is the schema's as well.
// `--accept` makes the schema as it is printed the released one: a step of a release.
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildASTSchema, isSpecifiedDirective, Kind, parse, print, visit } from 'graphql';
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isOn, leastLevels, onOneLine, reaches, readChangesets } from './changesets.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    schema: { type: 'string', default: join(root, 'schema') },
    released: { type: 'string', default: join(root, 'scripts/releasedSchema.graphql') },
    changesets: { type: 'string', default: join(root, '.changeset') },
    package: { type: 'string', default: join(root, 'package.json') },
    accept: { type: 'boolean', default: false },
  },
});

/** What a supergraph goes by, beside the types. */
const FEDERATION = `
  directive @key(fields: String!, resolvable: Boolean) repeatable on OBJECT | INTERFACE
  directive @shareable repeatable on OBJECT | FIELD_DEFINITION
`;

function readDocument(path) {
  const files = path.endsWith('.graphql') ? [path] : readdirSync(path).map((file) => join(path, file));
  const text = files
    .filter((file) => file.endsWith('.graphql'))
    .sort()
    .map((file) => readFileSync(file, 'utf8'));
  return parse([FEDERATION, ...text].join('\n'));
}

const toSchema = (document) => buildASTSchema(visit(document, { SchemaExtension: () => null }));

/** A directive as text, the same for all ways to write the same. */
function printUse({ name, arguments: given }) {
  const said = given.filter((argument) => print(argument) !== 'resolvable: true'); // so it is unless said otherwise
  const sorted = said.toSorted((a, b) => (a.name.value < b.name.value ? -1 : 1));
  return onOneLine(print({ kind: Kind.DIRECTIVE, name, arguments: sorted }));
}

/** What a supergraph is told by directives: "schema", types and fields, each with the uses of directives on it. */
function readUses(document) {
  const uses = new Map();
  const add = (place, directives = []) => {
    const federations = directives.filter(({ name }) => !isSpecifiedDirective({ name: name.value }));
    uses.set(place, [...(uses.get(place) ?? []), ...federations.map(printUse)]);
  };
  for (const { kind, name, directives, fields = [] } of document.definitions) {
    if (kind === Kind.SCHEMA_DEFINITION || kind === Kind.SCHEMA_EXTENSION) add('schema', directives);
    else if (kind.endsWith('TypeDefinition') || kind.endsWith('TypeExtension')) {
      add(name.value, directives);
      for (const field of fields) add(`${name.value}.${field.name.value}`, field.directives);
    }
  }
  return uses;
}

/** The uses of directives that `after` lacks, at places that it has. Of a whole type or field that is gone, the types tell. */
function missingUses(before, after) {
  return [...before].flatMap(([place, was]) => {
    const is = after.get(place) ?? was;
    return place === 'schema' ? [] : was.filter((use) => !is.includes(use)).map((use) => ({ use, place }));
  });
}

/**
 * To a client, @key and @shareable are nothing; a supergraph that relies on one does not compose without it. @link says in
 * which version of Federation all of it is meant.
 */
function compareUses(released, current) {
  const gone = missingUses(released, current).map(({ use, place }) => `'${use}' was removed from '${place}'`);
  const [was, is] = [released, current].map((uses) => uses.get('schema')?.sort().join(' ') || 'nothing');
  return was === is ? gone : [...gone, `What extends the schema changed from '${was}' to '${is}'`];
}

/** Uses of directives, and their arguments, are `readUses`': inspector does not say of which key an argument is. */
const isUse = ({ type }) => type.startsWith('DIRECTIVE_USAGE_');

function fail(...lines) {
  for (const line of lines) console.error(line);
  process.exitCode = 1;
}

async function check() {
  const { name, version } = JSON.parse(readFileSync(options.package, 'utf8'));
  const changesets = readChangesets(options.changesets, name);
  const least = leastLevels(version);

  const [released, current] = [options.released, options.schema].map(readDocument);
  const [releasedUses, currentUses] = [released, current].map(readUses);
  const changes = (await diff(toSchema(released), toSchema(current))).filter((change) => !isUse(change));
  const messagesOf = (level) =>
    changes.filter(({ criticality }) => criticality.level === level).map(({ message }) => message);
  const breaking = [...messagesOf(CriticalityLevel.Breaking), ...compareUses(releasedUses, currentUses)];
  const dangerous = messagesOf(CriticalityLevel.Dangerous);
  const added = [
    ...changes
      .filter(
        ({ type, criticality }) => criticality.level === CriticalityLevel.NonBreaking && !type.includes('DESCRIPTION'),
      )
      .map(({ message }) => message),
    ...dangerous,
    ...missingUses(currentUses, releasedUses).map(({ use, place }) => `'${use}' was added to '${place}'`),
  ];

  for (const message of dangerous) console.log(`schema: dangerous: ${message}`);
  const unacknowledged = [];
  for (const message of breaking) {
    const on = changesets.filter(({ items }) => items.some((item) => isOn(item, message)));
    const enough = on.find(({ level }) => reaches(level, least.breaking));
    if (enough) console.log(`schema: acknowledged: ${message}`);
    else if (on.length === 0) unacknowledged.push(message);
    else
      fail(
        `${message}: that is acknowledged in ${join('.changeset', on[0].file)}, for a version that is raised by "${on[0].level}".`,
        `What breaks needs "${least.breaking}" after ${version}.\n`,
      );
  }
  if (unacknowledged.length > 0) {
    fail(
      'The schema breaks what the last released one (scripts/releasedSchema.graphql) allowed:\n',
      ...unacknowledged.map((message) => `  ${message}`),
      `\nTake it back, or acknowledge it: a changeset ("npx changeset", ${least.breaking}) needs the lines\n`,
      ...unacknowledged.map((message) => `- BREAKING: ${message}`),
    );
  }
  if (added.length > 0 && !changesets.some(({ level }) => reaches(level, least.added))) {
    fail(
      'The schema has what the last released one (scripts/releasedSchema.graphql) had not:\n',
      ...added.map((message) => `  ${message}`),
      `\nAfter ${version} that needs a changeset of "${least.added}" or more ("npx changeset").`,
    );
  }
}

if (options.accept) copyFileSync(join(root, 'schema.graphql'), options.released);
else await check();
