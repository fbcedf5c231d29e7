// What deploy/compose.yaml describes, without containers: a backup server, Redis, two gateways, and nginx in front. All of it
// listens on loopback, and writes into one temporary folder.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort, pathOf } from '../scrape/processes.mjs';
import { createProgram } from './program.mjs';
import { renderNginx } from './nginx.mjs';

const file = (name) => new URL(name, import.meta.url).pathname;
const CLEAN_UP_WITHIN_MS = 3000;
const RELOAD_MS = 700;
/** Never reached: it is there so that every request is counted in Redis, and so asks Redis for something. */
const RATE_LIMIT = 1_000_000;

function find(name) {
  try {
    return pathOf(name);
  } catch {
    throw new Error(
      `There is no ${name}. On Debian, as root, this installs it: node scripts/servers.mjs --install ${name}`,
    );
  }
}

const isOk = (url) => async () => (await fetch(url, { signal: AbortSignal.timeout(1000) })).ok;

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** `problems` is told of each program that ends by itself. */
export function createTopology(problems) {
  const folder = mkdtempSync(join(tmpdir(), 'scale-'));
  const programs = [];
  let isStopped = false;
  let backupServer = null;

  function program(name, options) {
    const made = createProgram(name, {
      ...options,
      logFile: join(folder, `${name}.log`),
      mayStart: () => !isStopped,
      onCrash: (what) => problems.push(what),
    });
    programs.push(made);
    return made;
  }

  async function startBackupServer(tokens) {
    backupServer = fork(file('server.mjs'), { env: { PATH: process.env.PATH } });
    await once(backupServer, 'message');
    const told = once(backupServer, 'message');
    backupServer.send(tokens);
    return (await told)[0];
  }

  /** A gateway on ports of its own; `readyz` asks it itself, not through nginx. */
  async function gateway(name, env) {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    const made = program(name, {
      path: process.execPath,
      args: [file('../../dist/main.js')],
      env: { NODE_ENV: 'production', PORT: String(port), METRICS_PORT: String(metricsPort), ...env },
      isReady: isOk(`${url}/readyz`),
    });
    return { ...made, port, url, metricsUrl: `http://127.0.0.1:${metricsPort}` };
  }

  /** Starts all of it, for these tokens. */
  async function start(tokens) {
    const [redisPath, nginxPath] = ['redis-server', 'nginx'].map(find);
    const server = await startBackupServer(tokens);
    const redisPort = await freePort();
    const redis = program('redis', {
      path: redisPath,
      args: ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder],
      isReady: () => accepts(redisPort),
    });
    await redis.start();

    const toServer = { BACKUP_SERVER_URL: server.origin, BACKUP_SERVER_FINGERPRINT: server.fingerprint };
    const env = {
      ...toServer,
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      TRUSTED_PROXIES: '127.0.0.1',
      RATE_LIMIT_PER_TOKEN: String(RATE_LIMIT),
    };
    const gateways = [await gateway('gateway-a', env), await gateway('gateway-b', env)];
    const lone = await gateway('lone-gateway', { ...toServer, SHARING: 'off' });
    await Promise.all([...gateways, lone].map((each) => each.start()));

    const port = await freePort();
    const ports = gateways.map((each) => each.port);
    const configFile = join(folder, 'nginx.conf');
    const configure = (used) => writeFileSync(configFile, renderNginx({ folder, port, ports, used }));
    configure(ports);
    const url = `http://127.0.0.1:${port}`;
    // Started by root, its workers would be nobody's, and could not write into the folder.
    const user = process.getuid?.() === 0 ? ` user ${userInfo().username};` : '';
    const nginx = program('nginx', {
      path: nginxPath,
      args: ['-e', 'stderr', '-c', configFile, '-g', `daemon off;${user}`],
      isReady: isOk(`${url}/livez`),
    });
    await nginx.start();
    return {
      url,
      server,
      redis,
      gateways,
      lone,
      /** Lets nginx use these gateways alone. To be called while nobody asks. */
      use: async (used) => {
        configure(used.map((each) => each.port));
        nginx.send('SIGHUP');
        await wait(RELOAD_MS);
      },
    };
  }

  return {
    folder,
    start,
    /** Everything that any of them has written, by file. */
    written: () =>
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => ({ name, text: readFileSync(join(folder, name), 'utf8') })),
    /** Ends all that still runs. Can be called twice. */
    stop: async () => {
      isStopped = true;
      await Promise.all(programs.map((each) => each.end('SIGTERM', CLEAN_UP_WITHIN_MS)));
      if (backupServer?.connected) backupServer.disconnect();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
