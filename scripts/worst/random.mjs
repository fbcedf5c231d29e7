// Random numbers from a seed, so that a run can be repeated.

/** Returns a generator of random choices (mulberry32). */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count) => Math.floor(next() * count);
  return {
    below,
    /** True with the given probability. */
    chance: (probability) => next() < probability,
    pick: (list) => list[below(list.length)],
    /** A whole number from 1 to `most`, small ones and large ones alike. */
    upTo: (most) => Math.max(1, Math.round(most ** next())),
  };
}
