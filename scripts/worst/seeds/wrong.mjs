// Documents that validation or coercion refuses: finding out what is wrong with them is work, too.
import { range, joined, longName, job } from './parts.mjs';

export const wrong = {
  overlapFragmentsOfFragments: (s) => ({
    query: `{jobs{nodes{...F0}}} ${joined(48 * s, (i) => `fragment F${i} on Job{id name ${joined(20 * s, (k) => `...F${(i + 1 + k) % Math.max(2, Math.round(48 * s))}`)}}`)}`,
  }),
  unusedVariables: (s) => ({ query: `query(${joined(1600 * s, (i) => `$v${i}:Int`)}){backupServer{apiVersion}}` }),
  usedVariables: (s) => ({
    query: `query(${joined(240 * s, (i) => `$v${i}:Boolean!=true`)}){${joined(99 * s, (i) => `a${i}:backupServer @include(if:$v${i}){apiVersion}`)}}`,
  }),
  unknownFields: (s) => ({ query: `{${joined(290 * s, (i) => `jobz${i}`)}}` }),
  unknownLongNames: (s) => ({ query: `{${joined(290 * s, (i) => `${longName(i)}`)}}` }),
  unknownArguments: (s) => ({ query: `{jobs(${joined(1200 * s, (i) => `f${i}:1`)}){pageInfo{endCursor}}}` }),
  unknownEnums: (s) => ({
    query: `{jobSessions(filter:{statuses:[${joined(4800 * s, (i) => `SUCCES${i}`)}]}){scanLimitReached}}`,
  }),
  unknownEnumsInVariables: (s) => ({
    query: 'query($s:[JobSessionStatus!]){jobSessions(filter:{statuses:$s}){scanLimitReached}}',
    variables: { s: range(18_000 * s, (i) => `SUCCES${i}`) },
  }),
  unknownLongEnum: (s) => ({
    query: 'query($s:JobType){jobs(filter:{type:$s}){pageInfo{endCursor}}}',
    variables: { s: 'x'.repeat(250_000 * s) },
  }),
  unknownInputFields: (s) => ({
    query: 'query($f:JobFilter){jobs(filter:$f){pageInfo{endCursor}}}',
    variables: { f: Object.fromEntries(range(20_000 * s, (i) => [`field${i}`, 1])) },
  }),
  fragmentCycle: (s) => ({
    query: `{job(id:"${job}"){...F0}} ${joined(49 * s, (i) => `fragment F${i} on Job{${joined(30 * s, (k) => `...F${(i + k) % Math.max(1, Math.round(49 * s))}`)}}`)}`,
  }),
  directivesOfOne: (s) => ({ query: `{backupServer{apiVersion ${joined(1200 * s, () => '@skip(if:false)')}}}` }),
  introspectionPossible: (s) => ({
    query: `{__type(name:"_Entity"){possibleTypes{fields{type{fields{${joined(240 * s, (i) => `a${i}:name`)} type{name}}}}}}}`,
  }),
  newlinesFirstWrong: (s) => ({ query: `${'\n'.repeat(110_000 * s ** 4)}{${joined(290, (i) => `x${i}`)}}` }),
  deepList: (s) => ({
    query: `{jobSessions(filter:{statuses:${'['.repeat(2400 * s)}${']'.repeat(2400 * s)}}){nodes{id}}}`,
  }),
  deepVariables: (s) => ({
    query: 'query($s:[JobSessionStatus!]){jobSessions(filter:{statuses:$s}){nodes{id}}}',
    variablesText: `{"s":${'['.repeat(100_000 * s + 1)}${']'.repeat(100_000 * s + 1)}}`,
  }),
  deepFilters: (s) => ({
    query: 'query($f:JobFilter){jobs(filter:$f){nodes{id}}}',
    variablesText: `{"f":${'{"type":'.repeat(20_000 * s + 1)}1${'}'.repeat(20_000 * s + 1)}}`,
  }),
};
