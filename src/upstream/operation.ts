import { setMaxListeners } from 'node:events';
import type { Span } from '../trace.js';
import type { Costs } from './costs.js';
import { overloaded, UpstreamError, type About } from './errors.js';
import type { Share } from './sharing.js';
import { nextTurn } from './turn.js';

/** Why a caller has no bearer token. */
export type NoToken = Readonly<{ missing: 'absent' | 'malformed' | 'tooLong' }>;

/** Maximum length of a bearer token, in bytes. Windows, on which backup servers run, reads as much of a request's head. */
export const MAX_TOKEN_BYTES = 16 * 1024;

/** How many pages of rows that it has already an operation may look through before others have their turn. */
const PAGES_PER_TURN = 4;

export type OperationOptions = Readonly<{
  requestId: string;
  token: string | NoToken;
  timeoutMs: number;
  /** The most requests that it may cost the server; further attempts at one of them are not counted. */
  maxRequests: number;
  bodyMemory: BodyMemory;
  share: Share;
  /** Where it is in a trace. */
  span?: Span | null | undefined;
  costs?: Costs | null | undefined;
}>;

/** One operation as the REST API's side sees it: whose it is, how long it may take, and what it may still cost. */
export type Operation = Readonly<{
  requestId: string;
  /** What each line of the log about it has: its request id, and its trace's where there is one. */
  logFields: Readonly<{ requestId: string; traceId?: string }>;
  token: string | NoToken;
  /** What it shares with other operations of its token. */
  share: Share;
  /** The step of a trace that it is; null while none is made. */
  span: Span | null;
  /** What each of its requests took; null where nobody wants to know. */
  costs: Costs | null;
  /** Counts one request that is sent for it, further attempts included. */
  sent: () => void;
  /** How many were sent. */
  sentCount: () => number;
  /** Aborted when its time is up or nobody waits for it: whatever is done for it ends then. */
  signal: AbortSignal;
  remainingMs: () => number;
  /** Counts one request more, or refuses it. */
  spend: (about: About) => void;
  /** How many more it may cost. */
  requestsLeft: () => number;
  /** Counts bytes of bodies that it keeps until it ends, or refuses them. */
  keep: (bytes: number, about: About) => void;
  /** They are not kept after all. */
  release: (bytes: number) => void;
  /**
   * Lets others go on now and then, and throws when the operation is over. Called before each page that is looked through.
   * `pages` is the work that follows, in pages.
   */
  breathe: (about: About, pages?: number) => Promise<void>;
  /** What to throw once `signal` is aborted. */
  ended: (about: About) => UpstreamError;
  /** All that it asks the server for has come: handing that on may take as long as its caller does. */
  stopClock: () => void;
  /** Nobody waits for the answer any more. */
  cancel: () => void;
  /** It was answered. */
  end: () => void;
}>;

/** How many bytes of bodies all operations together hold; without a bound, a server that sends much to many fills the memory. */
export type BodyMemory = { heldBytes: number; readonly maxBytes: number };

export function beginOperation(options: OperationOptions): Operation {
  const { requestId, token, timeoutMs, maxRequests, bodyMemory, share, span = null, costs = null } = options;
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal); // one for each request that waits or is in flight
  const deadlineMs = performance.now() + timeoutMs;
  const timer = setTimeout(() => {
    controller.abort('expired');
  }, timeoutMs);
  let spent = 0;
  let sentCount = 0;
  let keptBytes = 0;
  let isOver = false;
  let pagesThisTurn = 0;
  let turn: Promise<void> | null = null;

  const ended = (about: About): UpstreamError =>
    signal.reason === 'expired'
      ? new UpstreamError({ ...about, fault: 'expired', reason: `${timeoutMs} ms` })
      : new UpstreamError({ ...about, fault: 'cancelled' });

  return {
    requestId,
    logFields: span ? { requestId, traceId: span.traceId } : { requestId },
    token,
    share,
    span,
    costs,
    sent: () => {
      sentCount += 1;
    },
    sentCount: () => sentCount,
    signal,
    remainingMs: () => deadlineMs - performance.now(),
    spend: (about) => {
      if (spent >= maxRequests) {
        throw new UpstreamError({ ...about, fault: 'overBudget', reason: `${maxRequests} requests` });
      }
      spent += 1;
    },
    requestsLeft: () => maxRequests - spent,
    keep: (bytes, about) => {
      // One operation gets half of it: it shall not refuse all others for as long as it takes.
      const isTooMuch =
        keptBytes + bytes > bodyMemory.maxBytes / 2 || bodyMemory.heldBytes + bytes > bodyMemory.maxBytes;
      if (isTooMuch) {
        throw overloaded(about, 'body_memory', `${bodyMemory.maxBytes} bytes of bodies are held`);
      }
      if (isOver) return; // the last chunk of a body that nobody waits for
      keptBytes += bytes;
      bodyMemory.heldBytes += bytes;
    },
    release: (bytes) => {
      if (isOver) return; // all was released then
      keptBytes -= bytes;
      bodyMemory.heldBytes -= bytes;
    },
    breathe: async (about, pages = 1) => {
      while (pagesThisTurn >= PAGES_PER_TURN) {
        turn ??= nextTurn().then(() => {
          turn = null;
          pagesThisTurn = 0;
        });
        await turn;
        if (signal.aborted) throw ended(about);
      }
      pagesThisTurn += pages;
    },
    ended,
    stopClock: () => {
      clearTimeout(timer);
    },
    cancel: () => {
      controller.abort('cancelled');
    },
    end: () => {
      clearTimeout(timer);
      controller.abort('cancelled'); // an answer can be given while something that it lacks is still asked for
      isOver = true;
      bodyMemory.heldBytes -= keptBytes;
      keptBytes = 0;
      share.leave();
    },
  };
}

/** Returns half of an operation's remaining time, in milliseconds, for a request that another one may have to follow. */
export const halfOfRemainingMs = ({ remainingMs }: Operation): number => Math.max(1, Math.floor(remainingMs() / 2));

/** What `promise` gives, unless the operation ends before: then nobody waits for it any longer. */
export function untilEnded<T>(operation: Operation, promise: Promise<T>, about: About): Promise<T> {
  const { signal } = operation;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(operation.ended(about));
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
