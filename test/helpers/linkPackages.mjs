// Stands in for `npm install` in a folder without a network: links the packages that are named, and their programs, from this
// project. `--gateway FOLDER` says where the gateway's own package is unpacked. A package that is not here fails.
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ours = fileURLToPath(new URL('../../node_modules', import.meta.url));
const { values, positionals } = parseArgs({
  options: { gateway: { type: 'string', default: '' }, 'save-dev': { type: 'boolean' } },
  allowPositionals: true,
});

function link(target, path) {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

for (const name of positionals) {
  const folder = name === 'backup365-gateway' ? values.gateway : join(ours, name);
  const { bin = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  link(folder, join('node_modules', name));
  const programs = typeof bin === 'string' ? { [name.split('/').at(-1)]: bin } : bin;
  for (const [program, path] of Object.entries(programs)) link(join(folder, path), join('node_modules/.bin', program));
}
