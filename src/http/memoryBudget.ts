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

/** Memory of one request or answer. */
export type Reservation = Readonly<{
  bytes: () => number;
  /** Throws `overloaded` when the reservation may not grow by this many bytes. Reserves nothing. */
  check: (moreBytes: number) => void;
  /** Reserves more bytes, or throws `overloaded`. */
  add: (moreBytes: number) => void;
  /** Sets the size to what the memory really takes. Never throws. */
  resize: (bytes: number) => void;
  /** Gives all of it back, for good: later calls reserve nothing. */
  release: () => void;
}>;

/** One owner's open reservations: their number, and their sum in bytes. */
type Owner = { bytes: number; openCount: number };

export type MemoryBudget = Readonly<{
  /** Opens an empty reservation. `owner` is whoever must not take all: a token, or an address. Each must be released. */
  open: (owner: string) => Reservation;
  reservedBytes: () => number;
}>;

/** Bounds the memory of many requests or answers together, and each owner's part of it. Reserves by estimate: it allocates nothing. */
export function createMemoryBudget(options: MemoryBudgetOptions): MemoryBudget {
  const { maxBytes, maxOwnerBytes, freeBytes, bound, about } = options;
  const owners = new Map<string, Owner>();
  let totalBytes = 0;

  function open(name: string): Reservation {
    const owner = owners.get(name) ?? { bytes: 0, openCount: 0 };
    if (owner.openCount === 0) owners.set(name, owner);
    owner.openCount += 1;
    let bytes = 0;
    let isReleased = false;

    function resize(newBytes: number): void {
      if (isReleased) return;
      owner.bytes += newBytes - bytes;
      totalBytes += newBytes - bytes;
      bytes = newBytes;
    }

    function check(moreBytes: number): void {
      if (bytes + moreBytes <= freeBytes) return;
      if (totalBytes + moreBytes > maxBytes) {
        throw overloaded(about, bound, `${totalBytes} of ${maxBytes} bytes are reserved`);
      }
      if (owner.bytes + moreBytes > maxOwnerBytes) {
        throw overloaded(about, bound, `${owner.bytes} of one caller's ${maxOwnerBytes} bytes are reserved`);
      }
    }

    return {
      bytes: () => bytes,
      check,
      add: (moreBytes) => {
        check(moreBytes);
        resize(bytes + moreBytes);
      },
      resize,
      release: () => {
        if (isReleased) return;
        resize(0);
        isReleased = true;
        owner.openCount -= 1;
        if (owner.openCount === 0) owners.delete(name);
      },
    };
  }

  return { open, reservedBytes: () => totalBytes };
}
