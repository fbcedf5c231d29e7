import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../graph/formatError.js';
import { MAX_TOKEN_BYTES } from '../upstream/operation.js';
import type { MemoryBudget } from './memoryBudget.js';
import type { Pipelining } from './pipelining.js';
import { parseBody, readBody } from './requestBody.js';

/** How much of a request is read, and how long it may take to come. */
export const intake = {
  /** Beyond the longest document there may be, this is for variables: a thousand references of a supergraph, and more. */
  maxRequestBytes: 256 * 1024,
  /** Maximum of a request's line and headers. Room for the longest token, and for as much beside it. */
  maxHeadBytes: 2 * MAX_TOKEN_BYTES,
  headersTimeoutMs: 5000,
  requestTimeoutMs: 10_000,
  checkEveryMs: 1000,
} as const;

/** A caller's own request id is kept where it is a plain word, so that it can be found in both logs. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.-]{1,64}$/.test(header) ? header : randomUUID();
}

/** An error in the shape that GraphQL clients read. */
export function refusal(message: string, code: ErrorCode, requestId?: string): object {
  return { errors: [{ message, extensions: { code, ...(requestId !== undefined && { requestId }) } }] };
}

const malformed: Readonly<Record<string, [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'The address and the headers are too long: the limit is 32 kB, and 16 kB for a bearer token.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not come in time.'],
};

/** Answers what is no HTTP request, or never becomes one. Fastify's own handler would log the packet, and with it the token. */
export function refuseMalformed({ code }: Readonly<{ code: string }>, socket: Socket): void {
  const [status, message] = malformed[code] ?? ['400 Bad Request', 'This is no HTTP request.'];
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(refusal(message, 'BAD_REQUEST', randomUUID()));
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncache-control: no-store\r\ncontent-length: ${body.length}\r\nconnection: close`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

/** Names of UTF-8, and of US-ASCII, which is a part of it, as IANA lists them. Python says `ANSI_X3.4-1968` where no locale is set. */
const utf8Names = ['utf-8', 'utf8', 'utf_8', 'unicode-1-1-utf-8'];
const asciiNames = ['us-ascii', 'ascii', 'us', 'iso646-us', 'iso_646.irv:1991', 'iso-ir-6', 'ansi_x3.4-1968'];
const otherAsciiNames = ['ansi_x3.4-1986', 'ibm367', 'cp367', 'csascii', 'us_ascii'];
const charsets: ReadonlySet<string> = new Set([...utf8Names, ...asciiNames, ...otherAsciiNames, '']);

/** True when each of the codings in a `Content-Encoding` header, if there are any, leaves the body as it is. */
const isPlain = (codings: string): boolean => codings.split(',').every((coding) => /^\s*(identity\s*)?$/i.test(coding));

/** What a request's own headers say against reading its body: nothing but plain JSON in UTF-8 is read. */
export function problemWithHeaders({ headers }: FastifyRequest): string | null {
  const codings = headers['content-encoding'];
  if (codings !== undefined && !isPlain(codings)) return 'The body must not be compressed.';
  const charset = /;\s*charset\s*=\s*["']?([^\s;"']*)/i.exec(headers['content-type'] ?? '')?.[1] ?? '';
  return charsets.has(charset.toLowerCase()) ? null : 'The body must be in UTF-8.';
}

/** Takes bodies of JSON in UTF-8, and no others. A body counts until its request is answered. */
export function takeJson(http: FastifyInstance, bodies: MemoryBudget, pipelining: Pipelining): void {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const reservation = bodies.open(request.ip);
    pipelining.whenOver(request.raw, () => {
      reservation.release();
    });
    return parseBody(await readBody(payload, intake.maxRequestBytes, reservation), reservation);
  });
}
