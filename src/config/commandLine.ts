import { parseArgs } from 'node:util';
import { textOf } from './problems.js';
import { showGiven, withoutPassword } from './show.js';
import { settings } from './settings.js';

/** What can be asked for by a word; without one, it is `serve`. */
const words = ['simulator', 'doctor'] as const;

export type Command = 'serve' | (typeof words)[number] | 'help' | 'version';

/** Reads the command line alone: which command, and which settings its flags give. */
export function readCommandLine(
  argv: readonly string[],
  problems: string[],
): { command: Command; flags: Record<string, string> } {
  const options = Object.fromEntries(Object.values(settings).map(({ flag }) => [flag, { type: 'string' } as const]));
  try {
    const parsed = parseArgs({
      args: [...argv],
      options: { ...options, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
      allowPositionals: true,
    });
    const values: Readonly<Record<string, unknown>> = parsed.values;
    const { positionals } = parsed;
    const [word, ...more] = positionals;
    const command = words.find((known) => known === word);
    if ((word !== undefined && command === undefined) || more.length > 0) {
      problems.push(
        `${showGiven(positionals.join(' '))} is not a command: there are ${words.map((known) => `"${known}"`).join(' and ')}, or none to start the gateway`,
      );
    }
    const flags = Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
    const wanted = values['help'] === true ? 'help' : values['version'] === true ? 'version' : (command ?? 'serve');
    return { command: wanted, flags };
  } catch (error) {
    problems.push(withoutPassword(textOf(error, 'message') ?? 'the command line cannot be read'));
    return { command: 'serve', flags: {} };
  }
}
