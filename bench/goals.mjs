// What the gateway means to reach. A goal that is missed is told with by how much; it fails nothing.

const atMost = (limits, of) => ({ sign: '≤', limits, of, missing: (value, limit) => value - limit });
const atLeast = (limits, of) => ({ sign: '≥', limits, of, missing: (value, limit) => limit - value });

/** `of` picks a figure of the gateway's row in a table by regime and latency. */
const figure = (regime, latencyMs, name) => ({ regime, latencyMs, name });

export const goals = {
  'first sight, upstream requests': atMost(
    { Q1: 2, Q2: 2, Q3: 22 },
    figure('first sight', 0, 'upstreamRequestsPerOperation'),
  ),
  'first sight, times the plain stack': atLeast({ Q1: 4, Q2: 8, Q3: 6 }, figure('first sight', 0, 'timesPlain')),
  'first sight, times mercurius': atLeast({ Q1: 0.7, Q2: 2, Q3: 1.3 }, figure('first sight', 0, 'timesMercurius')),
  // One of the twenty sessions of Q3 is running, so that its log is read each time.
  'polling, upstream requests': atMost({ Q1: 1, Q2: 1, Q3: 2 }, figure('polling', 0, 'upstreamRequestsPerOperation')),
  'polling, times the plain stack': atLeast({ Q1: 6, Q2: 15, Q3: 25 }, figure('polling', 0, 'timesPlain')),
  'polling, times mercurius': atLeast({ Q1: 1, Q2: 3, Q3: 4.5 }, figure('polling', 0, 'timesMercurius')),
  'first sight, p50 at 20 ms': atMost({ Q1: 46, Q2: 46, Q3: 70 }, figure('first sight', 20, 'p50Ms')),
  'polling, p50 at 20 ms': atMost({ Q1: 26, Q2: 26, Q3: 46 }, figure('polling', 20, 'p50Ms')),
};

/** A goal for one query, judged as it is shown, in hundredths; null where the run did not measure it. */
export function judge({ sign, limits, of, missing }, tables, query) {
  const table = tables.find(
    ({ query: asked, regime, latencyMs }) => asked === query && regime === of.regime && latencyMs === of.latencyMs,
  );
  const value = table?.rows.find(({ contestant }) => contestant === 'gateway')?.[of.name];
  if (value === undefined) return null;
  const shown = Number(value.toFixed(2));
  const missedBy = missing(shown, limits[query]);
  return { value: shown, goal: `${sign} ${limits[query]}`, missedBy: missedBy > 0 ? Number(missedBy.toFixed(2)) : 0 };
}
