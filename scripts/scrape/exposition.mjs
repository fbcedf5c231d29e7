// Reads what a gateway's /metrics has: which metrics, and which values their labels have.

const LINE = /^(\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$/;

/** The names of all metrics, without what histograms put behind them. */
export function namesOf(text) {
  return [...text.matchAll(/^# TYPE (\w+) \w+$/gm)].map(([, name]) => name);
}

/** A name as queries have it -> the metric that it belongs to; undefined where there is none. */
export function metricOf(names, word) {
  return names.find((name) => word === name || word.replace(/_(bucket|sum|count)$/, '') === name);
}

/** The gateway's own labels: a metric and a label -> its values. Bounds of histograms are left out. */
export function labelsOf(text) {
  const labels = new Map();
  for (const line of text.split('\n')) {
    const [, name, list = ''] = LINE.exec(line) ?? [];
    if (!name?.startsWith('backup365_')) continue;
    for (const [, label, value] of list.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      if (label === 'le') continue;
      const key = `${name} ${label}`;
      labels.set(key, (labels.get(key) ?? new Set()).add(value));
    }
  }
  return labels;
}

const suspicions = [
  ['a UUID', /[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}/i],
  ['an address', /:\/\/|\d+\.\d+\.\d+\.\d+|^\[?[0-9a-f]*:[0-9a-f:]+|@|:\d{2,5}$|\/|localhost/i],
  ['a token', /(?=[\w+/=.-]*\d)(?=[\w+/=.-]*[a-z])[\w+/=.-]{24,}/i],
  ['a sentence', /\s|[^\x21-\x7e]|^$/],
  ['too long', /.{81,}/],
];

/** What a label's value looks like that no label may have; null where it is a plain word. */
export function suspicionOf(value, secrets) {
  if (secrets.some((secret) => value.includes(secret))) return 'what was sent to the gateway';
  return suspicions.find(([, pattern]) => pattern.test(value))?.[0] ?? null;
}
