// The backup server of the run, in a process of its own: the demo server at a fixed moment, with one long log that comes slowly.
import { startSimulator } from '../../dist/simulator/index.js';

// In the past, so that its sessions have ended by the gateways' clock as well, and what they share is kept.
const NOW_MS = Date.UTC(2025, 10, 20, 12, 30);
const HOUR_MS = 3_600_000;
const TICKS_PER_MS = 10_000n;
/** Five pages: after the first one the download has begun, and goes on for more than a second. */
const LONG_LOG_LINES = 4500;
const PAGE_DELAY_MS = 400;

const simulator = await startSimulator({ days: 12, nowMs: () => NOW_MS });
const sessions = simulator.history.sessions();
const finished = sessions.filter(({ end }) => end < BigInt(NOW_MS - HOUR_MS) * TICKS_PER_MS).map(({ id }) => id);
const { id: longLogId } = simulator.history.insert(sessions[0].job.id, 0, LONG_LOG_LINES);
simulator.misbehave(({ path }) => path.includes(longLogId), { delayMs: PAGE_DELAY_MS });

process.on('message', (tokens) => {
  for (const accessToken of tokens) simulator.tokens.issue({ accessToken });
  process.send?.({ origin: simulator.origin, fingerprint: simulator.fingerprint, finished, longLogId });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
