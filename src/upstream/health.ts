import type { Fault, UpstreamErrorDetails } from './errors.js';

/** Faults that a healthy server returns too. Any other fault is the server's. */
const faultsOfHealthyServer: ReadonlySet<Fault> = new Set([
  'unauthenticated',
  'forbidden',
  'notFound',
  'rejected',
  'rateLimited',
]);

/** Returns true for a fault that a healthy server returns too. An offline proxy fails what needs it, and nothing else. */
const isFromHealthyServer = ({ fault, errorCode }: UpstreamErrorDetails): boolean =>
  faultsOfHealthyServer.has(fault) || errorCode?.toLowerCase() === 'proxyoffline';

/** What ends before the server could answer. */
const faultsOfOurs: ReadonlySet<Fault> = new Set(['expired', 'overloaded', 'overBudget', 'cancelled', 'tooLarge']);

/** After so many requests in a row that went wrong, the server is taken for one that fails, though it speaks a version. */
const TROUBLES = 5;

/** After so long, a sign of life is taken to mean that what went wrong is over: nobody may have asked since. */
const FORGET_AFTER_MS = 300_000;

/** How the requests of callers came out lately. */
export type Health = Readonly<{
  /** One of them came out: well where there are no details. */
  heard: (trouble: UpstreamErrorDetails | null) => void;
  /** The server gave a sign of life, for nobody in particular. */
  pinged: () => void;
  /** What went wrong with the last one; null where it came out well. */
  lastTrouble: () => UpstreamErrorDetails | null;
  /** Whether so many went wrong in a row that it is the server. */
  isFailing: () => boolean;
}>;

export function createHealth(): Health {
  let inARow = 0;
  let last: UpstreamErrorDetails | null = null;
  let lastMs = -Infinity;

  function mend(): void {
    inARow = 0;
    last = null;
  }

  return {
    heard: (trouble) => {
      if (trouble !== null && faultsOfOurs.has(trouble.fault)) return;
      if (trouble === null || isFromHealthyServer(trouble)) {
        mend();
        return;
      }
      inARow += 1;
      last = trouble;
      lastMs = performance.now();
    },
    pinged: () => {
      // That it answers at all says that it is there, and not yet that it does well.
      const isUnanswered = last?.fault === 'unavailable' || (last?.fault === 'timedOut' && last.status === undefined);
      if (isUnanswered || performance.now() - lastMs > FORGET_AFTER_MS) mend();
    },
    lastTrouble: () => last,
    isFailing: () => inARow >= TROUBLES,
  };
}
