import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A reverse proxy that serves another HTTP server below a path, and nothing else. */
export type PrefixProxy = Readonly<{
  url: string;
  /** Addresses outside of that path that somebody asked for. */
  outside: string[];
  close: () => void;
}>;

export async function startPrefixProxy(target: string, prefix: string): Promise<PrefixProxy> {
  const outside: string[] = [];
  const server = createServer((request, response) => {
    const { method, headers, url = '/' } = request;
    if (!url.startsWith(`${prefix}/`)) {
      outside.push(url);
      response.writeHead(404).end();
      return;
    }
    const passed = send(new URL(url.slice(prefix.length), target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    outside,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
