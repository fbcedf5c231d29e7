import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The Node that the container image has, as an npm package brings it for this machine (Linux on x64 and arm64). */
export function imageNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/bin/node`);
    if (existsSync(path)) return path;
  } catch {
    // said below
  }
  throw new Error(`The package ${name} is not installed: run "npm --prefix bench ci", or say --node here.`);
}
