import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Server, gateway and caller are three processes, so that the gateway's memory is its own. `npm test` builds it first. */

test.each([
  ['v8', 'ndjson'],
  ['v3', 'text'],
])(
  '100,000 lines stream through, from %s as %s, while what the gateway holds grows by less than 50 MB',
  async (apiVersion, format) => {
    const args = ['scripts/download/run.mjs', '100000', apiVersion, format];
    const { stdout } = await promisify(execFile)(process.execPath, args); // rejects when it ends with another code than 0
    const lines = stdout.split('\n');
    expect(lines).toContain('lines: 100000');
    expect(lines).toContain('requests to the server: 101');
    const growth = lines.find((line) => line.includes('what is in use'))?.match(/([\d.]+) MB/)?.[1];
    expect(Number(growth)).toBeLessThan(50);
  },
  120_000,
);
