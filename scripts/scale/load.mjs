// Callers who ask one question after the other until they are told to stop, and the count of what they got.
import { Agent } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ask, judge } from './exchange.mjs';

const MAX_SHOWN_CHARACTERS = 300;

function createTally() {
  return {
    answers: 0,
    wrong: 0,
    /** No HTTP answer, or one of nginx itself that says it has none. */
    unanswered: 0,
    /** Downloads of which the beginning came, and not the end. */
    lost: [],
    codes: new Map(),
    /** Of operations and short downloads, in milliseconds. */
    durations: [],
    /** What was wrong or missing, to be looked at. */
    strange: [],
  };
}

/**
 * Starts to ask: each caller has a token and goes through the questions from a place of its own on, waiting `pauseMs` on
 * average between two of them; `downloaders` more download one long log again and again.
 */
export function startLoad({ url, tokens, questions, callers, pauseMs = 0, downloaders = 0, longDownload }) {
  const agent = new Agent({ keepAlive: true });
  const underWay = new Set();
  let isOver = false;
  let tally = createTally();

  async function askOnce(token, question) {
    const call = { question, startMs: performance.now(), isRegistration: false };
    underWay.add(call);
    let verdict = null;
    let strange;
    try {
      const answer = await ask({ url, agent, token }, question, call);
      verdict = judge(question, answer);
      strange = `HTTP ${answer.status} ${answer.text}`;
    } catch (error) {
      strange = String(error);
      if (question.path !== undefined && call.hasBegun) {
        tally.lost.push(call);
        return;
      }
    } finally {
      underWay.delete(call);
    }
    const count = (code) => tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
    if (call.isRegistration) count('PERSISTED_QUERY_NOT_FOUND');
    if (question !== longDownload) tally.durations.push(performance.now() - call.startMs);
    if (verdict === null) tally.unanswered += 1;
    else tally.answers += 1;
    verdict?.codes.forEach(count);
    if (verdict?.isRight === false) tally.wrong += 1;
    if (!verdict?.isRight) {
      const what = question.path ?? question.query;
      tally.strange.push(`${strange.slice(0, MAX_SHOWN_CHARACTERS)} to ${what.slice(0, MAX_SHOWN_CHARACTERS)}`);
    }
  }

  async function goOn(index, list) {
    const token = tokens[index % tokens.length];
    for (let turn = index; !isOver; turn += 1) {
      await askOnce(token, list[turn % list.length]);
      if (pauseMs > 0) await wait(2 * pauseMs * Math.random());
    }
  }

  const all = [
    ...Array.from({ length: callers }, (_, index) => goOn(index, questions)),
    ...Array.from({ length: downloaders }, (_, index) => goOn(callers + index, [longDownload])),
  ];

  return {
    underWay,
    /** From now on it counts anew. */
    forget: () => {
      tally = createTally();
    },
    count: () => tally.answers,
    /** Lets each caller have the answer that it waits for, and says what they all got. */
    stop: async () => {
      isOver = true;
      await Promise.all(all);
      agent.destroy();
      return tally;
    },
  };
}
