// Measures one document: the longest block of the gateway's event loop and the growth of its memory, each time it is seen.
let nonce = 0;
const nextNonce = () => {
  nonce += 1;
  return nonce;
};

/** A document is compiled when it comes again, so that each sight of it is another measurement. */
const SIGHTS = 3;

/** Returns the request with a text that the gateway has not seen; the meaning is the same. */
function renew(asked) {
  return { ...asked, query: `${asked.query}\n#${nextNonce()}` };
}

const tokenOf = ({ variant, isFreshToken }) => `${variant}-${isFreshToken ? nextNonce() : 'one'}`;

const megabytes = (bytes) => Math.max(0, bytes) / 2 ** 20;

/** Sends a request `copies` times at once, and tells what it did to the gateway; `died` when that did not live through it. */
async function measureOnce(gateway, asked, token, { copies = 1, collect = true } = {}) {
  const before = await gateway.reset(collect);
  const answers = await Promise.all(Array.from({ length: copies }, () => gateway.send(asked, token)));
  const after = before && (await gateway.read());
  const [answer] = answers;
  if (!before || !after) {
    await gateway.restart();
    return { died: true, wallMs: answer.ms, blockMs: answer.ms, growthMB: Infinity, answer };
  }
  const peakBytes = gateway.peakBytes() ?? after.rssBytes;
  return {
    died: false,
    wallMs: after.wallMs,
    blockMs: after.cpuMs,
    growthMB: megabytes(peakBytes - before.rssBytes),
    answer,
    answers,
  };
}

/**
 * Measures a candidate at first sight, and at the sights that follow when they can matter. `blockMs` is the longest time in
 * which the loop did nothing else, in CPU time of the gateway; `wallMs` is the same by the clock.
 */
export async function measure(gateway, candidate, { hasToken, isThorough = false, allSightsFromMs = 15 }) {
  const asked = renew(candidate);
  const token = hasToken ? tokenOf(candidate) : null;
  if (candidate.way === 'hash') await gateway.send({ ...asked, way: 'register' }, token);
  const sights = [];
  for (let sight = 1; sight <= SIGHTS; sight += 1) {
    const measured = await measureOnce(gateway, asked, token, { collect: sight === 1 || isThorough });
    sights.push(measured);
    if (measured.died || (!isThorough && measured.blockMs < allSightsFromMs)) break;
  }
  const worst = sights.reduce((a, b) => (b.blockMs > a.blockMs ? b : a));
  return {
    sights,
    sight: sights.indexOf(worst) + 1,
    died: worst.died,
    blockMs: worst.blockMs,
    wallMs: worst.wallMs,
    growthMB: Math.max(...sights.map(({ growthMB }) => growthMB)),
    status: worst.answer.status,
    codes: worst.answer.codes,
    bytes: worst.answer.length,
    isRefused: sights[0].answer.codes.some((code) => refusals.has(code)) && sights[0].answer.length < 20_000,
    message: sights[0].answer.text.slice(0, 300),
  };
}

const refusals = new Set([
  'QUERY_TOO_COMPLEX',
  'GRAPHQL_VALIDATION_FAILED',
  'GRAPHQL_PARSE_FAILED',
  'BAD_REQUEST',
  'BAD_USER_INPUT',
]);

/** Measures `copies` of a candidate at once. */
export async function measureCrowd(gateway, candidate, { hasToken, copies }) {
  const token = hasToken ? tokenOf(candidate) : null;
  return measureOnce(gateway, renew(candidate), token, { copies });
}

/** How many different documents are sent to see what the gateway keeps of each. */
const KEPT_DOCUMENTS = 20;

/**
 * Measures the heap that is still in use, once garbage was collected, after `KEPT_DOCUMENTS` documents that differ in a comment
 * have come and come again.
 */
export async function measureKept(gateway, candidate, { hasToken }) {
  const token = hasToken ? tokenOf(candidate) : null;
  const before = await gateway.reset(true);
  for (let sent = 0; sent < KEPT_DOCUMENTS; sent += 1) {
    const asked = renew(candidate);
    for (let sight = 1; sight < SIGHTS; sight += 1) await gateway.send(asked, token);
  }
  const after = await gateway.reset(true);
  if (before && after) return megabytes(after.heapBytes - before.heapBytes);
  await gateway.restart();
  return Infinity;
}

/** Returns the middle one of the values. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** Measures a candidate several times; each sight's median, and of these the worst. */
export async function measureMedian(gateway, candidate, { hasToken, times = 3 }) {
  const runs = [];
  for (let run = 0; run < times; run += 1) {
    runs.push(await measure(gateway, candidate, { hasToken, isThorough: true }));
    if (runs.at(-1).died) break;
  }
  const sightCount = Math.min(...runs.map(({ sights }) => sights.length));
  const medianOf = (sight, name) => median(runs.map(({ sights }) => sights[sight][name]));
  const bySight = Array.from({ length: sightCount }, (_, sight) => ({
    sight: sight + 1,
    blockMs: medianOf(sight, 'blockMs'),
    wallMs: medianOf(sight, 'wallMs'),
    answer: runs[0].sights[sight].answer,
  }));
  const worst = bySight.reduce((a, b) => (b.blockMs > a.blockMs ? b : a));
  return {
    ...worst,
    died: runs.some(({ died }) => died),
    growthMB: median(runs.map(({ growthMB }) => growthMB)),
    status: worst.answer.status,
    codes: worst.answer.codes,
    bytes: worst.answer.length,
  };
}
