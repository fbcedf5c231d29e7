import type { FastifyRequest } from 'fastify';
import { isObject } from '../upstream/raw.js';
import type { Asked } from './trustedRequest.js';

/** Parameters of a GraphQL request that count as absent when they are empty. */
const names = ['query', 'operationName', 'variables', 'extensions', 'documentId'] as const;

/** Parameters whose value in a URL is JSON, so that `null` is an empty value too. */
const jsonNames: ReadonlySet<string> = new Set(['variables', 'extensions']);

function isEmpty(name: string, value: string): boolean {
  return value === '' || (jsonNames.has(name) && ['', 'null'].includes(value.trim()));
}

function fromSearch(search: string): string {
  const parameters = new URLSearchParams(search);
  let isChanged = false;
  for (const name of names) {
    // A parameter with two values is ambiguous; Apollo refuses it.
    if (!parameters.has(name) || !parameters.getAll(name).every((value) => isEmpty(name, value))) continue;
    parameters.delete(name);
    isChanged = true;
  }
  return isChanged ? `?${parameters.toString()}` : search;
}

/** Puts null in place of empty texts: a body without any member is refused with another message. */
function fromBody(body: unknown): unknown {
  if (!isObject(body)) return body;
  const empty = names.filter((name) => body[name] === '');
  return empty.length === 0 ? body : { ...body, ...Object.fromEntries(empty.map((name) => [name, null])) };
}

/**
 * Reads what a request asks, without the parameters that are empty. GraphQL over HTTP takes them as absent; Apollo does not.
 */
export function readAsked({ method, url, body }: Pick<FastifyRequest, 'method' | 'url' | 'body'>): Asked {
  const at = url.indexOf('?');
  const search = at === -1 ? '' : url.slice(at);
  return method === 'GET' ? { method, search: fromSearch(search), body } : { method, search, body: fromBody(body) };
}
