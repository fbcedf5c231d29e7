/** What instances of the gateway share, wherever that is. It is never waited for for long, and failing it is as if it were empty. */
export type SharedStore = Readonly<{
  /** What one token's callers share. Nothing in it can be found or read without the token. */
  of: (token: string) => TokenStore;
  /** Counts one more under a name within a window; null where the store does not answer in time. */
  count: (name: string, windowMs: number) => Promise<Readonly<{ count: number; leftMs: number }> | null>;
  /** Whether it answers; what it was asked is told to an observer. */
  isUp: () => boolean;
  close: () => Promise<void>;
}>;

/** JSON values by key. What could not be read back as it was written is not there. */
export type TokenStore = Readonly<{
  read: (key: string) => Promise<unknown>;
  /** Nobody waits for it, and it may be lost. */
  write: (key: string, value: unknown) => void;
  /** Takes all away that this token has there, for every instance. */
  drop: () => void;
}>;

/** What came of asking the store. `skipped`: not asked, as it failed a moment ago or too much is under way. */
export type StoreOutcome = 'hit' | 'miss' | 'done' | 'timeout' | 'failed' | 'skipped' | 'unreadable';

export type StoreObserver = Readonly<{
  asked: (command: 'read' | 'write' | 'drop' | 'count', outcome: StoreOutcome, durationMs: number) => void;
}>;
