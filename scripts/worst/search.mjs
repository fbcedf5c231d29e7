// The search: seeds first, each at the largest size that is taken, then random changes to the worst found so far.
import { createArchive } from './archive.mjs';
import { createBreeder, fromSeed } from './candidates.mjs';
import { measure } from './measure.mjs';
import { createMutations } from './mutations.mjs';
import { seeds } from './seeds/index.mjs';

/** Halvings on the way to the largest size of a seed that is taken. */
const SIZE_STEPS = 6;
const WITHOUT_TOKEN_SHARE = 0.4;

const lists = {
  jobSessions: '{jobSessions(first:1000){edges{cursor}}}',
  jobs: '{jobs(first:1000){edges{cursor}}}',
  organizations: '{organizations(first:1000){edges{cursor}}}',
  backupRepositories: '{backupRepositories(first:1000){edges{cursor}}}',
};

/** Asks for valid cursors of each list, from its start to its end. */
export async function readCursors(gateway) {
  const cursors = {};
  for (const [name, query] of Object.entries(lists)) {
    const { text } = await gateway.send({ query, way: 'post' }, 'plain-one');
    cursors[name] = [...text.matchAll(/"cursor":"([\w-]+)"/g)]
      .map(([, cursor]) => cursor)
      .filter((_, at) => at % 50 === 0);
  }
  return cursors;
}

/** True for an answer that no document should get: a fault of the gateway's own, or none at all. */
const isFault = ({ died, status, codes }) => died || status === 0 || codes.includes('INTERNAL_SERVER_ERROR');

/** Searches until `untilMs` of the clock; what it found by category, how many candidates got which code, and the first fault of each family. */
export async function search(gateway, { random, untilMs, families = Object.keys(seeds), onFound = () => undefined }) {
  const archives = {
    'token, longest block': createArchive(({ blockMs }) => blockMs),
    'token, most memory': createArchive(({ growthMB }) => growthMB),
    'no token, longest block': createArchive(({ blockMs }) => blockMs),
    'no token, most memory': createArchive(({ growthMB }) => growthMB),
  };
  const codes = new Map();
  const faults = new Map();
  let count = 0;

  async function take(candidate, hasToken) {
    const measured = await measure(gateway, candidate, { hasToken });
    count += 1;
    const [code = 'none'] = measured.codes;
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (isFault(measured) && !faults.has(candidate.family)) faults.set(candidate.family, { candidate, measured });
    const who = hasToken ? 'token' : 'no token';
    const isNew = archives[`${who}, longest block`].add(candidate, measured);
    archives[`${who}, most memory`].add(candidate, measured);
    if (isNew) onFound({ candidate, measured, hasToken, count });
    return measured;
  }

  const isOver = () => performance.now() > untilMs;

  /** The whole seed, then the largest part of it that is not refused. */
  async function takeSeed(name) {
    let [taken, refused, size] = [0, 1, 1];
    for (let step = 0; step < SIZE_STEPS && !isOver(); step += 1) {
      const { isRefused } = await take(fromSeed(name, size), true);
      await take(fromSeed(name, size), false);
      if (!isRefused && step === 0) return;
      if (isRefused) refused = size;
      else taken = size;
      size = (taken + refused) / 2;
    }
  }

  for (const name of families) if (!isOver()) await takeSeed(name);

  const breeder = createBreeder(random, createMutations(random, await readCursors(gateway)));
  while (!isOver()) {
    const hasToken = !random.chance(WITHOUT_TOKEN_SHARE);
    const who = hasToken ? 'token' : 'no token';
    const archive = archives[`${who}, ${random.chance(0.75) ? 'longest block' : 'most memory'}`];
    const others = archive.worst(20).map(({ candidate }) => candidate);
    const parent = archive.pick(random);
    const roll = random.below(10);
    const candidate =
      roll === 0
        ? breeder.invent()
        : roll === 1
          ? breeder.mutate(fromSeed(random.pick(families), random.below(100) / 100), others, false)
          : breeder.mutate(parent.candidate, others, parent.measured.isRefused);
    if (candidate && candidate.query.length < 250_000) await take(candidate, hasToken);
  }
  return { archives, codes, count, faults: [...faults.values()] };
}
