/** Tokens that wait for a slot: those with the fewest slots first, and among these the one that has waited longest. */
export class TokenQueue<T extends Readonly<{ inFlight: number }>> {
  /** Tokens by how many slots they have. */
  readonly #bySlots: Set<T>[] = [];

  /** Adds a token at the end of those with as many slots. Delete it before its number of slots changes. */
  add(token: T): void {
    while (this.#bySlots.length <= token.inFlight) this.#bySlots.push(new Set());
    this.#bySlots[token.inFlight]?.add(token);
  }

  delete(token: T): void {
    this.#bySlots[token.inFlight]?.delete(token);
  }

  /** Returns the first value that `pick` gives for a token, in order. */
  first<V>(pick: (token: T) => V | undefined): V | undefined {
    for (const tokens of this.#bySlots) {
      for (const token of tokens) {
        const value = pick(token);
        if (value !== undefined) return value;
      }
    }
    return undefined;
  }
}
