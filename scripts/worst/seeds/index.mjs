// Hand-written starting points: the shapes of known attacks. Each makes a request of a size from 0 to 1; the search finds the
// largest size that the gateway takes.
import { rows } from './rows.mjs';
import { collections } from './collections.mjs';
import { errors } from './errors.mjs';
import { price } from './price.mjs';
import { entities } from './entities.mjs';
import { validation } from './validation.mjs';
import { texts } from './texts.mjs';
import { compiled } from './compiled.mjs';
import { wrong } from './wrong.mjs';

/** Each seed by its name: its request at a size. Where `variant` is left out, the server is plain. */
export const seeds = {
  ...rows,
  ...collections,
  ...errors,
  ...price,
  ...entities,
  ...validation,
  ...texts,
  ...compiled,
  ...wrong,
};

/** Names of the seeds that fit the schema. */
export const validSeeds = Object.keys(seeds).filter((name) => !Object.hasOwn(wrong, name));
