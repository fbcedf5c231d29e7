// Prints the results of a run and keeps them, as text for people and as JSON with every sample.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { describeEnvironment } from './environment.mjs';
import { renderMarkdown } from './markdown.mjs';
import { summarize } from './summary.mjs';

export function report({ samples, memory }, { node, rounds, seconds, json }) {
  const environment = describeEnvironment(node);
  const summary = summarize(samples);
  const markdown = renderMarkdown({ environment, rounds, seconds, memory, ...summary });
  process.stdout.write(`\n${markdown}`);

  const path = resolve(json ?? `${import.meta.dirname}/results/${environment['Node of the servers']}.json`);
  mkdirSync(dirname(path), { recursive: true });
  const kept = { environment, rounds, seconds, ...summary, memory, samples };
  writeFileSync(path, `${JSON.stringify(kept, null, 2)}\n`);
  writeFileSync(path.replace(/(\.json)?$/, '.md'), markdown);
  console.error(`\nKept in ${relative(process.cwd(), path)} and the .md beside it.`);
}
