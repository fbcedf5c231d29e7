import { setImmediate as nextImmediate } from 'node:timers/promises';

/**
 * Lets timers run and sockets be read. It takes two immediates: the first one runs right after the sockets that are read in
 * this turn.
 */
export async function nextTurn(): Promise<void> {
  await nextImmediate();
  await nextImmediate();
}
