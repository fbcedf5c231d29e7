import { LRUCache } from 'lru-cache';
import type { SharedStore, TokenStore } from '../sharedStore.js';
import { AcceptedTokens } from './acceptedTokens.js';
import type { UpstreamObserver } from './observer.js';

export type SharingOptions = Readonly<{
  isOn: boolean;
  /** How long what hardly changes (a job, an organization, …) is shared. */
  maxAgeMs: number;
  maxBytes: number;
}>;

/** How long a value is good: as long as there is room for it, or for the seconds that are set. */
export type Lifetime = 'unchanging' | 'brief';

/** Tells whether the backup server has accepted a token lately. */
export type TokenStanding = Readonly<{
  /** Returns true when the server has accepted the token lately, for any operation. */
  isAccepted: () => boolean;
  /** Remembers that the server has accepted the token with this answer, or refused it. */
  note: (isAccepted: boolean) => void;
}>;

/**
 * What operations of one token share, as one of them may use it. The authority rule: every operation asks the server at least
 * once with its caller's own token before anything that was kept is served to it, and what was kept serves only relations
 * below that first answer. A token that the server refuses once loses all that was kept for it.
 */
export type Share = Readonly<{
  /** Requests of this token that are in flight, by what they ask for. */
  flights: Map<string, Promise<Flown>>;
  /** The server has answered this operation with what it asked for. */
  authorize: () => void;
  /** The server has refused the token, or something to it: all that was kept for it goes at once. */
  drop: () => void;
  /** Whether the server has answered this operation. */
  isAuthorized: () => boolean;
  standing: TokenStanding;
  /** What this process has kept, if the server has answered this operation already. */
  recall: (key: string) => object | undefined;
  /** What an instance has put into the store of all, under the same condition; null where there is no store to look into. */
  recallShared: (key: string) => Promise<object | undefined> | null;
  /** Another operation has asked for the same, and this one waits for its answer. */
  joined: () => void;
  /** Keeps what the server has told this operation. */
  keep: (key: string, value: object, lifetime: Lifetime) => void;
  /** The operation is over. */
  leave: () => void;
}>;

/** What came of a request: the JSON, and how long it was. */
export type Flown = Readonly<{ json: unknown; bytes: number }>;

export type Sharing = Readonly<{
  /** Lets an operation of a token share what other operations of the same token do. */
  join: (token: string | null) => Share;
  /** How many tokens and values there are. */
  size: () => Readonly<{ tokens: number; entries: number; bytes: number }>;
}>;

const MAX_ENTRIES = 50_000;

/** What an entry takes beside its value: its key in two places, and a shelf where it is the only one of its token. */
const ENTRY_BYTES = 800;

/** What one token has. Once it is dropped, operations that hold it still find nothing, and what they keep is lost. */
type Shelf = {
  readonly name: string;
  readonly flights: Map<string, Promise<Flown>>;
  readonly keys: Set<string>;
  operations: number;
  isDropped: boolean;
};

type Entry = Readonly<{ value: object; shelf: Shelf }>;

/**
 * About as many bytes as a value takes in memory: 16 for each of its parts, and its texts. What has an error in it is too heavy
 * for any limit, for errors are never kept.
 */
function weigh(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 16;
  if (value instanceof Error) return Infinity;
  let bytes = 16;
  for (const part of Object.values(value)) bytes += 16 + weigh(part);
  return bytes;
}

/** The standing of a request without a token: the server has accepted nothing. */
const noStanding: TokenStanding = { isAccepted: () => false, note: () => undefined };

/** Shares nothing; what its token has in the store all the same, persisted queries, can be dropped. */
function createSolitude(dropStored: () => void, standing: TokenStanding): Share {
  let isAuthorized = false;
  return {
    standing,
    flights: new Map(),
    authorize: () => {
      isAuthorized = true;
    },
    drop: dropStored,
    isAuthorized: () => isAuthorized,
    recall: () => undefined,
    recallShared: () => null,
    joined: () => undefined,
    keep: () => undefined,
    leave: () => undefined,
  };
}

/** Who hears of what was looked up, and what all instances share. */
export type SharingPartners = Readonly<{
  observer?: UpstreamObserver | undefined;
  store?: SharedStore | null | undefined;
}>;

