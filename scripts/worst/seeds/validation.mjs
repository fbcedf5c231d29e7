// Documents that are long to validate: fields that are compared in pairs, fragments, directives, operations, the schema's own fields.
import { joined, nested, job, entitiesQuery, typeRef } from './parts.mjs';

export const validation = {
  overlapEqual: (s) => ({ query: `{${joined(1600 * s, () => 'backupServer{apiVersion}')}}` }),
  overlapDeep: (s) => ({
    query: `{${joined(75 * s, () => `jobs{nodes{${joined(8 * s, () => 'organization{id name}')}}}`)}}`,
  }),
  overlapLeaves: (s) => ({ query: `{backupServer{${joined(300 * s, () => 'apiVersion')}}}` }),
  overlapLeavesInFragments: (s) => ({
    query: `{backupServer{${joined(49 * s, (i) => `...F${i}`)}}} ${joined(49 * s, (i) => `fragment F${i} on BackupServer{${joined(90 * s, () => 'apiVersion')}}`)}`,
  }),
  overlapFragments: (s) => ({
    query: `{jobs{nodes{${joined(48 * s, (i) => `...F${i}`)}}}} ${joined(48 * s, (i) => `fragment F${i} on Job{${joined(10, (k) => `a${k % 3}:id`)} organization{id name} repository{id name}}`)}`,
  }),
  overlapChain: (s) => {
    const last = Math.max(2, Math.round(48 * s));
    return {
      query: `{jobs{nodes{...F0}}} ${joined(last, (i) => `fragment F${i} on Job{id name organization{id} ${joined(Math.min(30, last - i), (k) => `...F${i + 1 + k}`)}}`)} fragment F${last} on Job{id}`,
    };
  },
  overlapNestedPairs: (s) => ({
    query: `{${joined(30 * s, () => `jobs{...C}`)}} ${['C on JobConnection{nodes{...J nodes2:id}}', 'J on Job{sourceJob{...K} sourceJob{...K}}', 'K on Job{sourceJob{...L} sourceJob{...L}}', 'L on Job{organization{...M} organization{...M}}', 'M on Organization{id name}'].map((text) => `fragment ${text.replace('nodes2:id', 'id')}`).join(' ')}`,
  }),
  overlapDifferentTypes: (s) => ({
    query: `${entitiesQuery(joined(130 * s, (i) => `...on ${['Job', 'JobSession', 'Organization', 'Proxy'][i % 4]}{id a:__typename b:id}`))}`,
    variables: { r: [] },
  }),
  overlapLevels: (s) => {
    const level = (depth) => (depth === 0 ? 'id' : joined(3, () => `sourceJob{${level(depth - 1)}}`));
    return { query: `{job(id:"${job}"){${level(Math.max(1, Math.round(6 * s)))}}}` };
  },
  overlapArguments: (s) => ({
    query: `{${joined(290 * s, () => `jobs(first:1 filter:{isEnabled:true type:BACKUP}){pageInfo{endCursor}}`)}}`,
  }),
  overlapLongArguments: (s) => {
    const list = joined(100, () => 'SUCCESS');
    return { query: `{${joined(19 * s, () => `jobSessions(filter:{statuses:[${list}]}){scanLimitReached}`)}}` };
  },
  overlapInlineFragments: (s) => ({
    query: `{job(id:"${job}"){${joined(290 * s, () => `...on Job{id name ...on Job{type}}`)}}}`,
  }),
  directives: (s) => ({ query: `{backupServer{${joined(99 * s, () => 'apiVersion @skip(if:false)')}}}` }),
  operations: (s) => ({
    query: `${joined(9, (i) => `query Q${i}{${joined(240 * s, () => `jobs{nodes{...F}}`)}}`)} fragment F on Job{${nested(10, 'id')}}`,
    operationName: 'Q0',
  }),
  operationsMany: (s) => ({ query: joined(10 * s, (i) => `query Q${i}{__typename}`), operationName: 'Q0' }),
  introspection: (s) => ({
    query: `{${joined(4, (i) => `a${i}:__schema{types{name fields{name args{name type{${typeRef(7 * s)}}} type{${typeRef(7 * s)}}}}}`)}}`,
  }),
  introspectionWide: (s) => ({
    query: `{__schema{types{fields{args{${joined(250 * s, (i) => `a${i}:name`)}}}}}}`,
  }),
  service: () => ({ query: '{a:_service{sdl} b:_service{sdl} c:_service{sdl} d:_service{sdl}}' }),
  serviceByAliases: (s) => ({ query: `{_service{${joined(240 * s, (i) => `a${i}:sdl`)}}}` }),
};
