// The results as people read them.

const number = (value, digits) => (value === undefined ? '–' : value.toFixed(digits));
/** Three significant digits at least: costs go from hundredths of a millisecond to tens. */
const cost = (value) => (value < 10 ? value.toFixed(3) : value.toFixed(1));

export function tableOf(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

export function environmentList(environment) {
  return Object.entries(environment)
    .map(([name, value]) => `- ${name}: ${value}`)
    .join('\n');
}

function cpuTable({ query, regime, rows }) {
  const hasBefore = rows.some(({ timesBefore }) => timesBefore !== undefined);
  const head = [
    'contestant',
    'requests/s',
    'p50 ms',
    'p99 ms',
    'CPU ms/request (least–most)',
    'core busy',
    'upstream requests',
    'times plain',
    'times mercurius',
    'times bare',
    ...(hasBefore ? ['times before'] : []),
  ];
  const cells = rows.map((row) => [
    row.contestant,
    number(row.requestsPerSecond, 0),
    number(row.p50Ms, 1),
    number(row.p99Ms, 1),
    `${cost(row.cpuMsPerRequest)} (${cost(row.cpuMsLeast)}–${cost(row.cpuMsMost)})`,
    `${number(row.coreBusy * 100, 0)} %`,
    number(row.upstreamRequestsPerOperation, 2),
    number(row.timesPlain, 2),
    number(row.timesMercurius, 2),
    number(row.timesBare, 2),
    ...(hasBefore ? [number(row.timesBefore, 2)] : []),
  ]);
  return `### ${query}, ${regime}\n\n${tableOf(head, cells)}`;
}

/** One table for all queries: a row per contestant, a column per query and regime. */
function latencyTable(tables) {
  const contestants = [...new Set(tables.flatMap(({ rows }) => rows.map(({ contestant }) => contestant)))];
  const cells = contestants.map((name) => [
    name,
    ...tables.map(({ rows }) => {
      const row = rows.find(({ contestant }) => contestant === name);
      return `${number(row?.p50Ms, 1)} (${number(row?.upstreamRequestsPerOperation, 2)})`;
    }),
  ]);
  return tableOf(['contestant', ...tables.map(({ query, regime }) => `${query}, ${regime}`)], cells);
}

function goalCell(judged) {
  if (!judged) return '–';
  const { value, goal, missedBy } = judged;
  return missedBy > 0 ? `${value} (${goal}): **missed by ${missedBy}**` : `${value} (${goal})`;
}

export function renderMarkdown({ environment, rounds, seconds, tables, goals, memory }) {
  const direct = tables.filter(({ latencyMs }) => latencyMs === 0);
  const far = tables.filter(({ latencyMs }) => latencyMs > 0);
  const goalRows = goals.map(({ name, Q1, Q2, Q3 }) => [name, ...[Q1, Q2, Q3].map(goalCell)]);
  const parts = [
    '# Benchmark',
    environmentList(environment),
    `Medians of ${rounds} round${rounds === 1 ? '' : 's'} of ${seconds} s a cell, 32 connections, 0 ms to the server. "Times plain" is the plain stack's CPU per request over the row's own: above 1, the row is cheaper. Where the core is not busy, requests/s are bound by the load, or by what else runs on the machine.`,
    ...direct.map(cpuTable),
    `### Memory after the last cell\n\n${tableOf(
      ['contestant', 'RSS MB'],
      memory.map(({ contestant, rssMB }) => [contestant, number(rssMB, 0)]),
    )}`,
    ...(far.length > 0
      ? [`### One caller, 20 ms to the server: p50 ms (upstream requests per operation)\n\n${latencyTable(far)}`]
      : []),
    `### The gateway's goals\n\n${tableOf(['', 'Q1', 'Q2', 'Q3'], goalRows)}`,
  ];
  return `${parts.join('\n\n')}\n`;
}
