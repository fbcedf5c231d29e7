import { readFileSync } from 'node:fs';

/** The text of an upstream body, as it was kept: numbers beyond 2^53 would not survive being parsed. */
export function readFixture(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8');
}
