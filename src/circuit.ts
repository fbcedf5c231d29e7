export type CircuitState = 'closed' | 'halfOpen' | 'open';

export type CircuitOptions = Readonly<{
  /** Failures in a row after which the circuit opens. */
  maxFailures: number;
  /** Waits before each trial, in milliseconds. The last one repeats. */
  trialAfterMs: readonly number[];
}>;

/**
 * Counts failures in a row, and says when a trial is due after too many of them. It sends nothing itself. All its waits are measured
 * by a clock that never steps, so a corrected wall clock neither prolongs nor skips one.
 */
export class Circuit {
  readonly #options: CircuitOptions;
  #state: CircuitState = 'closed';
  #failuresInARow = 0;
  #failedTrials = 0;
  #openedAtMs = 0;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Ends a run of failures. A late success does not close an open circuit: only a trial does. */
  recordSuccess(): void {
    if (this.#state === 'closed') this.#failuresInARow = 0;
  }

  /** Counts a failure while the circuit is closed. Returns true when it opens the circuit. */
  recordFailure(): boolean {
    if (this.#state !== 'closed') return false;
    this.#failuresInARow += 1;
    if (this.#failuresInARow < this.#options.maxFailures) return false;
    this.#failedTrials = 0;
    this.#open();
    return true;
  }

  /** Begins a trial when one is due, and returns whether it did. `endTrial` must follow. */
  beginTrial(): boolean {
    const { trialAfterMs } = this.#options;
    const waitMs = trialAfterMs[Math.min(this.#failedTrials, trialAfterMs.length - 1)] ?? 0;
    if (this.#state !== 'open' || performance.now() - this.#openedAtMs < waitMs) return false;
    this.#state = 'halfOpen';
    return true;
  }

  /** Closes the circuit after a good trial, and opens it again after a bad one. */
  endTrial(isGood: boolean): void {
    if (this.#state !== 'halfOpen') return;
    if (isGood) {
      this.#state = 'closed';
      this.#failuresInARow = 0;
    } else {
      this.#failedTrials += 1;
      this.#open();
    }
  }

  #open(): void {
    this.#state = 'open';
    this.#openedAtMs = performance.now();
  }
}
