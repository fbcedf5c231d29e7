// The soak's backup server, in a process of its own: the demo server at a fixed moment, with faults when it is told to.
import { startSimulator } from '../../dist/simulator/index.js';

const NOW_MS = Date.UTC(2026, 10, 20, 12, 30);
const simulator = await startSimulator({ days: 12, nowMs: () => NOW_MS });

const cut = { id: 'be376069-2865-4156-a9bc-825cef7d687e', status: 'Success' };
const faults = [
  { reset: true },
  { hang: true },
  { delayMs: 300 },
  { status: 500 },
  { status: 503 },
  { status: 429, headers: { 'retry-after': '1' } },
  { status: 401 },
  { status: 302, headers: { location: 'https://127.0.0.1:1/' } },
  { body: cut, truncateAfterBytes: 15 },
  { body: cut, stallAfterBytes: 15 },
  { body: cut, trickleMs: 500 },
  { body: '<html>sign in</html>' },
  { body: 'null' },
  { body: { id: '11111111-1111-4111-8111-111111111111', results: 7 } },
  { body: '['.repeat(200_000) },
  { raw: 'SSH-2.0-OpenSSH\r\n\r\n' },
];
const bombs = [
  { body: 'x'.repeat(1_000_000), repeat: 100 },
  { body: `[${'{},'.repeat(330_000)}`, repeat: 100 },
  { body: Buffer.alloc(100_000_000, 0x1f), headers: { 'content-encoding': 'gzip' } },
  { body: '[0,'.repeat(300_000), repeat: 100 },
];

// Each rule is used with its share of the chance that is left to it.
function misbehave(share, among) {
  const undo = among.map((how, index) => {
    const chance = share / among.length / (1 - (share * index) / among.length);
    return simulator.misbehave(({ headers }) => headers.authorization !== undefined && Math.random() < chance, how);
  });
  return () => undo.forEach((call) => call());
}

let behave = () => undefined;
process.on('message', ({ say, share, tokens }) => {
  behave();
  behave = () => undefined;
  for (const accessToken of tokens ?? []) simulator.tokens.issue({ accessToken });
  if (say === 'faults') behave = misbehave(share, faults);
  if (say === 'bombs') behave = misbehave(share, bombs);
  if (say === 'close') void simulator.close().then(() => process.disconnect());
  process.send?.({
    origin: simulator.origin,
    fingerprint: simulator.fingerprint,
    sessionIds: simulator.history.sessions().map(({ id }) => id),
  });
});
process.send?.('ready');
