// One question and what came of it.
import { hash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { judgeAnswer } from '../judge.mjs';

const ANSWER_WITHIN_MS = 15_000;

/** Sends one request by Node's own client. `call` is told its id, which nginx logs, and whether the head of its answer has come. */
async function exchange({ url, agent, token }, { method, path, body = '' }, call) {
  call.requestId = randomUUID();
  call.hasBegun = false;
  const headers = {
    authorization: `Bearer ${token}`,
    'x-request-id': call.requestId,
    ...(body !== '' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const sent = request(`${url}${path}`, { method, headers, agent, signal });
  const answered = once(sent, 'response');
  sent.on('error', () => undefined); // is told by `answered`, and later by the reading of the body
  sent.end(body);
  const [response] = await answered;
  call.hasBegun = true;
  return { status: response.statusCode, type: response.headers['content-type'] ?? '', text: await text(response) };
}

function post(caller, body, call) {
  return exchange(caller, { method: 'POST', path: '/graphql', body: JSON.stringify(body) }, call);
}

function parse(content) {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

/** Asks, as a client with automatic persisted queries does: the hash alone, and the text as well where it is not known. */
export async function ask(caller, { path, query, variables, isPersisted = false }, call = {}) {
  if (path !== undefined) return exchange(caller, { method: 'GET', path }, call);
  if (!isPersisted) return post(caller, { query, variables }, call);
  const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', query) } };
  const answer = await post(caller, { variables, extensions }, call);
  const isUnknown = parse(answer.text)?.errors?.[0]?.extensions?.code === 'PERSISTED_QUERY_NOT_FOUND';
  if (!isUnknown) return answer;
  call.isRegistration = true;
  return post(caller, { query, variables, extensions }, call);
}

/** The right answer: data of an operation, or the text of a download. */
export function readRight({ path }, { status, text: content }) {
  const body = path === undefined ? parse(content) : null;
  if (status !== 200 || (path === undefined && (body === null || body.errors))) {
    throw new Error(`no right answer: HTTP ${status} ${content.slice(0, 300)}`);
  }
  return path === undefined ? body.data : content;
}

/** A download whose log could not be read to its end has a last line that says why, behind what is right. */
function judgeDownload(content, right) {
  const lastStart = content.lastIndexOf('\n', content.length - 2) + 1;
  const code = content === right ? null : parse(content.slice(lastStart))?.error?.code;
  if (code === null) return { codes: [], isRight: true };
  return { codes: code ? [code] : [], isRight: code !== undefined && right.startsWith(content.slice(0, lastStart)) };
}

/** What an answer is: null where none of the gateways gave it, but nginx itself. */
export function judge({ path, right }, { status, type, text: content }) {
  if (path !== undefined && status === 200) return judgeDownload(content, right);
  const body = type.includes('json') ? parse(content) : null;
  if (body === null) return status >= 500 ? null : { codes: [], isRight: false };
  const { codes, isTyped, isTrue } = judgeAnswer({ status, body }, right);
  return { codes, isRight: isTyped && isTrue };
}
