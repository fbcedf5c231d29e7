import { Circuit } from '../circuit.js';

/** After so many commands in a row without an answer, Redis is left alone for a while. */
const FAILURES = 5;

/** How often it is then asked for a sign of life. Nobody waits for that. */
const PING_EVERY_MS = 1000;

export type StoreBreaker = Readonly<{
  run: <T>(command: () => Promise<T>) => Promise<T>;
  /** Whether commands may be sent. */
  isClosed: () => boolean;
  stop: () => void;
}>;

/**
 * Opens after commands that brought no answer, and pings until one is there again, so that no operation pays for finding out.
 * `onChange` hears of both.
 */
export function createStoreBreaker(
  ping: () => Promise<unknown>,
  isAnswer: (error: unknown) => boolean,
  onChange: () => void,
): StoreBreaker {
  const circuit = new Circuit({ maxFailures: FAILURES, trialAfterMs: [0] }); // the timer below spaces the trials
  let timer: NodeJS.Timeout | undefined;

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };

  /** Pings once. Any answer closes the circuit, a refusal too. */
  async function tryPing(): Promise<void> {
    if (!circuit.beginTrial()) return;
    const isAlive = await ping().then(() => true, isAnswer);
    circuit.endTrial(isAlive);
    if (!isAlive) return;
    stop();
    onChange();
  }

  return {
    run: async (command) => {
      try {
        const answer = await command();
        circuit.recordSuccess();
        return answer;
      } catch (error) {
        if (isAnswer(error)) circuit.recordSuccess();
        else if (circuit.recordFailure()) {
          timer ??= setInterval(() => void tryPing(), PING_EVERY_MS).unref();
          onChange();
        }
        throw error;
      }
    },
    isClosed: () => circuit.state === 'closed',
    stop,
  };
}
