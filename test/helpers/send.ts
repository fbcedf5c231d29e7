import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';

export type Sent = { method?: string; headers?: OutgoingHttpHeaders; body?: string };
export type Received = { status: number; headers: IncomingHttpHeaders; body: string };

/** Sends a request exactly as it is written: `fetch` adds headers, and leaves others out. */
export function send(url: string, { method = 'GET', headers = {}, body }: Sent = {}): Promise<Received> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false });
    if (body !== undefined) sent.setHeader('content-length', Buffer.byteLength(body)); // DELETE has none by itself
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
