import { href, type ApiVersion } from './format.js';
import { ticksOfMs, type Ticks } from './history.js';

/** What a resource answers: a status and a JSON body, an error by its message, or nothing of the kind. */
export type Answer =
  Readonly<{ status: 200; body: unknown }> | Readonly<{ status: 400 | 404; message: string; errorCode?: string }>;

export type ResourceRequest = Readonly<{
  version: ApiVersion;
  /** The path below the version, in lower case: paths are taken in any case. */
  segments: readonly string[];
  /** By name in lower case, as names are taken in any case too. */
  query: ReadonlyMap<string, string>;
}>;

const DEFAULT_LIMIT = 30;
const MAX_LIMIT = 10_000;

/** Nothing at this path; unlike an unknown id, it has no code. */
export const noRoute: Answer = { status: 404, message: 'No HTTP resource was found that matches the request.' };
export const notFound = (what: string): Answer => ({
  status: 404,
  message: `${what} with the specified ID was not found.`,
  errorCode: 'ResourceNotFound',
});
export const invalid = (message: string): Answer => ({ status: 400, message, errorCode: 'ParameterValidationFailure' });

/** `null` where the parameter is absent, `undefined` where it is none of what is taken. */
function numberIn(query: ReadonlyMap<string, string>, name: string): number | null | undefined {
  const text = query.get(name);
  if (text === undefined) return null;
  return /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : undefined;
}

/** `null` where the parameter is absent, `undefined` where it is no date. */
export function momentIn(query: ReadonlyMap<string, string>, name: string): Ticks | null | undefined {
  const text = query.get(name);
  if (text === undefined) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ticksOfMs(ms);
}

export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
export const isTrue = (text: string | undefined, otherwise: boolean): boolean =>
  text === undefined ? otherwise : text.toLowerCase() === 'true';

/** What a list is of: an array, or what makes its rows as they are asked for. */
export type Rows<T> = Readonly<{ length: number; slice: (from?: number, to?: number) => readonly T[] }>;

/** All of a list in a bare array, or one page of it, as the version has it for this list. */
export function list<T>(
  request: ResourceRequest,
  path: string,
  isPaged: boolean,
  rows: Rows<T>,
  bodyOf: (row: T) => unknown,
): Answer {
  if (!isPaged) return { status: 200, body: rows.slice().map(bodyOf) };
  const { version, query } = request;
  const offset = numberIn(query, 'offset');
  const asked = numberIn(query, 'limit');
  if (offset === undefined || asked === undefined || asked === 0) return invalid('offset and limit must be positive.');
  const from = offset ?? 0;
  const limit = Math.min(asked ?? DEFAULT_LIMIT, MAX_LIMIT);
  const link = (at: number, linkVersion = version): { href: string } => {
    const filters = [...query].filter(([name]) => name !== 'offset' && name !== 'limit');
    return {
      href: `${href(linkVersion, path)}?${new URLSearchParams([...filters, ['offset', String(at)], ['limit', String(limit)]]).toString()}`,
    };
  };
  return {
    status: 200,
    body: {
      offset: from,
      limit,
      ...(version === 6 && { totalCount: rows.length }),
      results: rows.slice(from, from + limit).map(bodyOf),
      _links: {
        self: link(from),
        ...(from > 0 && { first: link(0), prev: link(Math.max(0, from - limit)) }),
        // A v8 server is seen to say v7 here.
        ...(from + limit < rows.length && { next: link(from + limit, version === 8 ? 7 : version) }),
      },
    },
  };
}
