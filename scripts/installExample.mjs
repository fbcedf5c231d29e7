// Installs what examples/federation needs, for its test: once for each lock file and Node.js, as it takes a while.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const directory = new URL('../examples/federation/', import.meta.url);
const stampFile = new URL('node_modules/.installed', directory);
const lock = createHash('sha256').update(readFileSync(new URL('package-lock.json', directory)));
const stamp = `${lock.digest('hex')} ${process.versions.modules}\n`;

if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  console.log('installing examples/federation, about 950 packages');
  // Some of them name a newer Node.js than they need, which npm says of each.
  const options = ['ci', '--loglevel', 'error', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', options, { cwd: fileURLToPath(directory), stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stampFile, stamp);
}
