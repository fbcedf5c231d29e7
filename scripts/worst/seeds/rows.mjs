// Documents that multiply rows: relations, leaves, connections and whole pages.
import {
  joined,
  nested,
  longName,
  session,
  sessionFields,
  jobFields,
  organizationFields,
  repositoryFields,
} from './parts.mjs';

export const rows = {
  relationNested: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(70 * s, (i) => `a${i}:job{...F}`)}}}} fragment F on Job{${nested(300 * s, 'id')}}`,
  }),
  relationNestedShallow: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(70 * s, (i) => `a${i}:job{...F}`)}}}} fragment F on Job{${nested(13 * s, 'id')}}`,
  }),
  relationSkipped: (s) => ({
    query: `query($t:Boolean!){jobSessions(first:1000){nodes{${joined(70 * s, (i) => `a${i}:job{...F}`)}}}} fragment F on Job{id ${joined(95 * s, (i) => `b${i}:name @skip(if:$t)`)}}`,
    variables: { t: true },
  }),
  relationWide: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(70 * s, (i) => `a${i}:job{...F}`)}}}} fragment F on Job{${joined(290 * s, () => 'id')}}`,
  }),
  relationManyIds: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(70 * s, (i) => `a${i}:job{id} b${i}:repository{id}`)}}}}`,
  }),
  relationFragments: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(60 * s, (i) => `a${i}:job{...F0}`)}}}} ${joined(48 * s, (i) => `fragment F${i} on Job{id ...F${i + 1}}`)} fragment F${Math.max(1, Math.round(48 * s))} on Job{id}`,
  }),
  jobRelations: (s) => ({
    query: `{jobs(first:1000){nodes{${joined(18 * s, (i) => `a${i}:organization{id} b${i}:repository{id name} c${i}:sourceJob{id} d${i}:latestSession{id}`)}}}}`,
  }),
  allOfSessions: (s) => ({
    query: `{jobSessions(first:${Math.max(1, Math.round(1000 * s))}){nodes{${sessionFields} job{${jobFields} organization{${organizationFields}} repository{${repositoryFields} proxy{id hostName}}}repository{${repositoryFields}}}}}`,
  }),
  allOfJobs: (s) => ({
    query: `{jobs(first:${Math.max(1, Math.round(1000 * s))}){nodes{${jobFields} organization{${organizationFields}} repository{${repositoryFields} proxy{id hostName}} sourceJob{${jobFields} organization{${organizationFields}}} latestSession{${sessionFields}}}}}`,
  }),
  longNames: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(145 * s, (i) => `${longName(i)}:details`)}}}}`,
  }),
  longNamesOfMoments: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(145 * s, (i) => `${longName(i)}:durationSeconds`)}}}}`,
  }),
  logUrls: (s) => ({ query: `{jobSessions(first:1000){nodes{${joined(145 * s, (i) => `a${i}:logUrl`)}}}}` }),
  durations: (s) => ({ query: `{jobSessions(first:1000){nodes{${joined(145 * s, (i) => `a${i}:durationSeconds`)}}}}` }),
  statistics: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(60 * s, (i) => `a${i}:statistics{bottleneck}`)}}}}`,
  }),
  cursors: (s) => ({ query: `{${joined(110 * s, (i) => `a${i}:jobSessions(first:1000){edges{cursor}}`)}}` }),
  cursorsOfOne: (s) => ({ query: `{jobSessions(first:1000){${joined(140 * s, (i) => `a${i}:edges{cursor}`)}}}` }),
  nodesOfOne: (s) => ({ query: `{jobSessions(first:1000){${joined(140 * s, (i) => `a${i}:nodes{id}`)}}}` }),
  pageInfos: (s) => ({
    query: `{jobSessions(first:1000){${joined(240 * s, (i) => `a${i}:pageInfo{startCursor endCursor}`)}}}`,
  }),
  nodesAndEdges: (s) => ({
    query: `{jobs(first:1000){nodes{id name organization{name}} edges{cursor node{id name organization{name}}} pageInfo{endCursor}} ${joined(20 * s, (i) => `a${i}:jobSessions(first:1000){edges{cursor node{id}}}`)}}`,
  }),
  logs: (s) => ({
    query: `{jobSessions(first:${Math.max(1, Math.round(110 * s))}){nodes{log(first:400){nodes{id message creationTime}}}}}`,
  }),
  logsByAliases: (s) => ({
    query: `{jobSession(id:"${session}"){${joined(110 * s, (i) => `a${i}:log(first:1000 order:${i % 2 ? 'ASC' : 'DESC'}){pageInfo{endCursor} nodes{durationSeconds}}`)}}}`,
  }),
  processedObjects: (s) => ({
    query: `{jobSessions(first:${Math.max(1, Math.round(110 * s))}){nodes{processedObjects(first:500){nodes{objectId status}}}}}`,
  }),
  jobSessionsOfJobs: (s) => ({
    query: `{jobs(first:${Math.max(1, Math.round(110 * s))}){nodes{sessions(first:1000){nodes{id}}}}}`,
  }),
  latestSessions: (s) => ({ query: `{jobs(first:1000){nodes{${joined(70 * s, (i) => `a${i}:latestSession{id}`)}}}}` }),
  persisted: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(140 * s, (i) => `a${i}:id`)}}}}`,
    way: 'hash',
  }),
};
