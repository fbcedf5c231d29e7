// Finds the Chrome or Chromium that the browser tests drive: its path goes to stdout, all else to stderr. With `--install`, as
// `npm test` calls it, one is installed where there is none. No browser at all is code 1, and a message that says what to do.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { askVersion, inPath, installDebians, isExecutable, run, tell } from './install.mjs';

const { env, platform } = process;

/** "Chromium 151.0.7922.71 built on Debian", "Google Chrome 150.0", "Google Chrome for Testing 151.0"; not "ChromeDriver 151.0". */
const VERSION_LINE = /\b(Chrome|Chromium)\b.* \d+\./;

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
const onLinux = () => inPath(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']);

/** What the browser at a path calls itself; null where there is none that starts. */
function identify(path) {
  if (platform === 'win32') return isExecutable(path) ? 'Chrome or Chromium' : null; // asked for its version there, it opens a window
  return askVersion(path, '--version', VERSION_LINE, 'Chrome or Chromium');
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

async function installPlaywrights() {
  const cli = join(dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js');
  await run(process.execPath, [cli, 'install', '--no-shell', 'chromium'], {
    PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000', // milliseconds: without internet the next way is to be tried soon
  });
}

/** Installs a browser, in the first way that works. */
async function install() {
  for (const attempt of [installPlaywrights, ...(platform === 'linux' ? [() => installDebians('chromium')] : [])]) {
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
