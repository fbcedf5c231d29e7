// What callers of all kinds do to a gateway at the same time, for some seconds.
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

/** Operations whose names the gateway is told (METRICS_OPERATIONS). */
export const knownOperations = ['OneSession', 'SessionLog', 'LatestSessions', 'Inventory'];

/** One that it is not told. */
export const unknownOperation = 'NobodyKnowsThisName';

const PAUSE_MS = 100;

const pick = (list) => list[Math.floor(Math.random() * list.length)];

/** Runs until the time is up, with a pause after each turn. */
async function repeat(untilMs, turn) {
  while (performance.now() < untilMs) {
    await turn();
    await wait(PAUSE_MS);
  }
}

/**
 * Calls for so many seconds, and says how many answers came by status, or how many calls ended without one. `flood` is a token
 * of its own that asks as often as it can, so that it meets the rate limit.
 */
export async function call({ url, seconds, tokens, flood, sessionIds }) {
  const counts = new Map();
  const count = (what) => counts.set(what, (counts.get(what) ?? 0) + 1);

  async function send(path, token, init = {}) {
    try {
      const response = await fetch(`${url}${path}`, {
        signal: AbortSignal.timeout(15_000),
        ...init,
        headers: { ...init.headers, ...(token !== null && { authorization: `Bearer ${token}` }) },
      });
      await response.arrayBuffer();
      count(`HTTP ${response.status}`);
    } catch {
      count('unanswered');
    }
  }
  const ask = (token, body, signal) =>
    send('/graphql', token, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });

  const good = () => {
    const id = pick(sessionIds);
    return pick([
      `query OneSession { jobSession(id: "${id}") { id status job { name } } }`,
      `query SessionLog { jobSession(id: "${id}") { id log(first: 5) { nodes { message } } } }`,
      'query LatestSessions { jobSessions(first: 20) { nodes { id job { name organization { name } } } } }',
      'query Inventory { jobs { nodes { name latestSession { status } } } proxies { nodes { hostName } } }',
      '{ organizations { nodes { name isBackedUp } } }',
    ]);
  };
  const text = '{ backupRepositories { nodes { name } } }';
  // A name that is an id, a token in clear, a document that is none of the schema, and more that must not become a label.
  const odd = [
    () => ask(pick(tokens), { query: `query q${pick(sessionIds).replaceAll('-', '')} { proxies { nodes { id } } }` }),
    () => ask(pick(tokens), { query: `query ${unknownOperation} { proxies { nodes { id } } }` }),
    () => ask(pick(tokens), { query: '{ jobs {' }),
    () => ask(pick(tokens), { query: '{ noSuchField }' }),
    () => ask(pick(tokens), { query: '{ jobs(first: 0) { nodes { id } } }' }),
    () =>
      ask(pick(tokens), { query: '{ jobSessions(first: 1000) { nodes { log(first: 1000) { nodes { message } } } } }' }),
    () =>
      ask(pick(tokens), {
        extensions: { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(text).digest('hex') } },
      }),
    () => ask('a-token-that-nobody-gave-0123456789', { query: 'query Inventory { jobs { nodes { name } } }' }),
    () => ask(null, { query: 'query Inventory { jobs { nodes { name } } }' }),
    () => ask(pick(tokens), { query: good() }, AbortSignal.timeout(2)),
    () => send(`/sessions/${pick(sessionIds)}/log`, pick(tokens)),
    () => send('/sessions/11111111-1111-4111-8111-111111111111/log', pick(tokens)),
  ];

  const untilMs = performance.now() + seconds * 1000;
  let turn = 0;
  await Promise.all([
    ...tokens.map((token) => repeat(untilMs, () => ask(token, { query: good() }))),
    repeat(untilMs, () => odd[turn++ % odd.length]()),
    repeat(untilMs, () => Promise.all(Array.from({ length: 5 }, () => ask(flood, { query: good() })))),
  ]);
  return counts;
}
