import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A rule for Prometheus: an alert, or a series that is worked out in advance. */
export type Rule = {
  expr: string;
  record?: string;
  alert?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
};

/** A panel of the dashboard, as far as it is looked at here. */
export type Panel = {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource?: { type: string; uid: string };
  fieldConfig?: { defaults: { unit?: string } };
  targets?: { refId: string; expr: string; legendFormat: string; datasource: { type: string; uid: string } }[];
};

export type Dashboard = {
  uid: string;
  schemaVersion: number;
  panels: Panel[];
  templating: { list: { name: string; type: string }[] };
};

/** A test of rules, as promtool reads it. */
export type RuleTest = { promql_expr_test?: { expr: string; exp_samples: unknown[] }[] };

export const folder = 'deploy/observability';
const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');

export const readRules = (): Rule[] =>
  (parse(read('rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);

export const readRuleTests = (): RuleTest[] => (parse(read('rules.test.yml')) as { tests: RuleTest[] }).tests;

export const readDashboard = (): Dashboard => JSON.parse(read('dashboard.json')) as Dashboard;

/** All that Prometheus is asked. */
export const readQueries = (): string[] => [
  ...readRules().map(({ expr }) => expr),
  ...readDashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
];
