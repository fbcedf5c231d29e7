import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { folder, readDashboard, readQueries, readRules, readRuleTests } from './helpers/observability.js';
import { promtool } from './helpers/promtool.js';

/** `deploy/observability/`: what Prometheus itself says of its rules, and whether the dashboard holds together. */

test.each([
  ['the rules can be read', ['check', 'rules', '--lint=all', '--lint-fatal', `${folder}/rules.yml`]],
  ['alerts are told when they should, and not otherwise', ['test', 'rules', `${folder}/rules.test.yml`]],
  ['the configuration can be read', ['check', 'config', '--lint=all', '--lint-fatal', `${folder}/prometheus.yml`]],
])('%s, as promtool says', (_, args) => {
  expect(promtool(args)).toEqual({ code: 0, output: expect.stringContaining('SUCCESS') });
});

const alerts = readRules().flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, name: rule.alert }]));

test.each(alerts)('$name says how grave it is, what is so, what to do, and where to read more', (alert) => {
  expect(alert.labels?.['severity']).toMatch(/^(critical|warning|info)$/);
  expect(Object.keys(alert.annotations ?? {})).toEqual(['summary', 'description', 'runbook']);
  const { summary = '', description = '', runbook } = alert.annotations ?? {};
  expect(summary).toMatch(/\.$/);
  expect(description.length).toBeGreaterThan(100);
  expect(runbook).toMatch(/^docs\/operations\.md#[a-z0-9-]+$/);
});

test.each(alerts)('$name has a test in which it is told, and one in which it is not', ({ name }) => {
  const checks = readRuleTests()
    .flatMap((ruleTest) => ruleTest.promql_expr_test ?? [])
    .filter(({ expr }) => expr === `ALERTS{alertname="${name}", alertstate="firing"}`);
  expect(new Set(checks.map(({ exp_samples: samples }) => samples.length > 0))).toEqual(new Set([true, false]));
});

const { panels, templating, ...dashboard } = readDashboard();
const charts = panels.filter(({ type }) => type !== 'row');

test('no two alerts, panels or queries of a panel have one name', () => {
  const expectUnique = (names: readonly unknown[]): void => {
    expect(names).toEqual([...new Set(names)]);
  };
  expectUnique(readRules().map(({ alert, record }) => alert ?? record));
  expectUnique(panels.map(({ id }) => id));
  for (const { targets = [] } of charts) expectUnique(targets.map(({ refId }) => refId));
});

test.each(charts)('the panel "$title" says what it shows, and what is normal', ({ description, ...panel }) => {
  expect(description).toMatch(/Normal: /);
  expect(panel.title).not.toBe('');
  expect(panel.fieldConfig?.defaults.unit).toMatch(/^(s|d|bytes|percentunit|ops|reqps|none)$/);
  const { targets = [] } = panel;
  expect(targets.length).toBeGreaterThan(0);
  for (const { refId, legendFormat } of targets) {
    expect(refId).toMatch(/^[A-H]$/);
    expect(legendFormat).not.toBe('');
  }
});

test('panels stand beside each other, none on another', () => {
  const places = panels.flatMap(({ id, gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => ({ id, place: `${x + (index % w)},${y + Math.floor(index / w)}` })),
  );
  expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  expect(new Set(places.map(({ place }) => place)).size).toBe(places.length);
});

test('the dashboard is the same one after an update, and finds its data source by a variable', () => {
  expect(dashboard.uid).toBe('backup365-gateway');
  expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
  expect(templating.list.map(({ name }) => name)).toEqual(['DS_PROMETHEUS', 'instance']);
  const source = { type: 'prometheus', uid: '${DS_PROMETHEUS}' };
  for (const { datasource, targets = [] } of charts) {
    expect(datasource).toEqual(source);
    for (const target of targets) expect(target.datasource).toEqual(source);
  }
});

test('every query of the dashboard looks at the chosen gateways alone, and has no variable that is not there', () => {
  for (const { expr } of charts.flatMap(({ targets = [] }) => targets)) {
    if (!expr.includes('ALERTS{')) expect(expr).toContain('{instance=~"$instance"');
    expect(expr.replaceAll(/\$(instance|__rate_interval)\b/g, '')).not.toContain('$');
  }
  for (const query of readQueries()) expect(query).not.toMatch(/\bpassword|token=/i);
});

test('the job that the rules look for is the one that is scraped, and Grafana is told how often', () => {
  const config = parse(readFileSync(`${folder}/prometheus.yml`, 'utf8'));
  expect(config.scrape_configs.map(({ job_name: name }: { job_name: string }) => name)).toEqual(['backup365-gateway']);
  const source = parse(readFileSync(`${folder}/grafana-datasource.yml`, 'utf8'));
  expect(source.datasources[0].jsonData.timeInterval).toBe(config.global.scrape_interval);
  const provider = parse(readFileSync(`${folder}/grafana-dashboards.yml`, 'utf8'));
  expect(provider.providers.map(({ type }: { type: string }) => type)).toEqual(['file']);
});
