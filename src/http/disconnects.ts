import type { ServerResponse } from 'node:http';

/** Node.js's codes for a stream or socket whose other end has gone. */
const codes: ReadonlySet<unknown> = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** Returns true for the error that sending an answer meets when its caller has gone. Any other error is a fault, also then. */
export function isDisconnect({ code }: Readonly<{ code?: unknown }>, response: ServerResponse): boolean {
  return response.destroyed && codes.has(code);
}
