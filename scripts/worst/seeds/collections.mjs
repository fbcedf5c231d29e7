// Documents that read or search lists again and again: root fields by aliases, filters, lists of enum values, cursors.
import { idOf } from '../rows.mjs';
import { range, joined, session, statuses } from './parts.mjs';

export const collections = {
  jobsByAliases: (s) => ({ query: `{${joined(199 * s, (i) => `a${i}:jobs(first:1){nodes{id}}`)}}` }),
  jobsByFilters: (s) => ({
    query: `{${joined(199 * s, (i) => `a${i}:jobs(first:${(i % 900) + 1} filter:{isEnabled:${i % 2 === 0}${i % 3 === 0 ? ' type:BACKUP' : ''}}){nodes{id}}`)}}`,
  }),
  jobsByOrganization: (s) => ({
    query: `{${joined(55 * s, (i) => `a${i}:jobs(first:1 filter:{organizationId:"${idOf('Organizations', i)}"}){nodes{id}}`)}}`,
  }),
  jobsAfterNothing: (s) => ({
    query: `{${joined(199 * s, (i) => `a${i}:jobs(first:1 after:"${i}"){nodes{id}}`)}}`,
  }),
  collectionsByAliases: (s) => ({
    query: `{${joined(49 * s, (i) => `a${i}:organizations(first:1){nodes{id}} b${i}:jobs(first:1){nodes{id}} c${i}:backupRepositories(first:1){nodes{id}} d${i}:proxies(first:1){nodes{id}}`)}}`,
  }),
  organizationsByAliases: (s) => ({
    query: `{${joined(199 * s, (i) => `a${i}:organizations(first:${i + 1}){nodes{id}}`)}}`,
  }),
  sessionsByAliases: (s) => ({
    query: `{${joined(199 * s, (i) => `a${i}:jobSessions(first:1000){scanLimitReached}`)}}`,
  }),
  sessionsByFirst: (s) => ({
    query: `{${joined(115 * s, (i) => `a${i}:jobSessions(first:${999 - i}){scanLimitReached}`)}}`,
  }),
  sessionsFiltered: (s) => ({
    query: `query($s:[JobSessionStatus!]){${joined(115 * s, (i) => `a${i}:jobSessions(first:${999 - i} filter:{statuses:$s}){scanLimitReached}`)}}`,
    variables: { s: range(20_000 * s, () => 'UNKNOWN') },
  }),
  statuses: (s) => ({
    query: 'query($s:[JobSessionStatus!]){jobSessions(first:1000 filter:{statuses:$s}){nodes{id}}}',
    variables: { s: range(20_000 * s, () => 'UNKNOWN') },
  }),
  statusesByAliases: (s) => ({
    query: `query($s:[JobSessionStatus!]){${joined(199 * s, (i) => `a${i}:jobSessions(first:1 filter:{statuses:$s}){nodes{id}}`)}}`,
    variables: { s: range(20_000, (i) => statuses[i % statuses.length]) },
  }),
  statusesInDocument: (s) => ({
    query: `{jobSessions(first:1000 filter:{statuses:[${joined(4900 * s, () => 'UNKNOWN')}]}){nodes{id}}}`,
  }),
  typesOfLog: (s) => ({
    query: `query($t:[LogItemType!]){jobSession(id:"${session}"){${joined(115 * s, (i) => `a${i}:log(first:${i + 1} types:$t){nodes{id}}`)}}}`,
    variables: { t: range(20_000 * s, () => 'UNKNOWN') },
  }),
  momentsInDocument: (s) => ({
    query: `{${joined(115 * s, (i) => `a${i}:jobSessions(first:${i + 1} filter:{endedAfter:"2024-01-01T00:00:00.${'0'.repeat(1500)}Z"}){nodes{id}}`)}}`,
  }),
  scanned: (s) => ({
    query: `{${joined(110 * s, (i) => `a${i}:jobSessions(first:${i + 1} filter:{endedAfter:"2034-01-01T00:00:00Z" statuses:[SUCCESS WARNING]}){nodes{id}}`)}}`,
  }),
};
