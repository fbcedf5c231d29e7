// Long texts in odd places: comments, blanks, strings, variables, names of operations.
import { range, joined } from './parts.mjs';

export const texts = {
  comment: (s) => ({ query: `{backupServer{apiVersion}}#${'x'.repeat(250_000 * s)}` }),
  comments: (s) => ({ query: `{backupServer{apiVersion}}${'#\\n'.replace('\\n', '\n').repeat(80_000 * s ** 4)}` }),
  commas: (s) => ({ query: `{backupServer{apiVersion}}${','.repeat(250_000 * s)}` }),
  newlines: (s) => ({ query: `{backupServer{apiVersion}}${'\n'.repeat(120_000 * s ** 4)}` }),
  newlinesFirst: (s) => ({
    query: `${'\n'.repeat(120_000 * s ** 4)}{backupServer{${joined(290, () => 'apiVersion')}}}`,
  }),
  blockString: (s) => ({ query: `{job(id:"""${'\\n x'.replace('\\n', '\n').repeat(60_000 * s ** 4)}"""){id}}` }),
  longText: (s) => ({ query: `{job(id:"${'x'.repeat(100_000 * s)}"){id}}` }),
  escapes: (s) => ({ query: `{job(id:"${'\\u0041'.repeat(40_000 * s)}"){id}}` }),
  longMoment: (s) => ({
    query: `query($m:DateTime){jobSessions(filter:{endedAfter:$m}){nodes{id}}}`,
    variables: { m: `2024-01-01T00:00:00.${'0'.repeat(245_000 * s)}Z` },
  }),
  unusedValues: (s) => ({
    query: '{backupServer{apiVersion}}',
    variables: Object.fromEntries(range(16_000 * s, (i) => [`v${i}`, 'x'])),
  }),
  longOperationName: (s) => ({ query: '{backupServer{apiVersion}}', operationName: 'x'.repeat(245_000 * s) }),
  getLong: (s) => ({ query: `{${joined(1400 * s, () => 'backupServer{apiVersion}')}}`, way: 'get' }),
};
