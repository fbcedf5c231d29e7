import { execFileSync } from 'node:child_process';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { chromium, type Browser } from 'playwright-core';

export type Chromium = {
  browser: Browser;
  /** The first line of whatever was sent to another machine, but for the browser's own affairs: none of it arrived there. */
  escaped: string[];
  close: () => Promise<void>;
};

/** Of its own accord Chromium asks for updates, and more: that is to be told from what a page asks for. */
const quiet = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

const findPath = (): string =>
  execFileSync(process.execPath, ['scripts/browser.mjs'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

/** Whom it asks all the same, no page of ours being open even. A page's requests are seen at the page, too. */
const itsOwn =
  /[ /](accounts|clients\d|android\.clients)\.google\.com|[ /](update|content-autofill|optimizationguide-pa|safebrowsing|safebrowsingohttpgateway)\.googleapis\.com/;

/** Headless Chromium that reaches this machine alone: the way to any other ends at a proxy that writes down what comes. */
export async function startChromium(moreFlags: string[] = []): Promise<Chromium> {
  const escaped: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (chunk: Buffer) => {
      const line = chunk.toString('latin1').split('\r\n')[0] ?? '';
      if (!itsOwn.test(line)) escaped.push(line);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const launch = (chromiumSandbox: boolean): Promise<Browser> =>
    chromium.launch({
      executablePath: findPath(),
      chromiumSandbox,
      args: [...quiet, `--proxy-server=http://127.0.0.1:${port}`, ...moreFlags],
    });
  // As root it starts without its sandbox alone, and on some systems for nobody with it.
  const browser = process.getuid?.() === 0 ? await launch(false) : await launch(true).catch(() => launch(false));
  return {
    browser,
    escaped,
    close: async () => {
      await browser.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
