// The options of `npm run worst`.
import { parseArgs } from 'node:util';
import { seeds } from './seeds/index.mjs';

const help = `Searches for the legal documents that block the gateway's event loop longest or take the most memory.
  --minutes N           how long to search and measure (10)
  --seed N              repeats the random choices of an earlier run (random)
  --token-goal-ms N     the longest block that a document with a token may cause (500)
  --no-token-goal-ms N  the same without a token (100)
  --top N               documents that are measured again and reported, in each category (10)
  --copies N            how many copies of a document are sent at once to measure memory (8)
  --heap-mb N           the gateway's heap, 0 for Node's default (0)
  --families A,B        the starting points, by name (all)
  --out FOLDER          writes each reported document to a file
  --verbose             prints each candidate that is among the worst`;

/** A whole number of an option; throws a plain message for anything else. */
function wholeNumber(values, name, least = 0) {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`--${name} must be a whole number from ${least} on; got "${values[name]}"`);
}

/** Reads the command line; null when it asks for help. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
      'token-goal-ms': { type: 'string', default: '500' },
      'no-token-goal-ms': { type: 'string', default: '100' },
      top: { type: 'string', default: '10' },
      copies: { type: 'string', default: '8' },
      'heap-mb': { type: 'string', default: '0' },
      families: { type: 'string', default: Object.keys(seeds).join(',') },
      out: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return null;
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0; got "${values.minutes}"`);
  const families = values.families.split(',');
  const unknown = families.filter((name) => !Object.hasOwn(seeds, name));
  if (unknown.length > 0) throw new Error(`--families must be names of seeds.mjs; got "${unknown.join(',')}"`);
  return {
    minutes,
    families,
    seed: wholeNumber(values, 'seed'),
    goalsMs: { token: wholeNumber(values, 'token-goal-ms', 1), 'no token': wholeNumber(values, 'no-token-goal-ms', 1) },
    top: wholeNumber(values, 'top', 1),
    copies: wholeNumber(values, 'copies', 1),
    heapMegabytes: wholeNumber(values, 'heap-mb'),
    out: values.out,
    isVerbose: values.verbose,
  };
}
