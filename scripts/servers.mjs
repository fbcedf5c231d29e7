// Finds servers and tools of others that are installed here, by name, in PATH: a line with the path of each goes to stdout.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

function find(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder || '.', name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // it may be in the next one
    }
  }
  return null;
}

for (const name of process.argv.slice(2)) {
  const path = find(name);
  if (path === null) {
    process.stderr.write(`${name} is not in PATH. On Debian as root: apt-get install prometheus redis-server\n`);
    process.exitCode = 1;
  } else process.stdout.write(`${path}\n`);
}
