import { setTimeout as wait } from 'node:timers/promises';

/** Looks again and again until something is so. A loop without an end would outlive its test, and the run with it. */
export async function until(isSo: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not so within ${limitMs} ms: ${isSo.toString()}`);
    await wait(20);
  }
}
