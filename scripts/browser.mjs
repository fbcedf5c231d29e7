// Finds the Chrome or Chromium that the browser tests drive: its path goes to stdout, all else to stderr. With `--install`, as
// `npm test` calls it, one is installed where there is none. No browser at all is code 1, and a message that says what to do.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { chromium } from 'playwright-core';

const { env, platform } = process;
const MAX_START_MS = 20_000;
const MAX_INSTALL_MS = 300_000;
const MAX_SHOWN_CHARACTERS = 200;

/** "Chromium 151.0.7922.71 built on Debian", "Google Chrome 150.0", "Google Chrome for Testing 151.0"; not "ChromeDriver 151.0". */
const VERSION_LINE = /\b(Chrome|Chromium)\b.* \d+\./;

const tell = (text) => process.stderr.write(`${text}\n`);

const inPath = (...names) =>
  names.flatMap((name) => (env.PATH ?? '').split(delimiter).map((folder) => join(folder || '.', name)));

/** Where browsers are, by platform. */
const places = {
  darwin: () =>
    ['/Applications', join(env.HOME ?? '', 'Applications')].flatMap((folder) =>
      ['Google Chrome', 'Chromium'].map((name) => join(folder, `${name}.app/Contents/MacOS`, name)),
    ),
  win32: () =>
    [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].flatMap((folder) =>
      ['Google/Chrome', 'Chromium'].map((name) => join(folder ?? '', name, 'Application/chrome.exe')),
    ),
};
const onLinux = () => inPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable');

/** What the browser at a path calls itself; null where none is, it does not start (a library is missing, say), or is another program. */
function identify(path) {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return null;
  }
  if (platform === 'win32') return 'Chrome or Chromium'; // asked for its version there, it opens a window
  const { status, stdout, stderr, error } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: MAX_START_MS });
  if (status !== 0) {
    tell(`${path} does not start: ${error?.message ?? (stderr.trim() || `code ${status}`)}`);
    return null;
  }
  const line = stdout.split('\n').find((text) => VERSION_LINE.test(text));
  if (line !== undefined) return line.trim();
  tell(
    `${path} is no Chrome or Chromium: asked for its version, it said ${JSON.stringify(stdout.trim().slice(0, MAX_SHOWN_CHARACTERS))}`,
  );
  return null;
}

function find() {
  const named = env.CHROME_PATH;
  const candidates = named ? [named] : [...(places[platform] ?? onLinux)(), chromium.executablePath()];
  for (const path of candidates) {
    const name = identify(path);
    if (name !== null) return { path, name };
  }
  return null;
}

/** Runs a command, with what it prints on stderr; true when it ended well and in time. It has no terminal to ask at. */
function run(command, args, more = {}) {
  tell(`$ ${[command, ...args].join(' ')}`);
  return new Promise((resolve) => {
    // In a group of its own, so that what it starts in turn ends with it.
    const child = spawn(command, args, {
      stdio: ['ignore', 2, 2],
      env: { ...env, ...more },
      detached: platform !== 'win32',
    });
    const late = setTimeout(() => {
      tell(`${command} takes longer than ${MAX_INSTALL_MS / 1000} seconds, and is ended`);
      if (platform === 'win32') child.kill();
      else process.kill(-child.pid, 'SIGKILL');
    }, MAX_INSTALL_MS);
    const end = (isDone) => {
      clearTimeout(late);
      resolve(isDone);
    };
    child.once('error', ({ message }) => {
      tell(message);
      end(false);
    });
    child.once('close', (code) => end(code === 0));
  });
}

async function installPlaywrights() {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js');
  await run(process.execPath, [cli, 'install', '--no-shell', 'chromium'], {
    PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000', // milliseconds: without internet the next way is to be tried soon
  });
}

async function installDebians() {
  if (process.getuid?.() !== 0) return tell('Not root, so nothing is installed with apt-get.');
  const options = ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', [...options, 'update'], quiet); // where it fails, the lists that are there may do
  await run('apt-get', [...options, 'install', '--yes', '--no-install-recommends', 'chromium'], quiet);
}

/** Installs a browser, in the first way that works. */
async function install() {
  for (const attempt of [installPlaywrights, ...(platform === 'linux' ? [installDebians] : [])]) {
    await attempt();
    const browser = find();
    if (browser) return browser;
  }
  return null;
}

const wantsInstall = process.argv.includes('--install');
let browser = find();
if (!browser && wantsInstall && !env.CHROME_PATH) {
  // with CHROME_PATH, another one is not what was asked for
  tell('No Chrome or Chromium was found. Installing one:');
  browser = await install();
}
if (browser) {
  tell(`The browser tests use ${browser.name}, ${browser.path}`);
  process.stdout.write(`${browser.path}\n`);
} else {
  tell(
    env.CHROME_PATH
      ? `CHROME_PATH names ${env.CHROME_PATH}, which is no Chrome or Chromium that starts. Name another, or unset it.`
      : `No Chrome or Chromium was found${wantsInstall ? ', and none could be installed' : ''}. The browser tests need one: install it ` +
          '(on Debian as root: apt-get install chromium; else: npx playwright-core install chromium), or name yours in CHROME_PATH.',
  );
  process.exitCode = 1;
}
