// What deploy/observability/ asks Prometheus: the queries of the dashboard and of the rules, and which metrics are named there.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const folder = new URL('../../deploy/observability/', import.meta.url);
const read = (name) => readFileSync(new URL(name, folder), 'utf8');

/** What Grafana puts in place of its variables: all instances, and a few scrapes of one second each. */
const fill = (expr) => expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', '10s');

/** One query of a panel: of now, or over the whole time. */
export function dashboardQueries() {
  const panels = JSON.parse(read('dashboard.json')).panels;
  let row = '';
  return panels.flatMap(({ type, title, targets = [] }) => {
    if (type === 'row') row = title;
    return targets.map(({ refId, expr, instant }) => ({
      place: `${row} / ${title} ${refId}`,
      expr: fill(expr),
      isInstant: instant === true,
    }));
  });
}

export function ruleQueries() {
  return parse(read('rules.yml')).groups.flatMap(({ rules }) =>
    rules.map(({ alert, record, expr }) => ({ place: alert ?? record, expr, isInstant: true })),
  );
}

/** The names of the gateway's metrics in a query. Names of recording rules have a colon, and are none. */
export function metricsIn(expr) {
  const words = expr.replaceAll(/"[^"]*"/g, '').match(/[a-zA-Z_:][\w:]*/g) ?? [];
  return words.filter((word) => /^(backup365|process|nodejs)_[^:]+$/.test(word));
}

/** The example's configuration, with its targets and rules where they are here, and a look each second. */
export function prometheusConfig(target) {
  const config = parse(read('prometheus.yml'));
  return {
    ...config,
    global: { ...config.global, scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: config.rule_files.map((name) => new URL(name, folder).pathname),
    scrape_configs: config.scrape_configs.map((job) => ({ ...job, static_configs: [{ targets: [target] }] })),
  };
}
