import { constants } from 'node:zlib';
import compress from '@fastify/compress';
import type { FastifyInstance } from 'fastify';

/** Shorter answers are sent as they are: they fit into a packet or two. */
const LEAST_BYTES = 1024;

/** Up to this length an answer is compressed at once, which takes a millisecond or two; longer ones give others their turn. */
const AT_ONCE_BYTES = 64 * 1024;

/** Compresses answers for callers that take that. What callers send is not to be compressed, which `intake.ts` sees to. */
export async function compressAnswers(http: FastifyInstance): Promise<void> {
  await http.register(compress, {
    globalDecompression: false,
    encodings: ['br', 'gzip'],
    threshold: LEAST_BYTES,
    syncThreshold: AT_ONCE_BYTES,
    // Answers are made anew each time, so that time counts for more than the last tenth of length (`node bench/parts.mjs`).
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } },
    zlibOptions: { level: 2 },
  });
}
