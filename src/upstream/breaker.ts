import { setTimeout as wait } from 'node:timers/promises';
import { Circuit, type CircuitState } from '../circuit.js';
import { UpstreamError, type About, type Fault } from './errors.js';

/** After so many exchanges in a row that brought no answer at all, the server is taken for gone. */
const FAILURES = 10;

/** How long to wait before the server is asked for a sign of life: at once, then less and less often. */
const PING_AFTER_MS = [0, 250, 500, 1000, 2000];

/** How long a request waits for that sign. */
const PATIENCE_MS = 500;

const faultsOfTheWire: ReadonlySet<Fault> = new Set(['unavailable', 'timedOut']);

const isOfTheWire = (error: unknown): error is UpstreamError =>
  error instanceof UpstreamError && faultsOfTheWire.has(error.details.fault);

export type BreakerLog = Readonly<{
  info: (fields: Record<string, unknown>, message: string) => void;
  warn: (fields: Record<string, unknown>, message: string) => void;
}>;

/** Lets requests fail at once while the server is gone, instead of each waiting for it. */
export type Breaker = Readonly<{
  /** Runs an exchange with the server; any answer of HTTP is a success here, whatever it says. */
  run: <T>(about: About, exchange: () => Promise<T>) => Promise<T>;
  state: () => BreakerState;
}>;

/** `open`: requests are refused; `halfOpen`: a sign of life is being waited for. */
export type BreakerState = CircuitState;

/**
 * Opens after exchanges that brought no answer, and then asks for a sign of life itself, with a request that needs no token:
 * a path that hangs, or resets connections, for some callers says nothing about the server, and must not shut out the others.
 */
export function createBreaker(ping: () => Promise<unknown>, log: BreakerLog): Breaker {
  const circuit = new Circuit({ maxFailures: FAILURES, trialAfterMs: PING_AFTER_MS });
  let signOfLife: Promise<boolean> | null = null;
  let isGone = false;
  let lastReason = '';
  let heardAtMs = -Infinity;

  async function listen<T>(exchange: () => Promise<T>): Promise<T> {
    try {
      const answer = await exchange();
      heardAtMs = performance.now();
      circuit.recordSuccess();
      return answer;
    } catch (error) {
      if (isOfTheWire(error)) lastReason = error.details.reason ?? error.details.fault;
      throw error;
    }
  }

  /** Counts a failure when nothing was heard of the server since the exchange began. */
  async function count<T>(exchange: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    try {
      return await listen(exchange);
    } catch (error) {
      if (isOfTheWire(error) && heardAtMs <= startMs) circuit.recordFailure();
      throw error;
    }
  }

  /** Returns whether the server answers a ping. An answer that cannot be read is a sign of life as well. */
  async function isAnswered(): Promise<boolean> {
    try {
      await listen(ping);
    } catch (error) {
      if (isOfTheWire(error)) return false;
      heardAtMs = performance.now();
    }
    return true;
  }

  async function tryPing(): Promise<boolean> {
    const isAlive = circuit.beginTrial() && (await isAnswered());
    circuit.endTrial(isAlive);
    if (isAlive) {
      if (isGone) log.info({}, 'the backup server answers again');
      isGone = false;
    } else if (!isGone) {
      isGone = true;
      log.warn({ reason: lastReason }, 'the backup server does not answer: requests are refused until it does');
    }
    return isAlive;
  }

  /** Asks for a sign of life, once for all who want one. */
  function askForLife(): Promise<boolean> {
    signOfLife ??= tryPing().finally(() => {
      signOfLife = null;
    });
    return signOfLife;
  }

  return {
    state: () => circuit.state,
    run: async (about, exchange) => {
      if (circuit.state !== 'closed') {
        const isAlive = await Promise.race([askForLife(), wait(PATIENCE_MS, false, { ref: false })]);
        if (!isAlive)
          throw new UpstreamError({ ...about, fault: 'unavailable', reason: `circuit open after ${lastReason}` });
      }
      return count(exchange);
    },
  };
}
