// What the upstream of the benchmark answers: bodies of API v8, rendered once, so that serving them costs next to nothing.
import { jobIds, MINUTE_MS, renderJob, renderLogLine, renderSession, uuidOf } from './rows.mjs';

/** How many sessions the lists of the first-sight regime are taken from; each begins at a place of its own. */
export const FINISHED_SESSIONS = 2000;
export const LAST_FIRST_SIGHT_START = FINISHED_SESSIONS - 100;
/** Each token of the polling regime has a list of its own, behind the others; this row of it is still running. */
export const POLLING_LISTS = 8;
export const POLLING_LIST_SESSIONS = 100;
export const RUNNING_AT = 3;

const LOG_LINES = 60;

/** Rows of a list side by side in one buffer, of which a page is a slice. */
function joinRows(rows) {
  const starts = [];
  let length = 0;
  for (const row of rows) {
    starts.push(length);
    length += Buffer.byteLength(row) + 1; // and the comma
  }
  return { bytes: Buffer.from(rows.join(',')), starts, count: rows.length };
}

/** The envelope of v8 around the rows from `from` on, without those from `end` on. `path` is what its links say. */
export function page(rows, path, { offset, limit, from, end = rows.count }) {
  const past = Math.min(from + limit, end);
  const first = rows.starts[from] ?? 0;
  const last = past <= from ? first : past < rows.count ? rows.starts[past] - 1 : rows.bytes.length;
  const next = past < end ? `,"next":{"href":"/v8/${path}?offset=${offset + limit}&limit=${limit}"}` : '';
  const self = `{"self":{"href":"/v8/${path}?offset=${offset}&limit=${limit}"}${next}}`;
  const head = `{"offset":${offset},"limit":${limit},"_links":${self},"results":[`;
  return Buffer.concat([Buffer.from(head), rows.bytes.subarray(first, last), Buffer.from(']}')]);
}

/** All that the upstream serves, as of now: jobs and sessions by id, their lists, and the rows of each session's log. */
export function renderBodies(nowMs) {
  const jobTexts = jobIds.map((id, index) => JSON.stringify(renderJob(id, index, nowMs)));
  const sessions = new Map();
  const logs = new Map();
  const texts = [];
  const add = (index, place, isRunning) => {
    const id = uuidOf(`session ${index}`);
    const startMs = nowMs - (6 * 60 + place * 7) * MINUTE_MS;
    const text = JSON.stringify(renderSession(id, index, place, startMs, isRunning));
    texts.push(text);
    sessions.set(id, Buffer.from(text));
    logs.set(
      id,
      joinRows(Array.from({ length: LOG_LINES }, (_, line) => JSON.stringify(renderLogLine(id, line, startMs)))),
    );
  };
  for (let place = 0; place < FINISHED_SESSIONS; place += 1) add(place, place, false);
  for (let list = 0; list < POLLING_LISTS; list += 1) {
    for (let place = 0; place < POLLING_LIST_SESSIONS; place += 1) {
      add(FINISHED_SESSIONS + list * POLLING_LIST_SESSIONS + place, place, place === RUNNING_AT);
    }
  }
  return {
    jobs: new Map(jobIds.map((id, index) => [id, Buffer.from(jobTexts[index])])),
    jobRows: joinRows(jobTexts),
    sessions,
    sessionIds: [...sessions.keys()],
    sessionRows: joinRows(texts),
    logs,
  };
}
