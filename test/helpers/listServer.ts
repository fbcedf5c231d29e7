import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startGateway, type Asked, type Gateway, type GatewayOptions } from './gateway.js';

/** A backup server that answers as a test says. */

export type Query = Readonly<Record<string, string>>;
/** Returns the JSON at a path below the version; undefined for 404. */
export type Route = (path: string, query: Query) => unknown;

export type ListGateway = Readonly<{
  ask: (query: string, variables?: Record<string, unknown>) => Promise<Asked>;
  gateway: Gateway;
  /** Paths with their queries that were asked with a token, in order. */
  asked: string[];
}>;

/** Runs a test with a gateway in front of such a server. */
export async function withListServer(
  apiVersion: string,
  route: Route,
  use: (gateway: ListGateway) => Promise<void>,
  options: GatewayOptions = {},
): Promise<void> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://server');
    const path = url.pathname.slice(apiVersion.length + 2);
    const isProbe = request.headers.authorization === undefined;
    if (!isProbe) asked.push(`${path}${url.search}`);
    const body = isProbe ? undefined : route(path, Object.fromEntries(url.searchParams));
    const status = isProbe ? 401 : body === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { message: 'none', errorCode: 'ResourceNotFound' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const gateway = await startGateway({ apiVersion, origin: `http://127.0.0.1:${port}`, ...options });
  try {
    await use({ ask: (query, variables) => gateway.ask(query, variables), gateway, asked });
  } finally {
    await gateway.close();
    server.closeAllConnections();
    server.close();
  }
}

export const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** A session of a day of January, so that greater numbers are newer. */
export const sessionOf = (day: number, more: object = {}): object => ({
  id: idOf(day),
  jobId: idOf(900),
  jobType: 'Backup',
  creationTime: `2026-01-${String(day).padStart(2, '0')}T00:00:00Z`,
  endTime: `2026-01-${String(day).padStart(2, '0')}T01:00:00Z`,
  status: 'Success',
  ...more,
});

/** The numbers in the ids of records. */
export const numbersOf = (nodes: readonly { id: string }[]): number[] => nodes.map(({ id }) => Number(id.slice(-12)));

/** Returns a page as a server gives it that has at most `capRows` rows in one. `more` is what else the page says. */
export function pageOf(
  rows: readonly object[],
  query: Query,
  capRows = Infinity,
  more: (endOffset: number) => object = () => ({}),
): object {
  const [offset, limit] = [Number(query['offset'] ?? 0), Number(query['limit'] ?? 30)];
  const end = Math.min(rows.length, offset + Math.min(limit, capRows));
  return { offset, limit, results: rows.slice(offset, end), ...more(end) };
}
