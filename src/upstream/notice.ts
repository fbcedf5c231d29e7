import type { Notice } from './resource.js';

/** How many different values are remembered as told. A server that sends ever new ones must not fill the memory. */
const MAX_TOLD = 1000;
const MAX_VALUE_CHARACTERS = 64;

type WarnLog = Readonly<{ warn: (fields: Record<string, unknown>, message: string) => void }>;

/** Tells the log once per value, not once per row. */
export function createNotice(log: WarnLog): Notice {
  const told = new Set<string>();
  return ({ resource, field, value, problem }) => {
    const key = `${resource} ${field} ${value.slice(0, MAX_VALUE_CHARACTERS)}`;
    if (told.has(key) || told.size >= MAX_TOLD) return;
    told.add(key);
    log.warn(
      { resource, field, value: value.slice(0, MAX_VALUE_CHARACTERS), problem },
      'the backup server sent something that the gateway does not know or cannot read',
    );
  };
}
