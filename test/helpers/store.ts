import type { RedisConfig } from '../../src/config/load.js';
import type { SharedStore, StoreObserver, StoreOutcome } from '../../src/sharedStore.js';
import { createStore } from '../../src/store/store.js';

type Command = Parameters<StoreObserver['asked']>[0];

/** A store as one instance has it, and all that it told. */
export type TestStore = Readonly<{
  store: SharedStore;
  told: { command: Command; outcome: StoreOutcome; durationMs: number }[];
  /** How often a command came to this. */
  count: (command: Command, outcome: StoreOutcome) => number;
  forget: () => void;
  logLines: { level: 'info' | 'warn'; fields: Record<string, unknown>; message: string }[];
}>;

export function openStore(
  url: string,
  origin: string,
  options: Partial<RedisConfig & { release: string }> = {},
): TestStore {
  const told: TestStore['told'] = [];
  const logLines: TestStore['logLines'] = [];
  const note =
    (level: 'info' | 'warn') =>
    (fields: Record<string, unknown>, message: string): void => {
      logLines.push({ level, fields, message });
    };
  const store = createStore(
    { urls: [url], isCluster: false, ca: null, timeoutMs: 1000, origin, release: '1', ...options },
    { info: note('info'), warn: note('warn') },
    { asked: (command, outcome, durationMs) => told.push({ command, outcome, durationMs }) },
  );
  return {
    store,
    told,
    logLines,
    count: (command, outcome) => told.filter((one) => one.command === command && one.outcome === outcome).length,
    forget: () => told.splice(0),
  };
}
