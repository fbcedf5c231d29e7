import type { Fault } from './errors.js';

/** One thing that an operation wanted of the server. */
export type Call = Readonly<{
  resource: string;
  /** Until its answer was at hand, a place at the server and further attempts included. */
  durationMs: number;
  /** True where no request was sent for it: it came with one of another operation, or from what an earlier one was told. */
  isShared: boolean;
  /** What went wrong with it; null where nothing did. */
  fault: Fault | null;
}>;

/** What one operation costs the server, call by call, for a person to look at. */
export type Costs = Readonly<{
  called: (call: Call) => void;
  /** Something that was asked for earlier is served once more. However many refer to it, it is one call. */
  recalled: (resource: string, key: string) => void;
  calls: () => readonly Call[];
}>;

/** How many things that were served once more are told of. */
const MAX_RECALLED = 200;

export function createCosts(): Costs {
  const calls: Call[] = [];
  const known = new Set<string>();
  return {
    called: (call) => {
      calls.push(call);
    },
    recalled: (resource, key) => {
      if (known.has(key) || known.size >= MAX_RECALLED) return;
      known.add(key);
      calls.push({ resource, durationMs: 0, isShared: true, fault: null });
    },
    calls: () => calls,
  };
}
