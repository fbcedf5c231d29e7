import type { AnswerMemory } from '../graph/answerMemory.js';
import type { NoToken } from '../upstream/operation.js';
import { createMemoryBudget, type MemoryBudget, type Reservation } from './memoryBudget.js';

/** Maximum of all answers that are made, serialized or sent, in bytes of JSON. In memory, an answer takes up to five times that. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** One token's part of it. The largest legal answer fits. */
const TOKEN_SHARE = 3 / 4;

/** Answers up to this size are always made: there are only so many open operations. */
const FREE_BYTES = 16 * 1024;

/** Bounds the memory of answers. A page of a log is as long as a response of the backup server: it must fit as well. */
export function createAnswerBudget(maxBodyBytes: number): MemoryBudget {
  const maxBytes = Math.max(MAX_ANSWER_BYTES, 2 * maxBodyBytes);
  return createMemoryBudget({
    maxBytes,
    maxOwnerBytes: maxBytes * TOKEN_SHARE,
    freeBytes: FREE_BYTES,
    bound: 'answer_memory',
    about: { resource: 'answer' },
  });
}

/** Returns the owner of a token's reservations. */
export const ownerOf = (token: string | NoToken): string => (typeof token === 'string' ? token : '');

/** Memory of one operation's answer, as execution sees it. */
class ReservedAnswer implements AnswerMemory {
  readonly #reservation: Reservation;
  #estimatedBytes = 0;
  #isReserved = false;

  constructor(reservation: Reservation) {
    this.#reservation = reservation;
  }

  get isReserved(): boolean {
    return this.#isReserved;
  }

  estimate(bytes: number): void {
    this.#reservation.check(bytes);
    this.#estimatedBytes = bytes;
  }

  check(): void {
    if (!this.#isReserved) this.#reservation.check(this.#estimatedBytes);
  }

  reserve(): void {
    if (this.#isReserved) return;
    this.#reservation.add(this.#estimatedBytes);
    this.#isReserved = true;
  }

  addTexts(characters: number): void {
    this.#reservation.add(characters);
  }
}

export const createAnswerMemory = (reservation: Reservation): AnswerMemory => new ReservedAnswer(reservation);
