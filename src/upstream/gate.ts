import { overloaded, type About } from './errors.js';
import type { NoToken, Operation } from './operation.js';

export type GateOptions = Readonly<{
  /** How many requests may be in flight at the server, for all callers together. */
  maxInFlight: number;
  maxPerOperation: number;
  /** How many operations may wait for one more place; one that has a place already may always wait for the next. */
  maxWaiting: number;
}>;

/** Who has waited until less is left of its time is not let in: where a server hangs, thousands come to that point at once. */
const WORTHWHILE_MS = 100;

/** Bounds what is in flight at the server, and shares it. */
export type Gate = Readonly<{
  /** Waits until one more request may be sent for the operation; what it gives must be called when that is over. */
  enter: (operation: Operation, about: About) => Promise<() => void>;
  /** Requests in flight, and operations that wait for a place. */
  figures: () => Readonly<{ inFlight: number; waiting: number }>;
}>;

type Waiter = Readonly<{ operation: Operation; start: () => void }>;

/** What one token has in flight, and what waits for it, by operation. */
type Share = { inFlight: number; readonly waiting: Map<Operation, Set<Waiter>> };

/**
 * A server that hangs keeps what is sent to it, so that what is in flight is soon all that ever will be. The next caller
 * is therefore let in for as long as possible: an operation's first request may take any place, but one token no more than
 * three quarters of them; further requests beside it are for quiet times, and end where three eighths of all places, or one
 * eighth by one token, are taken. Of those who wait, the token with the least in flight goes first.
 */
export function createGate({ maxInFlight, maxPerOperation, maxWaiting }: GateOptions): Gate {
  const perToken = Math.ceil((maxInFlight * 3) / 4);
  const besides = Math.ceil((maxInFlight * 3) / 8);
  const besidesPerToken = Math.ceil(maxInFlight / 8);
  const waitingPerToken = Math.ceil((maxWaiting * 3) / 4);

  const shares = new Map<string | NoToken, Share>();
  const inFlightOf = new Map<Operation, number>();
  let inFlight = 0;
  let waitingOperations = 0;

  function shareOf({ token }: Operation): Share {
    const share = shares.get(token) ?? { inFlight: 0, waiting: new Map() };
    shares.set(token, share);
    return share;
  }

  function tidy({ token }: Operation, share: Share): void {
    if (share.inFlight === 0 && share.waiting.size === 0) shares.delete(token);
  }

  function mayStart(operation: Operation, share: Share): boolean {
    if (inFlight >= maxInFlight || share.inFlight >= perToken) return false;
    const own = inFlightOf.get(operation) ?? 0;
    if (own === 0) return true;
    return own < maxPerOperation && inFlight < besides && share.inFlight < besidesPerToken;
  }

  function start(operation: Operation, share: Share): () => void {
    inFlight += 1;
    share.inFlight += 1;
    inFlightOf.set(operation, (inFlightOf.get(operation) ?? 0) + 1);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      inFlight -= 1;
      share.inFlight -= 1;
      const own = (inFlightOf.get(operation) ?? 1) - 1;
      if (own === 0) inFlightOf.delete(operation);
      else inFlightOf.set(operation, own);
      while (startOne());
      tidy(operation, share);
    };
  }

  function queue(waiter: Waiter, share: Share): void {
    const waiters = share.waiting.get(waiter.operation) ?? new Set();
    if (waiters.size === 0) waitingOperations += 1;
    share.waiting.set(waiter.operation, waiters.add(waiter));
  }

  function unqueue(waiter: Waiter, share: Share): void {
    const waiters = share.waiting.get(waiter.operation);
    waiters?.delete(waiter);
    if (waiters?.size !== 0) return;
    share.waiting.delete(waiter.operation);
    waitingOperations -= 1;
  }

  /** Lets one in of those who wait; false when none may. */
  function startOne(): boolean {
    if (waitingOperations === 0 || inFlight >= maxInFlight) return false;
    const hungry = [...shares.values()].filter(({ waiting }) => waiting.size > 0);
    for (const share of hungry.sort((a, b) => a.inFlight - b.inFlight)) {
      for (const [operation, [waiter]] of share.waiting) {
        if (!waiter || operation.remainingMs() < WORTHWHILE_MS || !mayStart(operation, share)) continue;
        unqueue(waiter, share);
        waiter.start();
        return true;
      }
    }
    return false;
  }

  /** Whether the operation may not even wait: others have filled the queue, and it has no place that it could go on with. */
  function isFull(operation: Operation, share: Share): boolean {
    if (inFlightOf.has(operation) || share.waiting.has(operation)) return false;
    return waitingOperations >= maxWaiting || share.waiting.size >= waitingPerToken;
  }

  return {
    figures: () => ({ inFlight, waiting: waitingOperations }),
    enter: (operation, about) => {
      const { signal } = operation;
      if (signal.aborted) return Promise.reject(operation.ended(about));
      const share = shareOf(operation);
      if (mayStart(operation, share)) return Promise.resolve(start(operation, share));
      if (isFull(operation, share)) {
        tidy(operation, share);
        return Promise.reject(overloaded(about, 'waiting', `${waitingOperations} operations wait`));
      }
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          unqueue(waiter, share);
          tidy(operation, share);
          reject(signal.reason === 'expired' ? overloaded(about, 'place', 'no place in time') : operation.ended(about));
        };
        const waiter: Waiter = {
          operation,
          start: () => {
            signal.removeEventListener('abort', onAbort);
            resolve(start(operation, share));
          },
        };
        queue(waiter, share);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}
