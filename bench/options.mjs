import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BEFORE, contestantNames } from './contestants.mjs';
import { imageNode } from './imageNode.mjs';
import { queryNames } from './workload.mjs';

const usualNames = contestantNames.filter((name) => name !== BEFORE);

export const usage = `node bench/run.mjs [--rounds 5] [--seconds 1.5] [--only ${usualNames.join(',')}]
  [--queries ${queryNames.join(',')}] [--no-latency] [--json PATH] [--node image|here|PATH] [--against FOLDER]`;

function listOf(text, known, option) {
  const names = text.split(',').filter(Boolean);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined || names.length === 0) {
    throw new Error(`--${option} takes ${known.join(', ')}; not "${unknown ?? text}".`);
  }
  return known.filter((name) => names.includes(name));
}

function positive(text, option) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${option} takes a number above 0; not "${text}".`);
  return value;
}

/** `image` is the Node of the container image, `here` the one that runs this; anything else is a path. */
export function nodeAt(place) {
  if (place === 'here') return process.execPath;
  return place === 'image' ? imageNode() : place;
}

export function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '1.5' },
      only: { type: 'string', default: usualNames.join(',') },
      queries: { type: 'string', default: queryNames.join(',') },
      'no-latency': { type: 'boolean', default: false },
      json: { type: 'string' },
      node: { type: 'string', default: 'image' },
      against: { type: 'string' },
    },
  });
  const only = listOf(values.only, usualNames, 'only');
  return {
    rounds: Math.ceil(positive(values.rounds, 'rounds')),
    seconds: positive(values.seconds, 'seconds'),
    only: values.against ? [...only, BEFORE] : only,
    against: values.against && resolve(values.against),
    queries: listOf(values.queries, queryNames, 'queries'),
    withLatency: !values['no-latency'],
    json: values.json,
    node: nodeAt(values.node),
  };
}
