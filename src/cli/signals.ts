import { constants } from 'node:os';

/** Signals that ask the process to stop. */
const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export type StopSignal = (typeof names)[number];

export type Signals = Readonly<{
  /** Replaces what the first signal does. A second signal ends the process at once, with code 1. */
  onFirst: (stop: (signal: StopSignal) => void) => void;
}>;

/** Ends a process that has taken no request yet. A doctor that did not finish has failed, so its code is the shell's for signals. */
function exitAtOnce(signal: StopSignal): void {
  process.exit(process.argv.includes('doctor') ? 128 + constants.signals[signal] : 0);
}

/** Installs the handlers of signals. This file imports no other one, so that they are installed before anything is loaded. */
export function hearSignals(): Signals {
  let stop = exitAtOnce;
  let isStopping = false;
  for (const name of names) {
    process.on(name, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      stop(name);
    });
  }
  return {
    onFirst: (next) => {
      stop = next;
    },
  };
}
