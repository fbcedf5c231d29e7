import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { isEnumType, isInputObjectType, isObjectType, isSpecifiedScalarType, type GraphQLNamedType } from 'graphql';
import { buildSchema, printSchema } from '../src/graph/schema.js';
import { createGraph } from '../src/graph/server.js';
import { createLog } from '../src/log.js';
import { withGateway } from './helpers/gateway.js';

const isOurs = (type: GraphQLNamedType): boolean =>
  !/^(_|__|link__|federation__|FieldSet)/.test(type.name) && !isSpecifiedScalarType(type);

test('every type, field, argument, input field and enum value says what it means', () => {
  const silent: string[] = [];
  const check = (name: string, description: string | null | undefined): void => {
    if (!description || description.trim().length < 4) silent.push(name);
  };
  for (const type of Object.values(buildSchema().getTypeMap()).filter(isOurs)) {
    check(type.name, type.description);
    if (isEnumType(type)) for (const value of type.getValues()) check(`${type.name}.${value.name}`, value.description);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) check(`${type.name}.${field.name}`, field.description);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields()).filter(({ name }) => !name.startsWith('_'))) {
      check(`${type.name}.${field.name}`, field.description);
      for (const argument of field.args) check(`${type.name}.${field.name}(${argument.name})`, argument.description);
    }
  }
  expect(silent).toEqual([]);
});

test('root fields and relations are nullable, so that one failure never erases its siblings', () => {
  const query = buildSchema().getQueryType();
  for (const field of Object.values(query?.getFields() ?? {}).filter(({ name }) => !name.startsWith('_'))) {
    expect({ field: field.name, type: String(field.type) }).toEqual({
      field: field.name,
      type: expect.not.stringContaining('!'),
    });
  }
});

test('schema.graphql is the schema, and what a supergraph is told', async () => {
  const committed = readFileSync('schema.graphql', 'utf8');
  expect(committed).toBe(printSchema());
  await withGateway({}, async ({ ask }) => {
    const { data } = await ask('{ _service { sdl } }');
    // The served SDL spells out Federation's own definitions as well.
    const typesIn = (sdl: string): string[] =>
      [...sdl.matchAll(/^(?:type|enum|input|scalar|extend type) (\w+)/gm)].map(([line]) => line);
    expect(typesIn(data._service.sdl as string)).toEqual(expect.arrayContaining(typesIn(committed)));
  });
  for (const entity of ['JobSession', 'Job', 'Organization', 'BackupRepository', 'Proxy'])
    expect(committed).toMatch(new RegExp(`type ${entity}\\s+@key\\(fields: "id"\\)`));
});

test('names the specification of DateTime to whoever asks, in both committed schemas and by introspection', async () => {
  const url = 'https://scalars.graphql.org/andimarek/date-time';
  await withGateway({ introspection: true }, async ({ ask }) => {
    const { data } = await ask(
      '{ date: __type(name: "DateTime") { specifiedByURL } long: __type(name: "Long") { specifiedByURL } }',
    );
    expect(data).toEqual({ date: { specifiedByURL: url }, long: { specifiedByURL: null } });
  });
  for (const file of ['schema.graphql', 'api.graphql'])
    expect(readFileSync(file, 'utf8')).toMatch(new RegExp(`^scalar DateTime\\s+@specifiedBy\\(url: "${url}"\\)$`, 'm'));
});

test('the type `Statistics` can have another name, for a supergraph in which it is taken', async () => {
  await withGateway({ statisticsTypeName: 'BackupStatistics' }, async ({ ask }) => {
    const id = 'be376069-2865-4156-a9bc-825cef7d687e';
    for (let time = 1; time <= 3; time += 1) {
      const { data } = await ask(
        'query ($id: ID!) { jobSession(id: $id) { statistics { __typename ...F } } } fragment F on BackupStatistics { bottleneck }',
        { id },
      );
      expect(data).toEqual({ jobSession: { statistics: { __typename: 'BackupStatistics', bottleneck: 'SOURCE' } } });
    }
    expect((await ask('{ _service { sdl } }')).data._service.sdl).not.toMatch(/\bStatistics\b/);
  });
  // What docs/federation.md tells who composes from the file.
  expect(readFileSync('schema.graphql', 'utf8').replaceAll(/\bStatistics\b/g, 'BackupStatistics')).toBe(
    printSchema('BackupStatistics'),
  );
});

test.each(['Job', 'Query', 'Mutation', 'Subscription', 'Float', 'String', 'PageInfo'])(
  'but not a name that is taken: %s',
  async (statisticsTypeName) => {
    const options = { introspection: true, trustedDocuments: null, federatedTracing: false, statisticsTypeName };
    await expect(createGraph({ ...options, log: createLog('silent') })).rejects.toThrow(
      `GRAPHQL_STATISTICS_TYPE must be a type's name that the schema does not have, such as BackupStatistics; got "${statisticsTypeName}"`,
    );
  },
);
