import type { Asked } from './trustedRequest.js';

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function extensionsOf({ method, search, body }: Asked): unknown {
  if (method !== 'GET') return fieldOf(body, 'extensions');
  try {
    const extensions: unknown = JSON.parse(new URLSearchParams(search).get('extensions') ?? 'null');
    return extensions;
  } catch {
    return undefined; // which Apollo refuses
  }
}

/** The hash of the persisted query that a request names; null where it names none. */
export function persistedHashOf(asked: Asked): string | null {
  const sha256 = fieldOf(fieldOf(extensionsOf(asked), 'persistedQuery'), 'sha256Hash');
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null;
}
