import type { FastifyRequest } from 'fastify';

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function extensionsOf({ method, body }: FastifyRequest, search: string): unknown {
  if (method !== 'GET') return fieldOf(body, 'extensions');
  try {
    const extensions: unknown = JSON.parse(new URLSearchParams(search).get('extensions') ?? 'null');
    return extensions;
  } catch {
    return undefined; // which Apollo refuses
  }
}

/** The hash of the persisted query that a request names; null where it names none. */
export function persistedHashOf(request: FastifyRequest, search: string): string | null {
  const sha256 = fieldOf(fieldOf(extensionsOf(request, search), 'persistedQuery'), 'sha256Hash');
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null;
}
