// Documents that are compiled when they come again.
import { joined } from './parts.mjs';

export const compiled = {
  compiledWide: (s) => ({
    query: `{jobSessions(first:1){nodes{${joined(240 * s, (i) => `a${i}:job{id name organization{id name}}`)}}}}`,
  }),
  compiledDeep: (s) => ({
    query: `{jobs(first:1){nodes{${'sourceJob{'.repeat(12 * s + 1)}${joined(240, (i) => `a${i}:organization{name}`)}${'}'.repeat(12 * s + 1)}}}}`,
  }),
  compiledFragments: (s) => ({
    query: `{jobSessions(first:1){nodes{${joined(48 * s, (i) => `...F${i}`)}}}} ${joined(48 * s, (i) => `fragment F${i} on JobSession{${joined(20 * s, (k) => `a${i}x${k}:job{id name}`)}}`)}`,
  }),
  compiledEqual: (s) => ({
    query: `{jobSessions(first:1){nodes{${joined(290 * s, () => 'job{organization{name}}')}}}}`,
  }),
};
