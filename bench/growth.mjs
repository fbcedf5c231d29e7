// `node bench/growth.mjs [--node image|here|PATH]`: how the gateway's cost grows with what it is asked for and given.
import { parseArgs } from 'node:util';
import { describeEnvironment } from './environment.mjs';
import { measureLongList } from './longList.mjs';
import { environmentList } from './markdown.mjs';
import { nodeAt } from './options.mjs';
import { endAll, pinThisProcess, within } from './processes.mjs';
import { measureRowCost } from './rowCost.mjs';

const LIMIT_MS = 300_000;

async function run() {
  const { values } = parseArgs({ options: { node: { type: 'string', default: 'image' } } });
  const node = nodeAt(values.node);
  pinThisProcess();
  console.log(`# Growth\n\n${environmentList(describeEnvironment(node))}\n`);
  console.log(`### Rows of one page, each page for a new token\n\n${await measureRowCost(node)}\n`);
  const { what, table, memory } = await measureLongList(node);
  console.log(`### ${what}, each time by a new token\n\n${table}\n\n${memory}`);
}

try {
  await within(LIMIT_MS, run(), 'The measurement');
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await endAll();
}
