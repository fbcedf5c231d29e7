import { isUtf8 } from 'node:buffer';
import { isEncoded } from './body.js';
import { faultOfCode, readErrorBody, readErrorObject, type ErrorBody } from './errorBody.js';
import { UpstreamError, type About, type Fault } from './errors.js';
import { parseLongArray } from './longJson.js';
import { isObject } from './raw.js';
import { readRetryAfter } from './retryAfter.js';

/** What the server answered, whatever that was. */
export type Answer = Readonly<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>;

/** Up to here a body is parsed in one go. */
const LONG_BYTES = 1024 * 1024;

/** Length from which others get a turn before a body is parsed: an operation may read a hundred such pages at once. */
const PAGE_BYTES = 128 * 1024;

/** Faults of the statuses that say what is wrong. */
const faultsOfStatuses: Readonly<Record<number, Fault>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  408: 'timedOut',
  429: 'rateLimited',
};

function faultOfStatus(status: number): Fault {
  if (status >= 500) return 'failed';
  return faultsOfStatuses[status] ?? (status >= 400 ? 'rejected' : 'badResponse');
}

/** Reason of a 404 that is not the API's. */
export const FOREIGN_404 = "a 404 without the API's error body";

const noErrorBody: ErrorBody = { isOfApi: false, errorCode: undefined, hasCode: false, isCut: false };

/** Returns why an answer is an error: by the server's own code if it has one, else by its status. */
function explain({ status, headers, body }: Answer): Readonly<{ fault: Fault; errorCode?: string; reason?: string }> {
  const isUnreadable = isEncoded(headers) && body.length > 0;
  const { isOfApi, errorCode, hasCode, isCut } = isUnreadable ? noErrorBody : readErrorBody(body);
  const named = errorCode === undefined ? {} : { errorCode };
  const fault = faultOfCode(errorCode);
  if (fault !== undefined) return { fault, ...named };
  if (status === 404) {
    if (isUnreadable) return { fault: 'badResponse', reason: 'a compressed body' };
    if (!isOfApi) return { fault: 'unavailable', reason: FOREIGN_404 };
    // The server says that something else is wrong, or may say so behind what was read.
    if (hasCode || isCut) return { fault: 'rejected', ...named };
  }
  const reason = status < 400 ? 'a redirect: a login page or a proxy answers in place of the API' : undefined;
  return { fault: faultOfStatus(status), ...named, ...(reason !== undefined && { reason }) };
}

function refuseUnlessGood(answer: Answer, about: About): void {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return;
  const { fault, ...more } = explain(answer);
  const retryAfterSeconds = status === 429 || status === 503 ? readRetryAfter(headers['retry-after']) : undefined;
  throw new UpstreamError({ ...about, fault, status, ...more, retryAfterSeconds });
}

/** Throws for an error body with a 2xx status. Records have an `id`, pages have `results`. */
function refuseErrorBody(json: unknown, status: number, about: About): void {
  if (!isObject(json) || 'id' in json || 'results' in json) return;
  const { errorCode } = readErrorObject(json);
  const fault = faultOfCode(errorCode);
  if (fault !== undefined) throw new UpstreamError({ ...about, fault, status, errorCode });
}

/** Says what a body is that should be JSON. */
function describeBody(body: Buffer): string {
  if (body.length === 0) return 'an empty body';
  const isMarkup = /^(?:\uFEFF|\s)*</.test(body.toString('utf8', 0, 1000));
  return isMarkup ? 'a page of HTML: a login page or a proxy answers in place of the API' : 'a body that is not JSON';
}

/** The JSON that an answer holds, if all is well; else why not, as an `UpstreamError`. */
export function readJson(answer: Answer, about: About): unknown {
  refuseUnlessGood(answer, about);
  const { status, body } = answer;
  const bad = (reason: string): UpstreamError => new UpstreamError({ ...about, fault: 'badResponse', status, reason });
  if (!isUtf8(body)) throw bad('a body that is not UTF-8');
  let json: unknown;
  try {
    json = JSON.parse(body.toString().replace(/^\uFEFF/, ''));
  } catch {
    throw bad(describeBody(body));
  }
  refuseErrorBody(json, status, about);
  return json;
}

/**
 * Returns the JSON of an answer of any length. Calls `letOthersGoOn` before a long body, with its length in pages, and between
 * the slices of a long array.
 */
export async function readAnyJson(
  answer: Answer,
  about: About,
  letOthersGoOn: (pages?: number) => Promise<void>,
): Promise<unknown> {
  const { body } = answer;
  if (body.length > PAGE_BYTES) await letOthersGoOn(body.length / PAGE_BYTES);
  if (body.length <= LONG_BYTES || !isUtf8(body)) return readJson(answer, about);
  refuseUnlessGood(answer, about);
  try {
    return (await parseLongArray(body, letOthersGoOn)) ?? readJson(answer, about);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return readJson(answer, about); // which says what is wrong with it
  }
}
