// Puts the explorer's files into dist/explorer: GraphiQL's and React's own bundles beside what tsc made of ours, each with a
// hash in its name and compressed once and for all, and the licences of what is in them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = new URL('../', import.meta.url);
const target = new URL('dist/explorer/', root);
const read = (path) => readFileSync(new URL(path, root), 'utf8');

const withoutSourceMap = (script) => script.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n');
// Six sevenths of the style sheet; with them a policy would have to allow fonts in `data:`.
const withoutFonts = (style) => style.replaceAll(/@font-face\s*\{[^}]*\}/g, '');

const files = {
  'react.js': read('node_modules/react/umd/react.production.min.js'),
  'react-dom.js': read('node_modules/react-dom/umd/react-dom.production.min.js'),
  'graphiql.js': withoutSourceMap(read('node_modules/graphiql/graphiql.min.js')),
  'graphiql.css': withoutFonts(read('node_modules/graphiql/graphiql.min.css')),
  'explorer.js': read('dist/explorer/explorer.js'),
  'explorer.css': read('explorer/explorer.css'),
};
rmSync(new URL('explorer.js', target));

for (const [name, text] of Object.entries(files)) {
  const [base, extension] = name.split('.');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  const write = (suffix, content) => writeFileSync(new URL(`${base}-${hash}.${extension}${suffix}`, target), content);
  write('', text);
  // The highest level of brotli takes seconds, for a tenth less.
  write('.br', brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
  write('.gz', gzipSync(text, { level: 9 }));
}

/** The packages that GraphiQL's bundle is made of, by its own source map; the first sources are of GraphiQL's own repository. */
function bundledPackages() {
  const { sources } = JSON.parse(read('node_modules/graphiql/graphiql.min.js.map'));
  const names = sources.map((source) => {
    const [, inside] = /^.*node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(source) ?? [];
    return inside ?? 'graphiql';
  });
  return [...new Set([...names, 'react', 'react-dom', 'graphiql'])].sort();
}

function textOf(name) {
  const folder = new URL(`node_modules/${name}/`, root);
  if (!existsSync(folder)) return undefined;
  const { license, author } = JSON.parse(read(`node_modules/${name}/package.json`));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  return file ? read(`node_modules/${name}/${file}`).trim() : [license, author].filter(Boolean).join(', ');
}

const packages = bundledPackages();

/** Two are bundled in versions older than those that their dependents need now: a package of the same scope has the same text. */
function licenceOf(name) {
  const scope = name.startsWith('@') ? name.split('/')[0] : null;
  const sibling = packages.find((other) => scope !== null && other.startsWith(`${scope}/`) && textOf(other));
  const text = textOf(name) ?? (sibling && textOf(sibling));
  if (!text) throw new Error(`no licence text for ${name}, which is in GraphiQL's bundle`);
  return text;
}

writeFileSync(
  new URL('LICENSES.txt', target),
  packages.map((name) => `${name}\n\n${licenceOf(name)}\n`).join(`\n${'-'.repeat(80)}\n\n`),
);
