import { isUtf8 } from 'node:buffer';
import { MAX_ERROR_BODY_BYTES } from './body.js';
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

const faults: Readonly<Record<number, Fault>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'notFound',
  429: 'rateLimited',
};

function faultOf(status: number): Fault {
  if (status >= 500) return 'failed';
  return faults[status] ?? (status >= 400 ? 'rejected' : 'badResponse');
}

/** Why a 404 is not taken for the API's. */
export const FOREIGN_404 = "a 404 without the API's error body";

/** What an error body says. Nothing else of it is used: it may hold a stack trace. */
type ErrorBody = Readonly<{
  /** Whether it is the API's: a JSON object with a `message` or an `errorCode`. */
  isOfApi: boolean;
  /** A word such as `ResourceNotFound`. */
  errorCode: string | undefined;
}>;

const wordIn = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined;

/** Reads an error body that was cut because it is long: a stack trace can be. */
function readCutErrorBody(text: string): ErrorBody {
  return {
    isOfApi: /^\s*\{/.test(text) && /"(?:message|errorCode)"\s*:\s*"/i.test(text),
    errorCode: /"errorCode"\s*:\s*"(\w{1,64})"/.exec(text)?.[1],
  };
}

/** Reads an error body of any kind. One that is empty, HTML or cut has no error code. */
function readErrorBody(body: Buffer): ErrorBody {
  const text = body.toString().replace(/^\uFEFF/, '');
  if (body.length >= MAX_ERROR_BODY_BYTES) return readCutErrorBody(text);
  try {
    const error: unknown = JSON.parse(text);
    if (!isObject(error)) return { isOfApi: false, errorCode: undefined };
    const isOfApi = Object.entries(error).some(
      ([name, value]) => typeof value === 'string' && /^(?:message|errorCode)$/i.test(name),
    );
    return { isOfApi, errorCode: wordIn(error['errorCode']) };
  } catch {
    return { isOfApi: false, errorCode: undefined };
  }
}

/** Returns whether the API itself says that something is missing. A proxy in front of a stopped service answers 404 with a page. */
export const isNotFoundByApi = ({ status, body }: Answer): boolean => status === 404 && readErrorBody(body).isOfApi;

function refuseUnlessGood({ status, headers, body }: Answer, about: About): void {
  if (status >= 200 && status < 300) return;
  const { isOfApi, errorCode } = readErrorBody(body);
  if (status === 404 && !isOfApi)
    throw new UpstreamError({ ...about, fault: 'unavailable', status, reason: FOREIGN_404 });
  throw new UpstreamError({
    ...about,
    fault: faultOf(status),
    status,
    errorCode,
    retryAfterSeconds: status === 429 || status === 503 ? readRetryAfter(headers['retry-after']) : undefined,
    reason: status < 400 ? 'a redirect' : undefined,
  });
}

/** The JSON that an answer holds, if all is well; else why not, as an `UpstreamError`. */
export function readJson(answer: Answer, about: About): unknown {
  refuseUnlessGood(answer, about);
  const { status, body } = answer;
  const bad = (reason: string): UpstreamError => new UpstreamError({ ...about, fault: 'badResponse', status, reason });
  if (!isUtf8(body)) throw bad('a body that is not UTF-8');
  try {
    return JSON.parse(body.toString().replace(/^\uFEFF/, '')) as unknown;
  } catch {
    throw bad(body.length === 0 ? 'an empty body' : 'a body that is not JSON');
  }
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
