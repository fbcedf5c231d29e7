import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Maximum number of tokens that are remembered. Only the server adds one, so made-up tokens push none out. */
const MAX_TOKENS = 50_000;

/** How long a token counts as accepted after the server last accepted it. */
const ACCEPTED_MS = 1_800_000;

/** Remembers which tokens the backup server has accepted lately, by keyed hashes: no token can be read out of them. */
export class AcceptedTokens {
  readonly #secret = randomBytes(32).toString('base64');
  readonly #names = new LRUCache<string, true>({ max: MAX_TOKENS, ttl: ACCEPTED_MS });

  /** Returns the keyed hash of a token. */
  nameOf(token: string): string {
    return hash('sha256', `${this.#secret}${token}`, 'base64');
  }

  add(name: string): void {
    this.#names.set(name, true);
  }

  delete(name: string): void {
    this.#names.delete(name);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}
