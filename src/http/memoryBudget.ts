import { overloaded, type About, type Bound } from '../upstream/errors.js';

export type MemoryBudgetOptions = Readonly<{
  /** Maximum of all reservations together, in bytes. */
  maxBytes: number;
  /** Maximum of one owner's reservations together, in bytes. */
  maxOwnerBytes: number;
  /** A reservation up to this size, in bytes, is never refused. It counts all the same. */
  freeBytes: number;
  /** The bound that a refusal names. */
  bound: Bound;
  about: About;
}>;

/** One owner's open reservations: their number, and their sum in bytes. */
type Owner = { readonly name: string; bytes: number; openCount: number };

/** Open reservations of a budget, by owner, and their sum in bytes. */
type Ledger = { readonly options: MemoryBudgetOptions; readonly owners: Map<string, Owner>; totalBytes: number };

/** Memory of one request or answer. A class, because each request makes two, and closures for its methods would be garbage. */
class BudgetReservation {
  readonly #ledger: Ledger;
  readonly #owner: Owner;
  #bytes = 0;
  #isReleased = false;

  constructor(ledger: Ledger, owner: Owner) {
    this.#ledger = ledger;
    this.#owner = owner;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws `overloaded` when the reservation may not grow by this many bytes. Reserves nothing. */
  check(moreBytes: number): void {
    const { options, totalBytes } = this.#ledger;
    const { maxBytes, maxOwnerBytes, freeBytes, bound, about } = options;
    if (this.#bytes + moreBytes <= freeBytes) return;
    if (totalBytes + moreBytes > maxBytes) {
      throw overloaded(about, bound, `${totalBytes} of ${maxBytes} bytes are reserved`);
    }
    if (this.#owner.bytes + moreBytes > maxOwnerBytes) {
      throw overloaded(about, bound, `${this.#owner.bytes} of one caller's ${maxOwnerBytes} bytes are reserved`);
    }
  }

  /** Reserves more bytes, or throws `overloaded`. */
  add(moreBytes: number): void {
    this.check(moreBytes);
    this.resize(this.#bytes + moreBytes);
  }

  /** Sets the size to what the memory really takes. Never throws. */
  resize(bytes: number): void {
    if (this.#isReleased) return;
    this.#owner.bytes += bytes - this.#bytes;
    this.#ledger.totalBytes += bytes - this.#bytes;
    this.#bytes = bytes;
  }

  /** Gives all of it back, for good: later calls reserve nothing. */
  release(): void {
    if (this.#isReleased) return;
    this.resize(0);
    this.#isReleased = true;
    this.#owner.openCount -= 1;
    if (this.#owner.openCount === 0) this.#ledger.owners.delete(this.#owner.name);
  }
}

export type Reservation = Pick<BudgetReservation, 'bytes' | 'check' | 'add' | 'resize' | 'release'>;

export type MemoryBudget = Readonly<{
  /** Opens an empty reservation. `owner` is whoever must not take all: a token, or an address. Each must be released. */
  open: (owner: string) => Reservation;
  reservedBytes: () => number;
}>;

/** Bounds the memory of many requests or answers together, and each owner's part of it. Reserves by estimate: it allocates nothing. */
export function createMemoryBudget(options: MemoryBudgetOptions): MemoryBudget {
  const owners = new Map<string, Owner>();
  const ledger: Ledger = { options, owners, totalBytes: 0 };
  return {
    open: (name) => {
      const owner = owners.get(name) ?? { name, bytes: 0, openCount: 0 };
      if (owner.openCount === 0) owners.set(name, owner);
      owner.openCount += 1;
      return new BudgetReservation(ledger, owner);
    },
    reservedBytes: () => ledger.totalBytes,
  };
}
