import type { StoreLog } from './store.js';

/** How often one code word is told, and how many are: what is refused is asked for often, and who answers chooses the words. */
const TELL_EVERY_MS = 60_000;
const MAX_TOLD = 20;

/** Tells the log what Redis refuses, by the code word alone and once a minute for each: the rest of the message can hold keys. */
export function createRefusalLog(log: StoreLog): (code: string) => void {
  let told = new Set<string>();
  let sinceMs = -Infinity;
  return (code) => {
    if (performance.now() - sinceMs > TELL_EVERY_MS) {
      told = new Set();
      sinceMs = performance.now();
    }
    if (told.has(code) || told.size >= MAX_TOLD) return;
    told.add(code);
    log.warn({ reason: code }, 'the shared store refuses what it is asked, which is told once a minute');
  };
}
