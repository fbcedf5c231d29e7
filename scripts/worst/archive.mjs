// The worst candidates of one category, few of each family, so that one kind of attack does not hide the others.
const MAX_OF_FAMILY = 4;
const MAX_ENTRIES = 60;

/** Creates an archive that is ordered by `scoreOf`, the worst first. */
export function createArchive(scoreOf) {
  let entries = [];
  return {
    add: (candidate, measured) => {
      const entry = { candidate, measured, score: scoreOf(measured) };
      const sorted = [...entries, entry].sort((a, b) => b.score - a.score);
      const counts = new Map();
      entries = sorted
        .filter(({ candidate: { family } }) => {
          const count = (counts.get(family) ?? 0) + 1;
          counts.set(family, count);
          return count <= MAX_OF_FAMILY;
        })
        .slice(0, MAX_ENTRIES);
      return entries.includes(entry);
    },
    /** One of the worst, the very worst most often. */
    pick: (random) => entries[Math.floor((entries.length * random.below(1000) ** 2) / 1e6)],
    worst: (count) => entries.slice(0, count),
    size: () => entries.length,
  };
}
