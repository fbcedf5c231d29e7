import etag from '@fastify/etag';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** What an answer depends on beside its URL. */
const VARY = ['Authorization', 'Accept', 'Accept-Encoding'];

/** Keeps answers apart by who asked for them; those that say nothing of it may not be kept at all. */
export function keepApart(reply: FastifyReply): void {
  const others = String(reply.getHeader('vary') ?? '').split(/, */);
  void reply.header('vary', [...new Set([...others, ...VARY])].filter((name) => name !== '').join(', '));
  if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
}

/**
 * Answers 304 to a caller that has the same answer already. It was asked for anew, with the caller's own token. The tag is
 * weak, as it stands for the answer in any compression.
 */
export async function tagAnswers(http: FastifyInstance): Promise<void> {
  await http.register(etag, { algorithm: 'sha256', weak: true });
}
