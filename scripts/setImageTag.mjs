// Gives the manifests the image of the package's version: a step of a release. `node scripts/setImageTag.mjs [--package …] [--kustomization …]`
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: paths } = parseArgs({
  options: {
    package: { type: 'string', default: join(root, 'package.json') },
    kustomization: { type: 'string', default: join(root, 'deploy/kubernetes/kustomization.yaml') },
  },
});
const { version } = JSON.parse(readFileSync(paths.package, 'utf8'));
const text = readFileSync(paths.kustomization, 'utf8');
// A line of the text, as what YAML would print has lost its comments.
const line = /^( *newTag: ).*$/m;
if (!line.test(text)) throw new Error(`${paths.kustomization} has no line newTag, which is to be ${version}`);
writeFileSync(paths.kustomization, text.replace(line, `$1${version}`));
