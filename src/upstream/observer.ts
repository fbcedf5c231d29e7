import type { Fault } from './errors.js';

/** What is told of requests to the server, and of those that sharing saved. Numbers and words of closed lists: no id, no text of anybody's. */
export type UpstreamObserver = Readonly<{
  /** One attempt is over: with a whole answer that can be read, or with a fault. */
  asked: (resource: string, apiVersion: string, outcome: Fault | 'ok', durationMs: number) => void;
  /** Something was looked for that an earlier operation of the token was told: in this process, or in the store of all instances. */
  lookedUp: (level: 'memory' | 'store', isHit: boolean) => void;
  /** A request was not sent, as the same one of the same token was in flight. */
  joined: () => void;
}>;
