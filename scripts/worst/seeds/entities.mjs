// References of a federation: many, equal, unknown, bad, nested.
import { idOf } from '../rows.mjs';
import { range, joined, representation, entitiesQuery } from './parts.mjs';

export const entities = {
  entities: (s) => ({
    query: entitiesQuery('...on JobSession{id status job{name organization{name} repository{name}}}'),
    variables: { r: range(1000 * s, (i) => representation('JobSession', idOf('JobSessions', i))) },
  }),
  entitiesOfJobs: (s) => ({
    query: entitiesQuery('...on Job{id name organization{name}}'),
    variables: { r: range(1000 * s, (i) => representation('Job', idOf('Jobs', i))) },
  }),
  entitiesEqual: (s) => ({
    query: entitiesQuery('...on Job{id name}...on JobSession{id}...on Organization{id name isBackedUp}'),
    variables: { r: range(1000 * s, () => representation('Organization', idOf('Organizations', 1))) },
  }),
  entitiesUnknown: (s) => ({
    query: entitiesQuery('...on Job{id name organization{name}}'),
    variables: { r: range(100 * s, (i) => representation('Job', idOf('Jobs', 900_000 + i))) },
  }),
  entitiesBad: (s) => ({
    query: entitiesQuery('...on Job{id}'),
    variables: { r: range(1000 * s, (i) => representation(i % 2 ? 'Job' : `Type${i}`, 'x')) },
  }),
  entitiesWide: (s) => ({
    query: entitiesQuery(`...on Job{${joined(140 * s, (i) => `a${i}:name`)}}`),
    variables: { r: range(1000, (i) => representation('Job', idOf('Jobs', i))) },
  }),
  entitiesByAliases: (s) => ({
    query: `query($r:[_Any!]!){${joined(199 * s, (i) => `a${i}:_entities(representations:$r){...on Job{id}}`)}}`,
    variables: { r: range(100_000 * s, () => 0) },
  }),
  entitiesByAliasesEmpty: (s) => ({
    query: `query($r:[_Any!]!){${joined(199 * s, (i) => `a${i}:_entities(representations:$r){...on Job{id}}`)}}`,
    variables: { r: range(5, (i) => representation('Job', idOf('Jobs', i))) },
  }),
  entitiesOfManyTypes: (s) => ({
    query: `query($r:[_Any!]!){${joined(199 * s, (i) => `a${i}:_entities(representations:$r){__typename}`)}}`,
    variables: { r: range(4000 * s, (i) => ({ __typename: `T${i}` })) },
  }),
  entitiesOfDeepValues: (s) => ({
    query: entitiesQuery('__typename'),
    variablesText: `{"r":[${'['.repeat(100_000 * s + 1)}${']'.repeat(100_000 * s + 1)}]}`,
  }),
  entitiesInDocument: (s) => ({
    query: `{_entities(representations:[${joined(480 * s, (i) => `{__typename:"Job" id:"${idOf('Jobs', i)}"}`)}]){...on Job{id name}}}`,
  }),
  entitiesDeepInDocument: (s) => ({
    query: `{_entities(representations:[${'['.repeat(Math.round(2000 * s) + 1)}${']'.repeat(Math.round(2000 * s) + 1)}]){__typename}}`,
  }),
};
