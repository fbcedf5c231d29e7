// What the changesets of the coming release say, and how far semantic versioning wants them to raise the version.
import parseChangeset from '@changesets/parse';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const onOneLine = (text) => text.replace(/\s+/g, ' ');

function parse(file, text) {
  try {
    return parseChangeset(text);
  } catch (error) {
    throw new Error(`.changeset/${file} is no changeset: ${error.message}`, { cause: error });
  }
}

/** From nothing to most. */
const levels = ['none', 'patch', 'minor', 'major'];
export const reaches = (level, least) => levels.indexOf(level) >= levels.indexOf(least);

/** What semantic versioning asks of a change: while the version is 0.x, the second number is for what breaks. */
export const leastLevels = (version) =>
  version.startsWith('0.') ? { breaking: 'minor', added: 'patch' } : { breaking: 'major', added: 'minor' };

/** Each changeset: its file, how far it raises the version of the package, and its list items, each on one line. */
export function readChangesets(directory, packageName) {
  const files = readdirSync(directory).filter((file) => file.endsWith('.md') && file !== 'README.md');
  return files.sort().map((file) => {
    const { releases, summary } = parse(file, readFileSync(join(directory, file), 'utf8'));
    return {
      file,
      level: releases.find(({ name }) => name === packageName)?.type ?? 'none',
      items: [...summary.matchAll(/^- .*(?:\n[ \t]+\S.*)*/gm)].map(([item]) => onOneLine(item)),
    };
  });
}

/** Whether an item is on this very change. What follows is a reason: the change is not told by a longer word. */
export function isOn(item, message) {
  const start = `- BREAKING: ${message}`;
  return item.startsWith(start) && !/^[\w'!]/.test(item.slice(start.length));
}
