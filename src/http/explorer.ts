import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { chooseEncoding, type ExplorerFiles } from './explorerFiles.js';
import { renderExplorerPage, type PageOptions } from './explorerPage.js';

export type ExplorerOptions = Readonly<{
  files: ExplorerFiles;
  /** A line that asks this gateway something, for a person to paste; made when it is shown, as it may hold a demo token. */
  curl: () => string;
  /** What is filled in; made when it is shown. Null with a server of one's own: no token of that is known here. */
  demo: (() => NonNullable<PageOptions['demo']>) | null;
}>;

/** Relative to the page, like all that it names: a reverse proxy may serve it below a path. */
const FOLDER = 'explorer/';
const YEAR_SECONDS = 31_536_000;

/** In the order in which they need each other. */
const bundles = ['react', 'react-dom', 'graphiql'];
const styles = ['graphiql', 'explorer'];

/** On all that is served here: no other site may read it, frame it, or keep hold of its window. */
const apart = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Scripts of our own alone, and no other host at all. */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`, // a dialogue of GraphiQL adds a style sheet
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

/** Adds `GET /`, an explorer of the graph, and the files that it loads. */
export function addExplorer(
  http: FastifyInstance,
  options: ExplorerOptions & Pick<PageOptions, 'introspection' | 'trustedOnly'>,
): void {
  const urlOf = (base: string, extension: string): string => {
    const pattern = new RegExp(`^${base}-[0-9a-f]+\\.${extension}$`);
    const name = [...options.files.keys()].find((candidate) => pattern.test(candidate));
    if (name === undefined) throw new Error(`the explorer lacks ${base}.${extension}: it is made by "npm run build"`);
    return FOLDER + name;
  };
  const urls = {
    bundles: bundles.map((base) => urlOf(base, 'js')),
    module: urlOf('explorer', 'js'),
    styles: styles.map((base) => urlOf(base, 'css')),
  };

  http.get('/', (_, reply) => {
    const nonce = randomBytes(16).toString('base64');
    const page = renderExplorerPage({
      ...urls,
      nonce,
      curl: options.curl(),
      demo: options.demo?.() ?? null,
      introspection: options.introspection,
      trustedOnly: options.trustedOnly,
    });
    return reply
      .type('text/html; charset=utf-8')
      .headers({ ...apart, 'content-security-policy': policyOf(nonce), 'cache-control': 'no-store' })
      .send(page);
  });

  // Compressed when they were built: what is made of one on the way would go under the tag of another.
  http.get<{ Params: { name: string } }>(`/${FOLDER}:name`, { compress: false }, (request, reply) => {
    const { name } = request.params;
    const file = options.files.get(name);
    if (!file) {
      reply.callNotFound();
      return reply;
    }
    const encoding = chooseEncoding(request.headers['accept-encoding']);
    const etag = `"${name}-${encoding}"`; // the name holds a hash of what is in it
    void reply.headers({
      ...apart,
      'cache-control': `public, max-age=${YEAR_SECONDS}, immutable`,
      etag,
    });
    if (request.headers['if-none-match'] === etag) return reply.status(304).send();
    if (encoding !== 'identity') void reply.header('content-encoding', encoding);
    return reply.type(file.type).send(file.bodies[encoding]);
  });
}
