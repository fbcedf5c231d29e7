// Grows fields, arguments and whole selections by the schema.
import { getNamedType } from 'graphql';
import { argumentNode, fieldNode, nameNode } from './nodes.mjs';
import { idOf } from './rows.mjs';
import { fieldsOf, isBranch, leavesOf } from './schema.mjs';

/** Creates what grows parts of documents; `cursors` are valid ones by the name of their list. */
export function createGrower(random, cursors) {
  let named = 0;
  /** A name that no other field has; of 80 characters now and then. */
  const newName = (isLong = random.chance(0.15)) => {
    named += 1;
    const short = `n${named}`;
    return isLong ? short.padEnd(80, 'x') : short;
  };

  function textFor(field, argument) {
    const { name } = argument;
    if (name === 'first') return String(random.pick([1, 2, 30, 100, 498, 998, 999, 1000]));
    if (name === 'after') {
      const own = cursors[field] ?? [];
      return own.length > 0 && random.chance(0.7)
        ? JSON.stringify(random.pick(own))
        : JSON.stringify('x'.repeat(random.upTo(3000)));
    }
    if (name === 'id')
      return JSON.stringify(idOf(random.pick(['Jobs', 'JobSessions', 'Organizations']), random.below(2000)));
    if (name === 'order') return random.pick(['ASC', 'DESC']);
    if (name === 'types')
      return `[${Array.from({ length: random.upTo(200) }, () => random.pick(['ERROR', 'WARNING', 'UNKNOWN'])).join(' ')}]`;
    if (name === 'filter' && field === 'jobs') {
      return random.pick([
        '{isEnabled:true}',
        '{type:COPY}',
        `{organizationId:"${idOf('Organizations', random.below(1000))}"}`,
        `{repositoryId:"${idOf('BackupRepositories', random.below(300))}" type:BACKUP}`,
      ]);
    }
    if (name === 'filter') {
      return random.pick([
        '{statuses:[SUCCESS]}',
        `{statuses:[${Array.from({ length: random.upTo(300) }, () => random.pick(['SUCCESS', 'UNKNOWN', 'FAILED'])).join(' ')}]}`,
        '{endedAfter:"2034-01-01T00:00:00Z"}',
        '{endedBefore:"2024-02-01T00:00:00.0000001+02:00" type:BACKUP}',
        `{jobId:"${idOf('Jobs', random.below(2000))}"}`,
      ]);
    }
    return null;
  }

  function argumentsFor(definition) {
    return definition.args.flatMap((argument) => {
      const isNeeded = String(argument.type).endsWith('!');
      if (!isNeeded && !random.chance(0.6)) return [];
      const text = textFor(definition.name, argument);
      return text === null ? [] : [argumentNode(argument.name, text)];
    });
  }

  /** A field of a type with what is below it, down to a depth. */
  function growField(type, depth) {
    const branches = fieldsOf(type).filter((field) => isBranch(field) && !field.name.startsWith('_'));
    const leaves = leavesOf(type);
    const field = depth > 0 && branches.length > 0 && random.chance(0.6) ? random.pick(branches) : random.pick(leaves);
    if (!field) return fieldNode('__typename');
    if (!isBranch(field)) return { ...fieldNode(field.name), alias: nameNode(newName()) };
    return {
      ...fieldNode(field.name, growSelections(getNamedType(field.type), depth - 1), argumentsFor(field)),
      alias: nameNode(newName()),
    };
  }

  function growSelections(type, depth) {
    const rows = fieldsOf(type).find(({ name }) => name === 'nodes');
    if (rows) return [fieldNode('nodes', growSelections(getNamedType(rows.type), depth))];
    return Array.from({ length: 1 + random.below(4) }, () => growField(type, depth));
  }

  return { newName, textFor, growField, growSelections };
}
