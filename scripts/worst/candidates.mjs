// Candidates: requests with the way they came about. Seeds are grown to the largest size that the gateway takes; offspring are
// mutations of the worst ones found so far.
import { Kind, parse, print, stripIgnoredCharacters } from 'graphql';
import { variants } from './rows.mjs';
import { seeds } from './seeds/index.mjs';

const variantNames = Object.keys(variants);
const MAX_QUERY_CHARACTERS = 250_000;

/** Returns a seed's candidate at a size from 0 to 1. */
export function fromSeed(name, size) {
  return {
    family: name,
    trail: `${name} at ${Math.round(size * 100)} %`,
    variant: 'plain',
    isFreshToken: true,
    way: 'post',
    ...seeds[name](size),
  };
}

/** Returns the text of a document as short as it can be, with padding that means nothing. */
function textOf(document, padding = '') {
  const text = stripIgnoredCharacters(print(document));
  return padding === '' ? text : `${padding.slice(0, Math.max(0, MAX_QUERY_CHARACTERS - text.length))}${text}`;
}

/** Creates candidates from others. */
export function createBreeder(random, mutations) {
  /** Parses a candidate; null when its text is no GraphQL, so that it can only be sent as it is. */
  function open(candidate) {
    try {
      return { ...candidate, document: parse(candidate.query, { noLocation: true, maxTokens: 20_000 }) };
    } catch {
      return null;
    }
  }

  function close({ document, ...candidate }) {
    try {
      return { ...candidate, query: textOf(document, candidate.padding) };
    } catch {
      return null; // nested deeper than can be printed
    }
  }

  return {
    /** A whole new document. */
    invent: () =>
      close({
        family: 'invented',
        trail: 'invented',
        variant: random.pick(variantNames),
        isFreshToken: true,
        way: 'post',
        document: mutations.grow(),
      }),
    /** A parent with one to three changes; with one that was refused, less of it. */
    mutate: (parent, others, isRefused) => {
      const child = open(parent);
      if (!child) return null;
      const names = [];
      for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
        const other = random.chance(0.15) ? open(random.pick(others)) : null;
        try {
          if (other) {
            mutations.splice(child.document, other.document);
            names.push('splice');
          } else {
            const name = isRefused && random.chance(0.6) ? 'halve' : random.pick(mutations.names);
            mutations.mutate(name, child, variantNames);
            names.push(name);
          }
        } catch (error) {
          if (!(error instanceof RangeError)) throw error; // nested deeper than can be visited
        }
        if (child.document.definitions.every(({ kind }) => kind !== Kind.OPERATION_DEFINITION)) return null;
      }
      child.trail = `${parent.trail} + ${names.join(' + ')}`.slice(-200);
      return close(child);
    },
  };
}
