import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { readMetricNames } from './helpers/metricNames.js';
import { readDashboard, readQueries, readRules } from './helpers/observability.js';

/** Whether rules and dashboard speak of the metrics that the code has, and of docs that are there. */

const metricNames = await readMetricNames();

/** The gateway's own metrics in a query, without what histograms put behind their names. */
function metricsIn(query: string): string[] {
  const words = query.replaceAll(/"[^"]*"/g, '').match(/[a-zA-Z_:][\w:]*/g) ?? [];
  return words
    .filter((word) => /^backup365_[^:]+$/.test(word))
    .map((word) => (metricNames.includes(word) ? word : word.replace(/_(bucket|sum|count)$/, '')));
}

test.each(readQueries())('all metrics of %s are the code’s', (query) => {
  expect(metricNames).toEqual(expect.arrayContaining(metricsIn(query)));
});

test('every metric is in a panel', () => {
  const shown = readDashboard().panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr)));
  expect([...new Set(shown)].sort()).toEqual([...metricNames].sort());
});

test('every alert points at a heading of docs/operations.md', () => {
  const headings = [...readFileSync('docs/operations.md', 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
  const anchors = readRules().flatMap(({ annotations }) => annotations?.['runbook']?.split('#')[1] ?? []);
  expect(headings).toEqual(expect.arrayContaining(anchors));
});
