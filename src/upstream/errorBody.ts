import { MAX_ERROR_BODY_BYTES } from './body.js';
import type { Fault } from './errors.js';
import { isObject } from './raw.js';

/**
 * Faults of the server's own error codes (v7 and v8), in lower case. No version documents the status that comes with a code.
 * `HttpError` is missing because it says nothing that the status does not say.
 */
const faultsOfCodes: ReadonlyMap<string, Fault> = new Map([
  ['resourcenotfound', 'notFound'],
  ['resourceaccessdenied', 'forbidden'],
  ['proxyoffline', 'failed'],
  ['timeout', 'timedOut'],
  ['parametervalidationfailure', 'rejected'],
  ['operationconflict', 'rejected'],
  ['outdatedchangetoken', 'rejected'],
  ['organizationtransfer', 'rejected'],
  ['repositoryownerchangetoomanylinks', 'rejected'],
]);

/** Returns the fault of a server's error code; undefined for a code that decides nothing. */
export function faultOfCode(errorCode: string | undefined): Fault | undefined {
  return errorCode === undefined ? undefined : faultsOfCodes.get(errorCode.toLowerCase());
}

/** The parts of an error body that are used. The rest may hold a stack trace. */
export type ErrorBody = Readonly<{
  /** True for the API's own body: a JSON object with a text `message` or `errorCode`. */
  isOfApi: boolean;
  /** A word such as `ResourceNotFound`. */
  errorCode: string | undefined;
  /** True when the body has a code of any form, such as `Proxy Offline` or 7. */
  hasCode: boolean;
  /** True for a body of which only the beginning was read: a code may follow. */
  isCut: boolean;
}>;

const foreign: ErrorBody = { isOfApi: false, errorCode: undefined, hasCode: false, isCut: false };

/** Reads the members of an object in any case of their names. */
function readMembers(members: Iterable<readonly [name: string, value: unknown]>, isCut: boolean): ErrorBody {
  let isOfApi = false;
  let errorCode: string | undefined;
  let hasCode = false;
  for (const [name, value] of members) {
    if ((typeof value !== 'string' && typeof value !== 'number') || !/^(?:message|errorCode)$/i.test(name)) continue;
    const isCode = name.length === 'errorCode'.length;
    if (!isCode && typeof value === 'number') continue;
    if (typeof value === 'string') isOfApi = true;
    if (!isCode) continue;
    const code = String(value).trim();
    if (code !== '') hasCode = true;
    if (typeof value === 'string' && /^\w{1,64}$/.test(code)) errorCode ??= code;
  }
  return { isOfApi, errorCode, hasCode, isCut };
}

/** A text, also one that is cut, or a bracket. Each text is matched to its end, so the scan is linear. */
const token = /"[^"\\]*(?:\\[^][^"\\]*)*(?:"|\\?$)|[{}[\]:]/g;

/** Returns the members with a text that stand at the top of a cut object. */
function* membersOfCut(text: string): Generator<readonly [string, string]> {
  let depth = 0;
  let name = '';
  let last = '';
  for (const [part] of text.matchAll(token)) {
    if (part === '{' || part === '[') depth += 1;
    else if (part === '}' || part === ']') depth -= 1;
    else if (depth === 1 && part === ':') name = last;
    else if (depth === 1 && name !== '') {
      yield [name.slice(1, -1), part.slice(1, -1)];
      name = '';
    }
    last = part;
  }
}

/** Reads the error code of a JSON body. Any part of it can be missing. */
export function readErrorObject(body: Readonly<Record<string, unknown>>): ErrorBody {
  return readMembers(Object.entries(body), false);
}

/** Reads an error body of any kind. One that is empty or HTML has no error code. */
export function readErrorBody(body: Buffer): ErrorBody {
  const text = body.toString().replace(/^\uFEFF/, '');
  if (body.length >= MAX_ERROR_BODY_BYTES) return /^\s*\{/.test(text) ? readMembers(membersOfCut(text), true) : foreign;
  try {
    const error: unknown = JSON.parse(text);
    return isObject(error) ? readErrorObject(error) : foreign;
  } catch {
    return foreign;
  }
}
