import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A request that came: its path, its head, which connection it came on, and the connection to answer it on. */
export type RawRequest = Readonly<{ path: string; head: string; connection: number; socket: Socket }>;

export type RawServer = Readonly<{ origin: string; requests: RawRequest[]; close: () => Promise<void> }>;

/** Lines of a head, with its end. */
export const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

/** An answer of JSON with its length. */
export function jsonAnswer(body: unknown, status = '200 OK', ...headers: string[]): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return head(`HTTP/1.1 ${status}`, `Content-Length: ${Buffer.byteLength(text)}`, ...headers) + text;
}

/** Starts a server of bytes on loopback: `answer` writes to the socket what it likes. Requests have no bodies. */
export async function startRawServer(answer: (request: RawRequest) => void): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = (connections += 1);
    sockets.add(socket);
    let text = '';
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const request = { path: text.split(' ')[1] ?? '', head: text.slice(0, end), connection, socket };
        text = text.slice(end + 4);
        requests.push(request);
        answer(request);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
