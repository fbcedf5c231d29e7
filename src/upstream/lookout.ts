import { adviceFor } from './advice.js';
import { UpstreamError } from './errors.js';
import type { ServerCondition } from './state.js';

export type LookoutOptions = Readonly<{
  /** Asks the server for a sign of life, and rejects with an `UpstreamError` where there is none. */
  look: () => Promise<unknown>;
  condition: () => ServerCondition;
  /** When the server was last heard of, by the clock of `performance`. */
  heardAtMs: () => number;
  log: Readonly<{ warn: (fields: Record<string, unknown>, message: string) => void }>;
}>;

/**
 * Looks at once, and then whenever nobody was answered for `quietMs`, so that whoever operates the gateway learns of a server that is away, or
 * a certificate that is not taken, before a caller does. Told once for each condition. What it gives ends it.
 */
export function keepLookout({ look, condition, heardAtMs, log }: LookoutOptions, quietMs: number): () => void {
  let told: ServerCondition = 'ready';
  let isLooking = false;
  let isOver = false;

  async function lookOnce(): Promise<void> {
    isLooking = true;
    try {
      await look();
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const { details } = error;
      const advice = adviceFor(details);
      if (condition() !== told && !isOver) {
        log.warn(
          { ...details, state: condition(), ...(advice !== undefined && { advice }) },
          'the backup server was asked for a sign of life, and gave none',
        );
      }
    } finally {
      isLooking = false;
      told = condition();
    }
  }

  void lookOnce();
  const timer = setInterval(() => {
    if (isLooking) return;
    if (performance.now() - heardAtMs() >= quietMs) void lookOnce();
    else if (condition() === 'ready') told = 'ready'; // callers were answered since: another failure is another story
  }, quietMs).unref();
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}
