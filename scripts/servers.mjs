// Finds the servers that tests and scripts run beside the gateway: `node scripts/servers.mjs [--install] redis-server promtool …`.
// The path of each goes to stdout, a line each, in the order asked for; all else to stderr. With `--install` Debian's package of what
// is missing is installed. Where one is still missing, the code is 1, and a message says what to do.
import { askVersion, inPath, installDebians, tell } from './install.mjs';

const { env, platform } = process;

/** Where Debian has servers, which is not in everybody's PATH. */
const FOLDER_OF_SERVERS = '/usr/sbin';

const servers = {
  'redis-server': {
    names: ['redis-server', 'valkey-server'],
    variable: 'REDIS_SERVER_PATH',
    flag: '--version',
    version: /^(Redis|Valkey) server v=\d/,
    debian: 'redis-server',
    brew: 'redis',
  },
  prometheus: {
    names: ['prometheus'],
    variable: 'PROMETHEUS_PATH',
    flag: '--version',
    version: /^prometheus, version \d/,
    debian: 'prometheus',
    brew: 'prometheus',
  },
  promtool: {
    names: ['promtool'],
    variable: 'PROMTOOL_PATH',
    flag: '--version',
    version: /^promtool, version \d/,
    debian: 'prometheus',
    brew: 'prometheus',
  },
  nginx: {
    names: ['nginx'],
    variable: 'NGINX_PATH',
    flag: '-v',
    version: /^nginx version: /,
    debian: 'nginx-light',
    brew: 'nginx',
  },
};

function find(name) {
  const { names, variable, flag, version } = servers[name];
  const named = env[variable];
  for (const path of named ? [named] : inPath(names, FOLDER_OF_SERVERS)) {
    const line = askVersion(path, flag, version, name);
    if (line !== null) return { path, line };
  }
  return null;
}

function adviceFor(name) {
  const { variable, debian, brew } = servers[name];
  const named = env[variable];
  return named
    ? `${variable} names ${named}, which is no ${name} that starts. Name another, or unset it.`
    : `No ${name} was found. Install it (on Debian as root: apt-get install ${debian}; on macOS: brew install ${brew}), or name yours in ${variable}.`;
}

const wantsInstall = process.argv.includes('--install');
const wanted = process.argv.slice(2).filter((argument) => argument !== '--install');
const unknown = wanted.filter((name) => !Object.hasOwn(servers, name));
if (wanted.length === 0 || unknown.length > 0) {
  tell(`Name one or more of ${Object.keys(servers).join(', ')}; got ${unknown.join(', ') || 'nothing'}.`);
  process.exit(1);
}

const found = new Map(wanted.map((name) => [name, find(name)]));
const isMissing = (name) => found.get(name) === null;
// Where a path is named, another server is not what was asked for.
const installable = wanted.filter((name) => isMissing(name) && !env[servers[name].variable]);
if (wantsInstall && installable.length > 0 && platform === 'linux') {
  tell(`Not found: ${installable.join(', ')}. Installing:`);
  await installDebians(...new Set(installable.map((name) => servers[name].debian)));
  for (const name of installable) found.set(name, find(name));
}
for (const name of wanted) {
  const server = found.get(name);
  if (server) {
    tell(`The tests use ${server.line}, ${server.path}`);
    process.stdout.write(`${server.path}\n`);
  } else {
    tell(adviceFor(name));
    process.exitCode = 1;
  }
}
