import { readdirSync, readFileSync } from 'node:fs';
import { textOf } from '../config/problems.js';

/** Ways to send a file, the shortest first, and what the copy in that way is called on disk. */
const encodings = [
  ['br', '.br'],
  ['gzip', '.gz'],
  ['identity', ''],
] as const;

export type Encoding = (typeof encodings)[number][0];

export type ExplorerFile = Readonly<{ type: string; bodies: Readonly<Record<Encoding, Buffer>> }>;

/** The files that the explorer's page loads, by name; each name holds a hash of what is in the file. */
export type ExplorerFiles = ReadonlyMap<string, ExplorerFile>;

const types = new Map([
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
]);

function readFiles(folder: URL): ExplorerFiles {
  const read = (name: string): Buffer => readFileSync(new URL(name, folder));
  const files = new Map<string, ExplorerFile>();
  for (const name of readdirSync(folder)) {
    const type = types.get(/\.\w+$/.exec(name)?.[0] ?? '');
    if (type === undefined) continue;
    files.set(name, {
      type,
      bodies: { br: read(`${name}.br`), gzip: read(`${name}.gz`), identity: read(name) },
    });
  }
  return files;
}

/** What `npm run build` put into a folder. Throws where it did not, saying so. */
export function readExplorerFiles(folder: URL): ExplorerFiles {
  try {
    return readFiles(folder);
  } catch (error) {
    const reason = textOf(error, 'message') ?? 'unknown';
    throw new Error(`the explorer's files cannot be read: they are made by "npm run build" (${reason})`, {
      cause: error,
    });
  }
}

/** The shortest way to send a file among those that an Accept-Encoding header allows. */
export function chooseEncoding(accepted: string | undefined): Encoding {
  const taken = new Set<string>();
  for (const part of (accepted ?? '').toLowerCase().split(',')) {
    const [, name = '', quality = '1'] = /^\s*([\w*-]+)\s*(?:;\s*q=([\d.]+))?\s*$/.exec(part) ?? [];
    if (Number(quality) > 0) taken.add(name);
  }
  return encodings.find(([encoding]) => taken.has(encoding))?.[0] ?? 'identity';
}
