import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';

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
  const circuit = circuitBreaker(
    handleWhen((error) => !isAnswer(error)),
    { breaker: new ConsecutiveBreaker(FAILURES), halfOpenAfter: PING_EVERY_MS / 2 },
  );
  let timer: NodeJS.Timeout | undefined;

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const askForLife = (): void => {
    circuit.execute(ping).catch(() => undefined); // it stays open
  };
  circuit.onBreak(() => {
    timer ??= setInterval(askForLife, PING_EVERY_MS).unref();
    onChange();
  });
  circuit.onReset(() => {
    stop();
    onChange();
  });

  return {
    run: (command) => circuit.execute(command),
    isClosed: () => circuit.state === CircuitState.Closed,
    stop,
  };
}
