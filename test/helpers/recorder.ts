import { createServer, request as send, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands in front of another HTTP server and writes down the headers of what it passes on. */
export type Recorder = Readonly<{ url: string; seen: IncomingHttpHeaders[]; close: () => void }>;

export async function startRecorder(target: string): Promise<Recorder> {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    const { method, headers, url = '/' } = request;
    seen.push(headers);
    const passed = send(new URL(url, target), { method, headers }, (answer) => {
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
    seen,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
