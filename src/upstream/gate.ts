import { overloaded, type About } from './errors.js';
import type { NoToken, Operation } from './operation.js';
import { TokenQueue } from './tokenQueue.js';

export type GateOptions = Readonly<{
  /** How many requests may be in flight at the server, for all callers together. */
  maxInFlight: number;
  maxPerOperation: number;
  /** How many operations may wait for one more place; one that has a place already may always wait for the next. */
  maxWaiting: number;
}>;

/** A waiter with less time left is refused: where a server hangs, thousands would be sent at once, only to time out. */
const WORTHWHILE_MS = 100;

/** While both groups wait, one slot in so many goes to tokens that the server has not accepted: they may be new, and good. */
const TURNS = 8;

/** Bounds what is in flight at the server, and shares it. */
export type Gate = Readonly<{
  /** Waits until one more request may be sent for the operation; what it gives must be called when that is over. */
  enter: (operation: Operation, about: About) => Promise<() => void>;
  /** Requests in flight, and operations that wait for a place. */
  figures: () => Readonly<{ inFlight: number; waiting: number }>;
}>;

type Waiter = Readonly<{ operation: Operation; start: () => void; refuse: () => void }>;

/** What one token has in flight, and what waits for it, by operation. */
type Share = { group: Group; inFlight: number; readonly waiting: Map<Operation, Set<Waiter>> };

/** Either the tokens that the server has accepted lately, or all others, with what they may have together and each. */
type Group = {
  readonly maxInFlight: number;
  readonly maxInFlightPerToken: number;
  readonly maxWaiting: number;
  readonly maxWaitingPerToken: number;
  readonly queue: TokenQueue<Share>;
  inFlight: number;
  waitingOperations: number;
};

function createGroup(maxInFlight: number, maxWaiting: number, maxWaitingPerToken: number): Group {
  return {
    maxInFlight,
    maxInFlightPerToken: Math.ceil((maxInFlight * 3) / 4),
    maxWaiting,
    maxWaitingPerToken,
    queue: new TokenQueue(),
    inFlight: 0,
    waitingOperations: 0,
  };
}

/**
 * A server that hangs keeps what is sent to it, so that what is in flight is soon all that ever will be. The next caller
 * is therefore let in for as long as possible: an operation's first request may take any place, but one token no more than
 * three quarters of them; further requests beside it are for quiet times, and end where three eighths of all places, or one
 * eighth by one token, are taken. Of those who wait, the token with the least in flight goes first.
 *
 * Anyone can make up tokens. So tokens that the server has accepted lately go before all others, which have half of the slots at
 * the most, and three quarters of the queue.
 */
