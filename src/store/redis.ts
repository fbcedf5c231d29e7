import { setTimeout as wait } from 'node:timers/promises';
import { createClient, createCluster, ErrorReply, RESP_TYPES } from '@redis/client';
import type { RedisConfig } from '../config/load.js';

/** One Redis, or one cluster of them. It connects by itself, again and again, and nothing throws but what is sent. */
export type Redis = Readonly<{
  /** Sends a command that is about one key. How long that may take is for the caller to bound. */
  send: (key: string, command: readonly (string | Buffer)[]) => Promise<unknown>;
  isConnected: () => boolean;
  close: () => void;
}>;

/** Told that there is a connection (null), or why there is none: a code word, as messages can hold the address and the password. */
export type RedisNews = (reason: string | null) => void;

const CONNECT_TIMEOUT_MS = 5000;
const MAX_PAUSE_MS = 1000;

/**
 * After so long without an answer a connection is given up: its other end may have gone without a word, or a cluster may have
 * been asked for its nodes when it had none yet.
 */
const STUCK_AFTER_MS = 5000;

/** How often it is looked whether there is a connection. */
const LOOK_EVERY_MS = 500;

const pauseMs = (attempt: number): number => Math.min(MAX_PAUSE_MS, 50 * 2 ** Math.min(attempt, 10));

/** Bytes as they are; the library's own limit of time ends once a command was written. */
const commandOptions = { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } };

/** What a server says that is no longer the one to ask: a master that was made a replica keeps its connections. */
const ofAnother = new Set(['READONLY', 'MASTERDOWN', 'UNBLOCKED']);

/** The code word of a refusal with which Redis has answered: full, no right to the command, …; null where it has not answered. */
export function refusalOf(error: unknown): string | null {
  if (!(error instanceof ErrorReply)) return null;
  const inScript = /^ERR Error running script.*? -([A-Z]{2,20})\b/.exec(error.message)?.[1]; // as Redis 6 has it
  return inScript ?? /^[A-Z]{2,20}\b/.exec(error.message)?.[0] ?? 'ERR';
}

/** What may be told of an error. */
function codeOf(error: unknown): string {
  const refusal = refusalOf(error);
  if (refusal !== null) return refusal;
  if (typeof error !== 'object' || error === null) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.constructor.name;
}

/** What a client and a cluster have in common here. */
type Connection = Readonly<{
  send: Redis['send'];
  isReady: () => boolean;
  connect: () => Promise<unknown>;
  destroy: () => void;
}>;

/** Options of each connection. Those to nodes that a cluster names have no URL to take them from. */
function optionsOf({ urls: [url = ''], ca }: RedisConfig) {
  const { protocol, username, password } = new URL(url);
  const shared = { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: pauseMs };
  return {
    socket: protocol === 'rediss:' ? { ...shared, tls: true as const, ...(ca !== null && { ca }) } : shared,
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled' as const,
  };
}

function openOne(config: RedisConfig, tell: RedisNews, isWanted: () => boolean): Connection {
  const [url = ''] = config.urls;
  const client = createClient({ url, ...optionsOf(config) });
  client.on('error', (error) => {
    tell(codeOf(error));
  });
  client.on('connect', () => {
    if (!isWanted()) client.destroy(); // destroyed while it connected, it connected all the same
  });
  client.on('ready', () => {
    tell(null);
  });
  return {
    send: (_, command) => client.sendCommand([...command], commandOptions),
    isReady: () => client.isReady,
    connect: () => client.connect(),
    destroy: () => {
      client.destroy();
    },
  };
}

function openCluster(config: RedisConfig, tell: RedisNews): Connection {
  const cluster = createCluster({
    // These are asked for the nodes by connections of their own, which end with the cluster only if they are bounded.
    rootNodes: config.urls.map((url) => ({ url, socket: { socketTimeout: STUCK_AFTER_MS } })),
    defaults: optionsOf(config),
    minimizeConnections: true, // a node that is away shall not keep the others from being used
  });
  const tellError = (error: unknown): void => {
    tell(codeOf(error));
  };
  cluster.on('error', tellError);
  cluster.on('node-error', tellError);
  cluster.on('connect', () => {
    tell(null);
  });
  return {
    send: (key, command) => cluster.sendCommand(key, false, [...command], commandOptions),
    isReady: () => cluster.isReady,
    connect: () => cluster.connect(),
    destroy: () => {
      for (const { client } of cluster.nodeByAddress.values())
        client?.on('connect', () => {
          client.destroy();
        }); // as above
      cluster.destroy();
    },
  };
}

export function connectRedis(config: RedisConfig, tell: RedisNews): Redis {
  /** When each command was sent that was not answered yet, oldest first. */
  const sentMs = new Map<object, number>();
  /** Since when nothing has been answered, but something failed. */
  let failingSinceMs = Infinity;
  /** Since when there is no connection that can be used; null while there is one. */
  let unreadySinceMs: number | null = performance.now();
  let openedMs = performance.now();
  let isClosed = false;
  let connection = open();

  function open(): Connection {
    const isWanted = (): boolean => !isClosed && opened === connection;
    const tellIfWanted: RedisNews = (reason) => {
      if (isWanted()) tell(reason);
    };
    const opened: Connection = config.isCluster
      ? openCluster(config, tellIfWanted)
      : openOne(config, tellIfWanted, isWanted);
    void keepConnecting(opened);
    return opened;
  }

  function renew(): void {
    if (isClosed) return;
    sentMs.clear();
    failingSinceMs = Infinity;
    unreadySinceMs = openedMs = performance.now();
    connection.destroy(); // what waits on it fails
    connection = open();
  }

  // Nothing is sent while there is no connection, so that one whose handshake is never answered has to be looked at.
  const watch = setInterval(() => {
    if (connection.isReady()) {
      unreadySinceMs = null;
      return;
    }
    unreadySinceMs ??= performance.now();
    if (performance.now() - unreadySinceMs < STUCK_AFTER_MS) return;
    renew();
    tell('no handshake');
  }, LOOK_EVERY_MS).unref();

  async function keepConnecting(opened: Connection): Promise<void> {
    const isOver = (): boolean => isClosed || opened !== connection;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await opened.connect();
        return;
      } catch (error) {
        if (isOver()) return;
        tell(codeOf(error));
        await wait(pauseMs(attempt), undefined, { ref: false });
        if (isOver()) return;
      }
    }
  }

  function renewWhenStuck(): void {
    const [oldestMs = Infinity] = sentMs.values();
    if (performance.now() - Math.min(oldestMs, failingSinceMs) >= STUCK_AFTER_MS) renew();
  }

  /** What another connection has answered is over, and where no other server is behind the address yet, there is time. */
  function renewForAnother(sentTo: Connection): void {
    if (sentTo === connection && performance.now() - openedMs >= STUCK_AFTER_MS) renew();
  }

  return {
    send: async (key, command) => {
      renewWhenStuck();
      sentMs.set(command, performance.now());
      const sentTo = connection;
      try {
        const answer = await sentTo.send(key, command);
        failingSinceMs = Infinity;
        return answer;
      } catch (error) {
        const refusal = refusalOf(error);
        failingSinceMs = refusal === null ? Math.min(failingSinceMs, performance.now()) : Infinity;
        // A replica answers what only reads, so that this is apart from failures, which an answer ends.
        if (refusal !== null && ofAnother.has(refusal)) renewForAnother(sentTo);
        throw error;
      } finally {
        sentMs.delete(command);
      }
    },
    isConnected: () => connection.isReady(),
    close: () => {
      isClosed = true;
      clearInterval(watch);
      connection.destroy();
    },
  };
}
