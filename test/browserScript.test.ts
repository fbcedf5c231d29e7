import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `scripts/browser.mjs` on machines without a browser: nothing is in PATH but what a test puts there, nothing is downloaded. */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'browser-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A folder with programs, each a shell script. */
function folderWith(programs: Record<string, string>): string {
  const path = mkdtempSync(join(folder, 'path-'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(path, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(path, name), 0o755);
  }
  return path;
}

// Elsewhere browsers are not looked for in PATH, and a machine's own would be found.
const onLinux = 'data:text/javascript,Object.defineProperty(process,"platform",{value:"linux"})';

function run(args: string[], env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', onLinux, 'scripts/browser.mjs', ...args],
    {
      encoding: 'utf8',
      env: {
        HOME: folder,
        PATH: folder,
        PLAYWRIGHT_BROWSERS_PATH: join(folder, 'none'),
        PLAYWRIGHT_DOWNLOAD_HOST: 'http://127.0.0.1:1', // nothing listens there
        ...env,
      },
    },
  );
  return { status, stdout, stderr };
}

const isRoot = process.getuid?.() === 0;

test('a browser in PATH is found, and named', () => {
  const path = folderWith({ 'google-chrome': 'echo Google Chrome 150.0' });
  expect(run([], { PATH: path })).toEqual({
    status: 0,
    stdout: `${path}/google-chrome\n`,
    stderr: `The browser tests use Google Chrome 150.0, ${path}/google-chrome\n`,
  });
});

test('one that does not start is told of, and the next one taken', () => {
  const path = folderWith({
    chromium: 'echo chromium: error while loading shared libraries: libnss3.so >&2; exit 127',
    'google-chrome': 'echo Google Chrome 150.0',
  });
  const { status, stdout, stderr } = run([], { PATH: path });
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${path}/google-chrome\n` });
  expect(stderr).toContain('/chromium does not start: chromium: error while loading shared libraries: libnss3.so');
});

test('CHROME_PATH goes first, and nothing takes its place', () => {
  const path = folderWith({ chromium: 'echo Chromium 150.0', mine: 'echo Chromium 149.0' });
  expect(run([], { PATH: path, CHROME_PATH: join(path, 'mine') }).stdout).toBe(`${path}/mine\n`);
  expect(run(['--install'], { PATH: path, CHROME_PATH: '/no/browser' })).toEqual({
    status: 1,
    stdout: '',
    stderr: 'CHROME_PATH names /no/browser, which is no Chrome or Chromium that starts. Name another, or unset it.\n',
  });
});

test.each([
  ['nothing', '/bin/true', '""'],
  ['what another program says', 'echo Mozilla Firefox 151.0', '"Mozilla Firefox 151.0"'],
  ['what its driver says', 'echo ChromeDriver 151.0.1', '"ChromeDriver 151.0.1"'],
])('who starts and says %s is no browser', (_, script, said) => {
  const path = folderWith({ chromium: script, 'google-chrome': 'echo Google Chrome for Testing 150.0.1' });
  const told = `${path}/chromium is no Chrome or Chromium: asked for its version, it said ${said}\n`;
  expect(run([], { PATH: path, CHROME_PATH: join(path, 'chromium') })).toEqual({
    status: 1,
    stdout: '',
    stderr: `${told}CHROME_PATH names ${path}/chromium, which is no Chrome or Chromium that starts. Name another, or unset it.\n`,
  });
  const { status, stdout, stderr } = run([], { PATH: path });
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${path}/google-chrome\n` });
  expect(stderr).toContain(told);
});

test('no browser is a failure that says what to do', () => {
  const { status, stdout, stderr } = run([], {});
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(
    /^No Chrome or Chromium was found\. .*apt-get install chromium.*npx playwright-core install chromium.*CHROME_PATH/,
  );
});

test('where the download fails, root installs the package of the distribution', () => {
  const path = folderWith({
    'apt-get': `echo "$DEBIAN_FRONTEND $@" >> "$HOME/asked"
case "$*" in *" install "*) /bin/cp "$HOME/browser" "\${0%/*}/chromium" ;; esac`,
  });
  writeFileSync(join(folder, 'browser'), '#!/bin/sh\necho Chromium 151.0\n', { mode: 0o755 });
  const { status, stdout, stderr } = run(['--install'], { PATH: path });
  expect(stderr).toContain('No Chrome or Chromium was found. Installing one:');
  expect(stderr).toContain('Failed to install browsers'); // Playwright's own words
  if (!isRoot) {
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('Not root, so nothing is installed with apt-get.');
    return;
  }
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${path}/chromium\n` });
  expect(stderr).toContain(`The browser tests use Chromium 151.0, ${path}/chromium`);
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toMatch(
    /^noninteractive .* update\nnoninteractive .* install --yes --no-install-recommends chromium\n$/,
  );
});

test('where nothing can be installed, it fails, and what was tried is told', () => {
  const path = folderWith({ 'apt-get': 'echo E: Unable to locate package chromium >&2; exit 100' });
  const { status, stdout, stderr } = run(['--install'], { PATH: path });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(isRoot ? 'E: Unable to locate package chromium' : 'Not root');
  expect(stderr).toMatch(/No Chrome or Chromium was found, and none could be installed\. .*CHROME_PATH/);
});
