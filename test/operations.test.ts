import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { settings } from '../src/config/settings.js';
import { errorCodes } from '../src/graph/formatError.js';
import { serverConditions } from '../src/upstream/state.js';
import { readMetricNames } from './helpers/metricNames.js';

/** Whether docs/operations.md speaks of what the code has: all of it, and nothing else. */

const text = readFileSync('docs/operations.md', 'utf8');

/** The words in the first column of the table after a marker. */
function firstColumn(marker: string): string[] {
  const table = text.slice(text.indexOf(marker)).split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, word = '']) => word);
}

test('every metric is in its table, and no other', async () => {
  expect(firstColumn('<!-- metrics -->').sort()).toEqual([...(await readMetricNames())].sort());
});

test('every error code is in its table, and no other', () => {
  expect(firstColumn('<!-- error codes -->').sort()).toEqual([...errorCodes].sort());
});

test('every state of the backup server is in its table, and no other', () => {
  expect(firstColumn('| `backupServer.state` |')).toEqual([...serverConditions]);
});

test('every setting that it names is one, and every heading that it points to is there', () => {
  const known = new Set<string>(['BACKUP_TOKEN', ...Object.values(settings).map(({ env }) => env)]); // the doctor's
  const named = [
    ...text.matchAll(
      /`((?:BACKUP|REDIS|RATE|METRICS|LOG|SHARING|TRUSTED|MAX|OPERATION|UPSTREAM)_[A-Z_]+[A-Z])(?:=\S*)?`/g,
    ),
  ];
  const names = named.map(([, name = '']) => name).filter((name) => !(errorCodes as readonly string[]).includes(name));
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) expect(known).toContain(name);
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
  for (const [, anchor] of text.matchAll(/\]\(#([\w-]+)\)/g)) expect(headings).toContain(anchor);
});

test('every page that it links to is there', () => {
  for (const [, target = ''] of text.matchAll(/\]\((?!#|http)([^)#]+)/g)) {
    expect(readFileSync(`docs/${target}`, 'utf8').length).toBeGreaterThan(0);
  }
});
