// Hand-written starting points: the shapes of known attacks. Each makes a request of a size from 0 to 1; the search finds the
// largest size that the gateway takes.
import { idOf } from './rows.mjs';

const range = (count, make) => Array.from({ length: Math.max(1, Math.round(count)) }, (_, index) => make(index));
const joined = (count, make) => range(count, make).join(' ');
const nested = (depth, inner) =>
  `${'...{'.repeat(Math.max(1, Math.round(depth)))}${inner}${'}'.repeat(Math.max(1, Math.round(depth)))}`;
const longName = (index) => `${'a'.repeat(75)}${String(index).padStart(5, '0')}`;
const job = idOf('Jobs', 1);
const session = idOf('JobSessions', 1);
const statuses = ['SUCCESS', 'WARNING', 'FAILED', 'STOPPED', 'RUNNING', 'QUEUED', 'UNKNOWN'];
const sessionFields =
  'id creationTime endTime durationSeconds progress status details type configType retryCount willBeRetried logUrl statistics{processingRateBytesPerSecond processingRateItemsPerSecond readRateBytesPerSecond writeRateBytesPerSecond transferredDataBytes processedObjects bottleneck isEstimated}';
const jobFields =
  'id name description type backupType isEnabled schedulePolicy{type dailyType dailyTime periodMinutes retryEnabled retryNumber retryWaitMinutes backupWindowEnabled} lastRun nextRun lastBackup lastStatus';
const organizationFields =
  'id name officeName description type region isExchangeOnline isSharePointOnline isTeamsOnline isTeamsChatsOnline';
const repositoryFields =
  'id name description path capacityBytes freeSpaceBytes retentionType isOutOfSync isLongTerm isOutdated isOutOfOrder outOfOrderReason';
const representation = (type, id) => ({ __typename: type, id });
const entitiesQuery = (selection) => `query($r:[_Any!]!){_entities(representations:$r){${selection}}}`;
const typeRef = (depth) => (depth <= 0 ? 'name' : `name kind ofType{${typeRef(depth - 1)}}`);

