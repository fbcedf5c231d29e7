import { createHash } from 'node:crypto';
import fresh from 'fresh';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** What an answer depends on beside its URL. The compression plugin looks for its own in lower case. */
const VARY = ['Authorization', 'Accept', 'accept-encoding'];
const VARY_TEXT = VARY.join(', ');

/** Returns a `Vary` header with the names in `VARY` added. */
function addVary(others: string): string {
  const names = [...others.split(/, */), ...VARY];
  return [...new Set(names)].filter((name) => name !== '').join(', ');
}

/** Keeps answers apart by who asked for them; those that say nothing of it may not be kept at all. */
export function keepApart(reply: FastifyReply): void {
  const others = reply.getHeader('vary');
  void reply.header('vary', others === undefined ? VARY_TEXT : addVary(String(others)));
  if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
}

/**
 * Gives answers that may be kept a tag, and says 304 to a caller that has the same one already. It was asked for anew, with the
 * caller's own token. The tag is weak, as it stands for the answer in any compression.
 */
export function tagAnswers(http: FastifyInstance): void {
  http.addHook('onSend', (request, reply, payload, done) => {
    const isKept = reply.statusCode === 200 && reply.getHeader('cache-control') !== 'no-store';
    if (!isKept || typeof payload !== 'string') {
      done(null, payload);
      return;
    }
    const etag = `W/"${createHash('sha256').update(payload).digest('base64url')}"`;
    void reply.header('etag', etag);
    // Without the rest of them: `fetch` adds Cache-Control: no-cache by itself, and the server was asked in any case.
    const isKnown = fresh({ 'if-none-match': request.headers['if-none-match'] }, { etag });
    if (isKnown) void reply.status(304).removeHeader('content-type');
    done(null, isKnown ? '' : payload);
  });
}
