// Whether all contestants say the same: a fast wrong answer is worth nothing.
import { isDeepStrictEqual } from 'node:util';
import { queryNames, regimeNames } from './workload.mjs';

const CHECKS_PER_QUERY = 8;
const ANSWER_LIMIT_MS = 10_000;
/** What an answer is as long as at least while timing; those of one query differ by some digits only. */
const LENGTH_SHARE = 0.9;

async function answerOf({ name, url }, { method, headers, body }, what) {
  const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  const text = await response.text();
  const { data, errors } = response.status === 200 ? JSON.parse(text) : {};
  if (!data || errors) throw new Error(`${name} answers ${what} with ${response.status}: ${text.slice(0, 400)}`);
  return { data, length: text.length };
}

/** Resolves with the length, per query, that a right answer has at least. */
export async function checkAnswers(contestants, workload, queries = queryNames) {
  const minBodyLengths = {};
  for (const query of queries) {
    for (const regime of regimeNames) {
      for (let index = 0; index < CHECKS_PER_QUERY; index += 1) {
        const what = `${query}, ${regime}, number ${index + 1},`;
        const request = workload.requestFor(query, regime, index);
        const answers = await Promise.all(contestants.map((contestant) => answerOf(contestant, request, what)));
        const odd = answers.findIndex(({ data }) => !isDeepStrictEqual(data, answers[0].data));
        if (odd > 0) {
          const shown = [answers[0], answers[odd]].map(({ data }) => JSON.stringify(data).slice(0, 1000)).join('\n');
          const [first, second] = [contestants[0].name, contestants[odd].name];
          throw new Error(`${first} and ${second} answer ${what} differently:\n${shown}`);
        }
        const shortest = Math.min(...answers.map(({ length }) => length));
        minBodyLengths[query] = Math.min(minBodyLengths[query] ?? Infinity, Math.floor(shortest * LENGTH_SHARE));
      }
    }
  }
  return minBodyLengths;
}
