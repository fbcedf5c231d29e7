import { loadConfig } from '../config/load.js';
import { renderHelp } from '../config/print.js';
import { ConfigError } from '../config/problems.js';
import { versions } from '../upstream/versions/index.js';
import { simulate } from './demo.js';
import { examine } from './doctor.js';
import { endOnUnexpected, exitOnSignal, openProcessLog, print } from './process.js';
import { serve } from './serve.js';
import type { Signals } from './signals.js';
import { readVersion } from './version.js';

async function runCommand(signals: Signals): Promise<void> {
  const { command, config } = loadConfig(
    process.env,
    process.argv.slice(2),
    versions.map(({ name }) => name),
  );
  if (command === 'help') print(renderHelp());
  else if (command === 'version') print(readVersion());
  else if (command === 'doctor') await examine(config);
  else {
    const { log, droppedLogLines } = await openProcessLog(config);
    exitOnSignal(signals, log);
    endOnUnexpected(log);
    await (command === 'simulator' ? simulate(config, log, signals) : serve(config, { log, droppedLogLines }, signals));
  }
}

/** Runs the command that the command line asks for. Ends the process with code 1 when that cannot start. */
export async function run(signals: Signals): Promise<void> {
  try {
    await runCommand(signals);
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
    else
      process.stderr.write(
        `backup365-gateway could not start: ${error instanceof Error ? error.message : String(error)}\n`,
      );
    process.exit(1); // the embedded server may be up already, and would keep the process so
  }
}