/** Each seed by its name: its request at size `s`. Where `variant` is left out, the server is plain. */
export const seeds = {
  /** A relation's selection of nested inline fragments, by aliases and rows. */
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
  /** The largest answers: all that a page has, with all relations. */
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
  /** Collections, once per root field. */
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
  logs: (s) => ({
    query: `{jobSessions(first:${Math.max(1, Math.round(110 * s))}){nodes{log(first:400){nodes{id message creationTime}}}}}`,
  }),
  logsByAliases: (s) => ({
    query: `{jobSession(id:"${session}"){${joined(110 * s, (i) => `a${i}:log(first:1000 order:${i % 2 ? 'ASC' : 'DESC'}){pageInfo{endCursor} nodes{durationSeconds}}`)}}}`,
  }),
  processedObjects: (s) => ({
    query: `{jobSessions(first:${Math.max(1, Math.round(110 * s))}){nodes{processedObjects(first:500){nodes{id status}}}}}`,
  }),
  jobSessionsOfJobs: (s) => ({
    query: `{jobs(first:${Math.max(1, Math.round(110 * s))}){nodes{sessions(first:1000){nodes{id}}}}}`,
  }),
  latestSessions: (s) => ({ query: `{jobs(first:1000){nodes{${joined(70 * s, (i) => `a${i}:latestSession{id}`)}}}}` }),
  /** Errors, made one by one. */
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
  wrongIds: (s) => ({ query: `{${joined(199 * s, (i) => `a${i}:job(id:"${'x'.repeat(300)}${i}"){id}`)}}` }),
  wrongFirst: (s) => ({
    query: `{jobs(first:1000){nodes{${joined(100 * s, (i) => `a${i}:sessions(first:0){nodes{id}}`)}}}}`,
  }),
  wrongCursorsOfJobs: (s) => ({
    query: `{jobs(first:1000){nodes{${joined(100 * s, (i) => `a${i}:sessions(first:1 filter:{jobId:"x"}){nodes{id}}`)}}}}`,
  }),
  /** The walk of the price: each place that reaches a fragment. */
  priceFanOut: (s) => ({
    query: `{job(id:"${job}"){...F0}} ${joined(4, (i) => `fragment F${i} on Job{${joined(8 * s, (k) => `a${k}:sessions(first:1 after:"${k}"){nodes{job{...F${i + 1}}}}`)}}`)} fragment F4 on Job{${nested(700 * s, 'id')}}`,
  }),
  priceFanOutWide: (s) => ({
    query: `{job(id:"${job}"){...F0}} ${joined(3, (i) => `fragment F${i} on Job{${joined(40 * s, (k) => `a${k}:sourceJob{...F${i + 1}}`)}}`)} fragment F3 on Job{${joined(290 * s, () => 'id')}}`,
  }),
  priceFanOutSkipped: (s) => ({
    query: `{job(id:"${job}"){...F0}} ${joined(4, (i) => `fragment F${i} on Job{${joined(20 * s, (k) => `a${k}:sourceJob{...F${i + 1}}`)}}`)} fragment F4 on Job{${joined(95 * s, (i) => `b${i}:id @skip(if:true)`)}}`,
  }),
  priceArguments: (s) => ({
    query: `query($f:JobSessionFilter){job(id:"${job}"){...F0}} ${joined(2, (i) => `fragment F${i} on Job{${joined(20 * s, (k) => `a${k}:sessions(first:1 filter:$f){nodes{job{...F${i + 1}}}}`)}}`)} fragment F2 on Job{${joined(50 * s, (k) => `b${k}:sessions(first:1 filter:$f){nodes{id}}`)}}`,
    variables: { f: { statuses: range(20_000 * s, () => 'SUCCESS') } },
  }),
  priceVariables: (s) => ({
    query: `query($s:[JobSessionStatus!]){${joined(199 * s, (i) => `a${i}:jobSessions(first:1 filter:{statuses:$s}){nodes{id}}`)}}`,
    variables: { s: range(25_000, () => 'SUCCESS') },
  }),
  /** References of a federation. */
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
    variables: { r: [JSON.parse(`${'['.repeat(4000 * s + 1)}${']'.repeat(4000 * s + 1)}`)] },
  }),
  entitiesInDocument: (s) => ({
    query: `{_entities(representations:[${joined(480 * s, (i) => `{__typename:"Job" id:"${idOf('Jobs', i)}"}`)}]){...on Job{id name}}}`,
  }),
  entitiesDeepInDocument: (s) => ({
    query: `{_entities(representations:[${'['.repeat(Math.round(2000 * s) + 1)}${']'.repeat(Math.round(2000 * s) + 1)}]){__typename}}`,
  }),
  /** Validation: pairs of fields and of fragments that are compared with each other. */
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
  overlapFragmentsOfFragments: (s) => ({
    query: `{jobs{nodes{...F0}}} ${joined(48 * s, (i) => `fragment F${i} on Job{id name ${joined(20 * s, (k) => `...F${(i + 1 + k) % Math.max(2, Math.round(48 * s))}`)}}`)}`,
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
    const list = joined(240, () => 'SUCCESS');
    return { query: `{${joined(19 * s, () => `jobSessions(filter:{statuses:[${list}]}){scanLimitReached}`)}}` };
  },
  overlapInlineFragments: (s) => ({
    query: `{job(id:"${job}"){${joined(290 * s, () => `...on Job{id name ...on Job{type}}`)}}}`,
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
  directives: (s) => ({ query: `{backupServer{${joined(99 * s, () => 'apiVersion @skip(if:false)')}}}` }),
  directivesOfOne: (s) => ({ query: `{backupServer{apiVersion ${joined(1200 * s, () => '@skip(if:false)')}}}` }),
  operations: (s) => ({
    query: `${joined(9, (i) => `query Q${i}{${joined(240 * s, () => `jobs{nodes{...F}}`)}}`)} fragment F on Job{${nested(10, 'id')}}`,
    operationName: 'Q0',
  }),
  operationsMany: (s) => ({ query: joined(1200 * s, (i) => `query Q${i}{__typename}`), operationName: 'Q0' }),
  /** Introspection within its limits. */
  introspection: (s) => ({
    query: `{${joined(4, (i) => `a${i}:__schema{types{name fields{name args{name type{${typeRef(7 * s)}}} type{${typeRef(7 * s)}}}}}`)}}`,
  }),
  introspectionWide: (s) => ({
    query: `{__schema{types{fields{args{${joined(250 * s, (i) => `a${i}:name`)}}}}}}`,
  }),
  introspectionPossible: (s) => ({
    query: `{__type(name:"_Entity"){possibleTypes{fields{type{fields{${joined(240 * s, (i) => `a${i}:name`)} type{name}}}}}}}`,
  }),
  service: () => ({ query: '{a:_service{sdl} b:_service{sdl} c:_service{sdl} d:_service{sdl}}' }),
  serviceByAliases: (s) => ({ query: `{_service{${joined(240 * s, (i) => `a${i}:sdl`)}}}` }),
  /** Long texts in odd places. */
  comment: (s) => ({ query: `{backupServer{apiVersion}}#${'x'.repeat(250_000 * s)}` }),
  comments: (s) => ({ query: `{backupServer{apiVersion}}${'#\\n'.replace('\\n', '\n').repeat(80_000 * s)}` }),
  commas: (s) => ({ query: `{backupServer{apiVersion}}${','.repeat(250_000 * s)}` }),
  newlines: (s) => ({ query: `{backupServer{apiVersion}}${'\n'.repeat(120_000 * s)}` }),
  newlinesFirst: (s) => ({ query: `${'\n'.repeat(120_000 * s)}{backupServer{${joined(290, () => 'apiVersion')}}}` }),
  newlinesFirstWrong: (s) => ({ query: `${'\n'.repeat(110_000 * s)}{${joined(290, (i) => `x${i}`)}}` }),
  newlinesFirstWithErrors: (s) => ({
    query: `${'\n'.repeat(110_000 * s)}{jobSessions(first:1000){nodes{${joined(70, (i) => `a${i}:job{name}`)}}}}`,
    variant: 'forbidden',
  }),
  blockString: (s) => ({ query: `{job(id:"""${'\\n x'.replace('\\n', '\n').repeat(60_000 * s)}"""){id}}` }),
  blockStrings: (s) => ({ query: `{${joined(190 * s, (i) => `a${i}:job(id:"""${'\n '.repeat(400)}"""){id}`)}}` }),
  longText: (s) => ({ query: `{job(id:"${'x'.repeat(250_000 * s)}"){id}}` }),
  escapes: (s) => ({ query: `{job(id:"${'\\u0041'.repeat(40_000 * s)}"){id}}` }),
  longTextByAliases: (s) => ({
    query: `query($i:ID!){${joined(199 * s, (i) => `a${i}:job(id:$i){id}`)}}`,
    variables: { i: 'x'.repeat(245_000 * s) },
  }),
  longCursor: (s) => ({
    query: `query($c:String){${joined(115 * s, (i) => `a${i}:jobSessions(first:1 after:$c){nodes{id}}`)}}`,
    variables: { c: 'x'.repeat(245_000 * s) },
  }),
  longMoment: (s) => ({
    query: `query($m:DateTime){jobSessions(filter:{endedAfter:$m}){nodes{id}}}`,
    variables: { m: `2024-01-01T00:00:00.${'0'.repeat(245_000 * s)}Z` },
  }),
  momentsInDocument: (s) => ({
    query: `{${joined(115 * s, (i) => `a${i}:jobSessions(first:${i + 1} filter:{endedAfter:"2024-01-01T00:00:00.${'0'.repeat(1500)}Z"}){nodes{id}}`)}}`,
  }),
  scanned: (s) => ({
    query: `{${joined(110 * s, (i) => `a${i}:jobSessions(first:${i + 1} filter:{endedAfter:"2034-01-01T00:00:00Z" statuses:[SUCCESS WARNING]}){nodes{id}}`)}}`,
  }),
  deepList: (s) => ({
    query: `{jobSessions(filter:{statuses:${'['.repeat(2400 * s)}${']'.repeat(2400 * s)}}){nodes{id}}}`,
  }),
  deepVariables: (s) => ({
    query: 'query($s:[JobSessionStatus!]){jobSessions(filter:{statuses:$s}){nodes{id}}}',
    variables: { s: JSON.parse(`${'['.repeat(2500 * s + 1)}${']'.repeat(2500 * s + 1)}`) },
  }),
  unusedValues: (s) => ({
    query: '{backupServer{apiVersion}}',
    variables: Object.fromEntries(range(16_000 * s, (i) => [`v${i}`, 'x'])),
  }),
  longOperationName: (s) => ({ query: '{backupServer{apiVersion}}', operationName: 'x'.repeat(245_000 * s) }),
  getLong: (s) => ({ query: `{${joined(1400 * s, () => 'backupServer{apiVersion}')}}`, way: 'get' }),
  persisted: (s) => ({
    query: `{jobSessions(first:1000){nodes{${joined(140 * s, (i) => `a${i}:id`)}}}}`,
    way: 'hash',
  }),
  /** Documents that are compiled when they come again. */
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
