// Documents whose fields fail one by one, by what the server answers or by what they ask for.
import { joined } from './parts.mjs';

export const errors = {
  forbiddenRelations: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(70 * s, (i) => `a${i}:job{name}`)}}}}`,
    variant: 'forbidden',
  }),
  missingRelations: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(35 * s, (i) => `a${i}:job{name} b${i}:repository{name}`)}}}}`,
    variant: 'missing',
  }),
  badFields: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(70 * s, (i) => `a${i}:details b${i}:status`)}}}}`,
    variant: 'badFields',
  }),
  badFieldsDeep: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(70 * s, (i) => `a${i}:durationSeconds b${i}:statistics{isEstimated}`)}}}}`,
    variant: 'badFields',
  }),
  badRows: (s) => ({
    query: `{jobSessions(first:1000){${joined(140 * s, (i) => `a${i}:nodes{id}`)}}}`,
    variant: 'badRows',
  }),
  badRowsOfJobs: (s) => ({
    query: `{${joined(140 * s, (i) => `a${i}:jobs(first:1000){nodes{id}}`)}}`,
    variant: 'badRows',
  }),
  slashes: (s) => ({
    query: `{jobs(first:1000){nodes{${joined(50 * s, (i) => `a${i}:organization{id}`)}}}}`,
    variant: 'slashes',
  }),
  longTexts: (s) => ({
    query: `{jobs(first:1000){nodes{${joined(70 * s, (i) => `a${i}:name`)}}}}`,
    variant: 'longTexts',
  }),
  longTextsOfRelations: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(22 * s, (i) => `a${i}:job{name}`)}}}}`,
    variant: 'longTexts',
  }),
  wrongIds: (s) => ({ query: `{${joined(199 * s, (i) => `a${i}:job(id:"${'x'.repeat(300)}${i}"){id}`)}}` }),
  wrongFirst: (s) => ({
    query: `{jobs(first:1000){nodes{${joined(100 * s, (i) => `a${i}:sessions(first:0){nodes{id}}`)}}}}`,
  }),
  wrongCursorsOfJobs: (s) => ({
    query: `{jobs(first:1000){nodes{${joined(100 * s, (i) => `a${i}:sessions(first:1 filter:{jobId:"x"}){nodes{id}}`)}}}}`,
  }),
  newlinesFirstWithErrors: (s) => ({
    query: `${'\n'.repeat(2990 * s)}{jobSessions(first:1000){nodes{${joined(20, (i) => `a${i}:job{name}`)}}}}`,
    variant: 'forbidden',
  }),
  blockStrings: (s) => ({ query: `{${joined(190 * s, (i) => `a${i}:job(id:"""${'\n '.repeat(400)}"""){id}`)}}` }),
  longTextByAliases: (s) => ({
    query: `query($i:ID!){${joined(199 * s, (i) => `a${i}:job(id:$i){id}`)}}`,
    variables: { i: 'x'.repeat(245_000 * s) },
  }),
  longCursor: (s) => ({
    query: `query($c:String){${joined(115 * s, (i) => `a${i}:jobSessions(first:1 after:$c){nodes{id}}`)}}`,
    variables: { c: 'x'.repeat(245_000 * s) },
  }),
};