export function createSharing(
  { isOn, maxAgeMs, maxBytes }: SharingOptions,
  { observer, store }: SharingPartners = {},
): Sharing {
  const shelves = new Map<string, Shelf>();
  const acceptedTokens = new AcceptedTokens();
  const entries = new LRUCache<string, Entry>({
    max: MAX_ENTRIES,
    maxSize: maxBytes,
    noDisposeOnSet: true,
    dispose: ({ shelf }, key) => {
      shelf.keys.delete(key);
      tidy(shelf);
    },
  });

  function tidy(shelf: Shelf): void {
    if (shelf.operations === 0 && shelf.keys.size === 0 && shelves.get(shelf.name) === shelf)
      shelves.delete(shelf.name);
  }

  function shelfOf(name: string): Shelf {
    const shelf = shelves.get(name) ?? { name, flights: new Map(), keys: new Set(), operations: 0, isDropped: false };
    shelves.set(name, shelf);
    return shelf;
  }

  function drop(shelf: Shelf): void {
    shelf.isDropped = true;
    shelves.delete(shelf.name); // whoever comes next begins with nothing
    for (const key of [...shelf.keys]) entries.delete(key);
  }

  /** False where it is one that is kept already, or too much. */
  function put(shelf: Shelf, key: string, value: object, lifetime: Lifetime): boolean {
    const fullKey = `${shelf.name} ${key}`;
    if (entries.get(fullKey)?.value === value) return false; // one record that many refer to
    const size = weigh(value) + ENTRY_BYTES;
    if (size > maxBytes) return false;
    shelf.keys.add(fullKey);
    entries.set(fullKey, { value, shelf }, { size, ...(lifetime === 'brief' && { ttl: maxAgeMs }) });
    return true;
  }

  function standingOf(name: string): TokenStanding {
    let isNoted = false;
    return {
      isAccepted: () => acceptedTokens.has(name),
      note: (isAccepted) => {
        if (isAccepted && isNoted) return; // once for each operation is enough
        isNoted = isAccepted;
        if (isAccepted) acceptedTokens.add(name);
        else acceptedTokens.delete(name);
      },
    };
  }

  function createShare(shelf: Shelf, token: string): Share {
    let isAuthorized = false;
    let opened: TokenStore | undefined;
    /** What all instances have for the token; its keys are derived when it is first asked for. */
    const openStore = (): TokenStore | undefined => (opened ??= store?.of(token));
    const mayServe = (): boolean => isAuthorized && !shelf.isDropped;

    async function readShared(far: TokenStore, key: string): Promise<object | undefined> {
      const found = await far.read(key);
      const isHit = typeof found === 'object' && found !== null && mayServe(); // it may have been refused meanwhile
      observer?.lookedUp('store', isHit);
      if (!isHit) return undefined;
      put(shelf, key, found, 'unchanging');
      return found;
    }

    return {
      standing: standingOf(shelf.name),
      flights: shelf.flights,
      authorize: () => {
        isAuthorized = true;
      },
      drop: () => {
        if (shelf.isDropped) return;
        drop(shelf);
        openStore()?.drop();
      },
      isAuthorized: () => isAuthorized,
      recall: (key) => {
        if (!mayServe()) return undefined;
        const value = entries.get(`${shelf.name} ${key}`)?.value;
        observer?.lookedUp('memory', value !== undefined);
        return value;
      },
      recallShared: (key) => {
        const far = mayServe() ? openStore() : undefined;
        return far ? readShared(far, key) : null;
      },
      joined: () => observer?.joined(),
      keep: (key, value, lifetime) => {
        if (!mayServe()) return;
        if (put(shelf, key, value, lifetime) && lifetime === 'unchanging') openStore()?.write(key, value);
      },
      leave: () => {
        shelf.operations -= 1;
        tidy(shelf);
      },
    };
  }

  return {
    join: (token) => {
      if (token === null) return createSolitude(() => undefined, noStanding);
      const name = acceptedTokens.nameOf(token); // tokens that are not in use are in no memory of this process
      if (!isOn) return createSolitude(() => store?.of(token).drop(), standingOf(name));
      const shelf = shelfOf(name);
      shelf.operations += 1;
      return createShare(shelf, token);
    },
    size: () => ({ tokens: shelves.size, entries: entries.size, bytes: entries.calculatedSize }),
  };
}
