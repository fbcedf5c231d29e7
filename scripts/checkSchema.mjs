// Compares schema/ with the schema of the last release: what would break a client, or a supergraph, fails unless the
// changelog acknowledges it. `--accept` makes the schema as it is printed the released one: a step of a release.
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildASTSchema, isSpecifiedDirective, Kind, parse, print, visit } from 'graphql';
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

function readDocument(path) {
  const files = path.endsWith('.graphql') ? [path] : readdirSync(path).map((file) => join(path, file));
  const text = files
    .filter((file) => file.endsWith('.graphql'))
    .sort()
    .map((file) => readFileSync(file, 'utf8'));
  return parse([FEDERATION, ...text].join('\n'));
}

const toSchema = (document) => buildASTSchema(visit(document, { SchemaExtension: () => null }));

const onOneLine = (text) => text.replace(/\s+/g, ' ');

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

/**
 * To a client, @key and @shareable are nothing; a supergraph that relies on one does not compose without it. Of a whole type
 * or field that is gone, the types tell. @link says in which version of Federation all of it is meant.
 */
function compareUses(released, current) {
  const gone = [...released].flatMap(([place, was]) => {
    const is = current.get(place) ?? was;
    return place === 'schema'
      ? []
      : was.filter((use) => !is.includes(use)).map((use) => `'${use}' was removed from '${place}'`);
  });
  const [was, is] = [released, current].map((uses) => uses.get('schema')?.sort().join(' ') || 'nothing');
  return was === is ? gone : [...gone, `What extends the schema changed from '${was}' to '${is}'`];
}

/** Uses of directives that are gone, and their arguments, are `compareUses`': inspector does not say of which key an argument is. */
const isUses = ({ type }) => type.startsWith('DIRECTIVE_USAGE_') && !type.endsWith('_ADDED');

/** The list items of the changelog's part on what is not released yet, each on one line. */
function readUnreleased(path) {
  const [, text = ''] = /^## \[?Unreleased\]?.*\n([^]*?)(?=^## |$(?![^]))/im.exec(readFileSync(path, 'utf8')) ?? [];
  return [...text.matchAll(/^- .*(?:\n[ \t]+\S.*)*/gm)].map(([item]) => onOneLine(item));
}

/** Whether an item is on this very change. What follows is a reason: the change is not told by a longer word. */
function isOn(item, message) {
  const start = `- BREAKING: ${message}`;
  return item.startsWith(start) && !/^[\w'!]/.test(item.slice(start.length));
}

if (options.accept) {
  copyFileSync(join(root, 'schema.graphql'), options.released);
} else {
  const [released, current] = [options.released, options.schema].map(readDocument);
  const changes = (await diff(toSchema(released), toSchema(current))).filter((change) => !isUses(change));
  const messagesOf = (level) =>
    changes.filter(({ criticality }) => criticality.level === level).map(({ message }) => message);
  const breaking = [...messagesOf(CriticalityLevel.Breaking), ...compareUses(readUses(released), readUses(current))];
  const unreleased = readUnreleased(options.changelog);
  const unacknowledged = breaking.filter((message) => !unreleased.some((item) => isOn(item, message)));

  for (const message of messagesOf(CriticalityLevel.Dangerous)) console.log(`schema: dangerous: ${message}`);
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
