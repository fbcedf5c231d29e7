import { setImmediate as nextImmediate } from 'node:timers/promises';

/**
 * Lets timers and sockets have their turn. One immediate would not do: after a socket was read, immediates are called before
 * anything else.
 */
export async function nextTurn(): Promise<void> {
  await nextImmediate();
  await nextImmediate();
}
