import type { GraphQLError } from 'graphql';
import type { Claims, TrustedDocuments } from '../graph/trustedDocuments.js';
import { isObject } from '../upstream/raw.js';
import type { Raw } from '../upstream/resource.js';

/** What of an HTTP request says what is asked. */
export type Asked = Readonly<{ method: string; search: string; body: unknown }>;

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

function parseObject(text: string): Raw | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // who executes it says so
  }
}

/** The id that Apollo Client and urql send, and what else is in the extensions. */
function readExtensions(extensions: unknown): { ids: unknown[]; others: unknown } {
  if (!isObject(extensions) || !('persistedQuery' in extensions)) return { ids: [], others: extensions };
  const { persistedQuery, ...others } = extensions;
  return { ids: isObject(persistedQuery) ? [persistedQuery['sha256Hash']] : [], others };
}

function fromBody(body: Raw): { claims: Claims; substitute: (text: string) => Partial<Asked> } {
  const { query, documentId, extensions, ...others } = body;
  const found = readExtensions(extensions);
  return {
    claims: { ids: [...found.ids, documentId].filter(isGiven), texts: [query].filter(isGiven) },
    substitute: (text) => ({
      body: { ...others, ...(isGiven(found.others) && { extensions: found.others }), query: text },
    }),
  };
}

function fromSearch(search: string): { claims: Claims; substitute: (text: string) => Partial<Asked> } {
  const parameters = new URLSearchParams(search);
  const found = parameters.getAll('extensions').map((text) => readExtensions(parseObject(text)));
  const ids = [...found.flatMap((extensions) => extensions.ids), ...parameters.getAll('documentId')];
  return {
    claims: { ids: ids.filter(isGiven), texts: parameters.getAll('query').filter(isGiven) },
    substitute: (text) => {
      parameters.set('query', text);
      parameters.delete('documentId');
      if (found.length > 0) {
        parameters.delete('extensions');
        for (const { others } of found) parameters.append('extensions', JSON.stringify(others));
      }
      return { search: `?${parameters.toString()}` };
    },
  };
}

/** The request with the text of a trusted document in place of all that it said of its document, or why it is refused. */
export function substituteTrusted(documents: TrustedDocuments, asked: Asked): Asked | GraphQLError {
  const { method, search, body } = asked;
  const found = method === 'GET' ? fromSearch(search) : isObject(body) ? fromBody(body) : null;
  if (found === null) return asked; // no request for GraphQL, as who executes it says
  const text = documents.find(found.claims);
  return typeof text === 'string' ? { ...asked, ...found.substitute(text) } : text;
}
