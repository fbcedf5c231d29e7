import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Maximum number of tokens that are remembered. Only the server adds one, so made-up tokens push none out. */
const MAX_TOKENS = 50_000;

/** Time for which a token counts as accepted after the server accepted it. It can be up to `REFRESH_MS` shorter. */
const ACCEPTED_MS = 1_800_000;

/** Time in which a token that is accepted again is not written down anew: callers who poll would pay for it each time. */
const REFRESH_MS = 60_000;

/** Remembers which tokens the backup server has accepted lately, by keyed hashes: no token can be read out of them. */
export class AcceptedTokens {
  readonly #secret = randomBytes(32).toString('base64');
  /** Time at which the server accepted each token, on the monotonic clock in milliseconds. The key is the token's hash. */
  readonly #acceptedAtMs = new LRUCache<string, number>({ max: MAX_TOKENS });

  /** Returns the keyed hash of a token. */
  nameOf(token: string): string {
    return hash('sha256', `${this.#secret}${token}`, 'base64');
  }

  #ageMs(name: string): number {
    return performance.now() - (this.#acceptedAtMs.get(name) ?? -Infinity);
  }

  add(name: string): void {
    if (this.#ageMs(name) > REFRESH_MS) this.#acceptedAtMs.set(name, performance.now());
  }

  delete(name: string): void {
    this.#acceptedAtMs.delete(name);
  }

  has(name: string): boolean {
    return this.#ageMs(name) < ACCEPTED_MS;
  }
}