export function createGate({ maxInFlight, maxPerOperation, maxWaiting }: GateOptions): Gate {
  const besides = Math.ceil((maxInFlight * 3) / 8);
  const besidesPerToken = Math.ceil(maxInFlight / 8);
  const queueOfOthers = Math.ceil((maxWaiting * 3) / 4);
  const accepted = createGroup(maxInFlight, maxWaiting, queueOfOthers);
  const others = createGroup(Math.ceil(maxInFlight / 2), queueOfOthers, queueOfOthers);

  const shares = new Map<string | NoToken, Share>();
  const inFlightOf = new Map<Operation, number>();
  /** Slots that accepted tokens were given in a row while others waited. */
  let turnsOfAccepted = 0;

  const inFlight = (): number => accepted.inFlight + others.inFlight;
  const waitingOperations = (): number => accepted.waitingOperations + others.waitingOperations;

  /** Moves a token to the group that it belongs to by now. */
  function regroup(share: Share, { share: { standing } }: Operation): void {
    const from = share.group;
    const to = standing.isAccepted() ? accepted : others;
    if (from === to) return;
    share.group = to;
    from.inFlight -= share.inFlight;
    to.inFlight += share.inFlight;
    if (share.waiting.size === 0) return;
    from.waitingOperations -= share.waiting.size;
    to.waitingOperations += share.waiting.size;
    from.queue.delete(share);
    to.queue.add(share);
  }

  function shareOf(operation: Operation): Share {
    const { token } = operation;
    let share = shares.get(token);
    if (!share) {
      share = { group: others, inFlight: 0, waiting: new Map() };
      shares.set(token, share);
    }
    regroup(share, operation);
    return share;
  }

  function tidy({ token }: Operation, share: Share): void {
    if (share.inFlight === 0 && share.waiting.size === 0) shares.delete(token);
  }

  function mayStart(operation: Operation, { group, inFlight: ofToken }: Share): boolean {
    const ofAll = inFlight();
    if (ofAll >= maxInFlight || group.inFlight >= group.maxInFlight || ofToken >= group.maxInFlightPerToken)
      return false;
    const own = inFlightOf.get(operation) ?? 0;
    if (own === 0) return true;
    return own < maxPerOperation && ofAll < besides && ofToken < besidesPerToken;
  }

  /** Counts slots that a token takes or gives back. */
  function countSlots(share: Share, change: 1 | -1): void {
    const { group } = share;
    const isWaiting = share.waiting.size > 0;
    if (isWaiting) group.queue.delete(share);
    share.inFlight += change;
    group.inFlight += change;
    if (isWaiting) group.queue.add(share);
  }

  function start(operation: Operation, share: Share): () => void {
    countSlots(share, 1);
    inFlightOf.set(operation, (inFlightOf.get(operation) ?? 0) + 1);
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      regroup(share, operation); // by what the server has just answered
      countSlots(share, -1);
      const own = (inFlightOf.get(operation) ?? 1) - 1;
      if (own === 0) inFlightOf.delete(operation);
      else inFlightOf.set(operation, own);
      while (startOne());
      tidy(operation, share);
    };
  }

  function queue(waiter: Waiter, share: Share): void {
    const { group, waiting } = share;
    if (waiting.size === 0) group.queue.add(share);
    const waiters = waiting.get(waiter.operation) ?? new Set();
    if (waiters.size === 0) group.waitingOperations += 1;
    waiting.set(waiter.operation, waiters.add(waiter));
  }

  function unqueue(waiter: Waiter, share: Share): void {
    const { group, waiting } = share;
    const waiters = waiting.get(waiter.operation);
    waiters?.delete(waiter);
    if (waiters?.size !== 0) return;
    waiting.delete(waiter.operation);
    group.waitingOperations -= 1;
    if (waiting.size === 0) group.queue.delete(share);
  }

  /** Returns the waiter of a token that may start, if there is one. Waiters with too little time left are refused on the way. */
  function nextOf(share: Share): Waiter | undefined {
    if (share.inFlight >= share.group.maxInFlightPerToken) return undefined;
    for (const [operation, waiters] of share.waiting) {
      if (operation.remainingMs() < WORTHWHILE_MS) for (const waiter of waiters) waiter.refuse();
      else if (mayStart(operation, share)) for (const waiter of waiters) return waiter;
    }
    return undefined;
  }

  function nextIn(group: Group): Waiter | undefined {
    return group.inFlight < group.maxInFlight ? group.queue.first(nextOf) : undefined;
  }

  /** Lets one in of those who wait; false when none may. */
  function startOne(): boolean {
    if (waitingOperations() === 0 || inFlight() >= maxInFlight) return false;
    if (others.waitingOperations === 0) turnsOfAccepted = 0;
    const isTurnOfOthers = turnsOfAccepted >= TURNS - 1;
    let waiter = nextIn(isTurnOfOthers ? others : accepted);
    const isOfFirst = waiter !== undefined;
    waiter ??= nextIn(isTurnOfOthers ? accepted : others);
    if (!waiter) return false;
    turnsOfAccepted = isTurnOfOthers === isOfFirst ? 0 : turnsOfAccepted + 1;
    waiter.start();
    return true;
  }

  /** Whether the operation may not even wait: others have filled the queue, and it has no place that it could go on with. */
  function isFull(operation: Operation, { group, waiting }: Share): boolean {
    if (inFlightOf.has(operation) || waiting.has(operation)) return false;
    if (waitingOperations() >= maxWaiting || group.waitingOperations >= group.maxWaiting) return true;
    return waiting.size >= group.maxWaitingPerToken;
  }

  return {
    figures: () => ({ inFlight: inFlight(), waiting: waitingOperations() }),
    enter: (operation, about) => {
      const { signal } = operation;
      if (signal.aborted) return Promise.reject(operation.ended(about));
      const share = shareOf(operation);
      if (mayStart(operation, share)) return Promise.resolve(start(operation, share));
      if (isFull(operation, share)) {
        tidy(operation, share);
        return Promise.reject(overloaded(about, 'waiting', `${waitingOperations()} operations wait`));
      }
      return new Promise((resolve, reject) => {
        const leaveQueue = (): void => {
          signal.removeEventListener('abort', onAbort);
          unqueue(waiter, share);
        };
        const waiter: Waiter = {
          operation,
          start: () => {
            leaveQueue();
            resolve(start(operation, share));
          },
          refuse: () => {
            leaveQueue();
            tidy(operation, share);
            reject(overloaded(about, 'place', 'no place in time'));
          },
        };
        const onAbort = (): void => {
          if (signal.reason === 'expired') {
            waiter.refuse();
            return;
          }
          leaveQueue();
          tidy(operation, share);
          reject(operation.ended(about));
        };
        queue(waiter, share);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}
