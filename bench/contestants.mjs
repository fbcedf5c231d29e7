// Who is compared: the gateway as it is, and what one would run in its place.
import { cores, startProcess } from './processes.mjs';

const ownRoot = new URL('..', import.meta.url).pathname;

const gateway = (settings) => ({
  args: ['--import', './bench/endWithRunner.mjs', 'dist/main.js'],
  env: (upstream) => ({ BACKUP_SERVER_URL: upstream, PORT: '0', ...settings }),
  readyPattern: /listening at (http:[^"\s]+)/,
  urlOf: ([, origin]) => `${origin}/graphql`,
});

const other = (file) => ({
  args: [`bench/contestants/${file}`],
  env: (upstream) => ({ UPSTREAM: upstream }),
  urlOf: ({ url }) => url,
});

/** The gateway of another checkout, such as before a change: it takes part only with `--against`. */
export const BEFORE = 'gateway-before';

const contestants = {
  gateway: gateway({}),
  [BEFORE]: gateway({}),
  'gateway-sharing-off': gateway({ SHARING: 'off' }),
  plain: other('plain.mjs'),
  mercurius: other('mercurius.mjs'),
  yoga: other('yoga.mjs'),
  bare: other('bare.mjs'),
};

export const contestantNames = Object.keys(contestants);

/** `settings`, `nodeArgs` and another checkout's `root` are for the gateway in other measurements than the comparison. */
export async function startContestant(name, { node, upstream, settings = {}, nodeArgs = [], root = ownRoot }) {
  const { args, env, readyPattern, urlOf } = contestants[name];
  const started = await startProcess(name, {
    node,
    args: [...nodeArgs, ...args],
    cwd: root,
    env: { NODE_ENV: 'production', ...env(upstream), ...settings },
    core: cores.server,
    readyPattern,
  });
  return { ...started, url: urlOf(started.ready) };
}
