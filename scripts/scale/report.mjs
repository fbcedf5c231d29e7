// The tables at the end, in Markdown.
import { cpus, release, type } from 'node:os';

/** What other programs may take of the machine without a word about it. */
const QUIET_CORES = 0.15;

const row = (cells) => `| ${cells.join(' | ')} |`;

/** Several tallies as one. */
export function merge(tallies) {
  const codes = new Map();
  for (const tally of tallies) for (const [code, count] of tally.codes) codes.set(code, (codes.get(code) ?? 0) + count);
  const sum = (name) => tallies.reduce((all, tally) => all + tally[name], 0);
  return {
    answers: sum('answers'),
    wrong: sum('wrong'),
    unanswered: sum('unanswered'),
    lost: tallies.flatMap(({ lost }) => lost),
    durations: tallies.flatMap(({ durations }) => durations),
    strange: tallies.flatMap(({ strange }) => strange),
    codes,
  };
}

/** A quantile, or 1 for the longest. */
function quantile(durations, share) {
  const sorted = [...durations].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

const codesOf = ({ codes }) => [...codes].map(([code, count]) => `${code} ${count}`).join(', ') || 'none';

export function renderPhases(phases) {
  const figures = ({ name, tally }) => [
    name,
    tally.answers,
    tally.wrong,
    tally.unanswered,
    tally.lost.length,
    codesOf(tally),
    ...[0.5, 0.99, 1].map((share) => quantile(tally.durations, share)),
  ];
  return [
    row([
      'phase',
      'answers',
      'wrong',
      'unanswered',
      'downloads lost',
      'errors by code',
      'p50 ms',
      'p99 ms',
      'longest ms',
    ]),
    row(['---', '---:', '---:', '---:', '---:', '---', '---:', '---:', '---:']),
    ...phases.map((phase) => row(figures(phase))),
  ].join('\n');
}

export const renderCosts = (phases) =>
  phases
    .filter(({ cost }) => cost)
    .map(({ name, cost }) => `- ${name}: ${cost}.`)
    .join('\n');

export function renderThroughput(rows) {
  const cores = cpus().length;
  const figures = (one) => [
    one.count,
    Math.round(one.perSecond),
    ...[0.5, 0.99].map((share) => quantile(merge(one.tallies).durations, share)),
    one.cpuMsPerAnswer.toFixed(2),
    one.gatewaysCores.toFixed(2),
    one.callersCores.toFixed(2),
    one.serversCores.toFixed(2),
    one.othersCores.toFixed(2),
    one.busyCores.toFixed(2),
  ];
  const [one, two] = rows;
  const others = Math.max(...rows.map(({ othersCores }) => othersCores));
  return [
    row([
      'gateways',
      'answers/s',
      'p50 ms',
      'p99 ms',
      "gateways' CPU ms/answer",
      "gateways' cores",
      "callers' cores",
      'cores of nginx, Redis and the backup server',
      'cores of other programs',
      'busy',
    ]),
    row(Array(10).fill('---:')),
    ...rows.map((each) => row(figures(each))),
    '',
    `Two answered ${(two.perSecond / one.perSecond).toFixed(2)} times as many as one, each answer at ` +
      `${(two.cpuMsPerAnswer / one.cpuMsPerAnswer).toFixed(2)} times the CPU in the gateways. All of it runs ` +
      `on ${cores} cores: with one gateway ${(cores - one.busyCores).toFixed(2)} of them were idle, and no more than that can a second ` +
      'one gain here. What it gains on a machine of its own, this does not say.' +
      (others > QUIET_CORES
        ? ` Other programs took up to ${others.toFixed(2)} cores: measure again when it is quiet.`
        : ''),
  ].join('\n');
}

export const renderMachine = () =>
  `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${type()} ${release()}, Node ${process.version}`;
