import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'graphql';
import { readManifest, type TrustedDocument } from '../src/config/manifest.js';
import { loadConfig } from '../src/config/load.js';
import { ConfigError } from '../src/config/problems.js';
import { createDocumentStore } from '../src/graph/documentStore.js';
import { createPersistedQueries } from '../src/graph/persistedQueries.js';
import { createGraph } from '../src/graph/server.js';
import { createLog } from '../src/log.js';
import { startGateway, withGateway, type Data, type Gateway, type GraphError } from './helpers/gateway.js';

/** Trusted documents: a gateway with a manifest runs what is in it, and nothing else. */

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const query = (name: string, selection: string): TrustedDocument => {
  const body = `query ${name} ${selection}`;
  return { id: hash(body), name, type: 'query', body };
};
const names = query('Names', '($first: Int) {\n  jobs(first: $first) {\n    nodes {\n      name\n    }\n  }\n}');
const server = query('Server', '{\n  backupServer {\n    apiVersion\n  }\n}');
const odd: TrustedDocument = { ...query('Odd', '{ __typename }'), id: '__proto__' };

const APQ = (id: unknown): Record<string, unknown> => ({ persistedQuery: { version: 1, sha256Hash: id } });

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ trustedDocuments: [names, server, odd] });
});
afterAll(() => gateway.close());

type Answer = { status: number; data: Data; errors: GraphError[] | undefined };
const authorization = (): string => `Bearer ${gateway.token}`;

async function post(body: unknown): Promise<Answer> {
  const headers = { 'content-type': 'application/json', authorization: authorization() };
  const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

async function get(parameters: [string, string][]): Promise<Answer> {
  const headers = { 'apollo-require-preflight': 'true', authorization: authorization() };
  const response = await fetch(`${gateway.url}/graphql?${new URLSearchParams(parameters).toString()}`, { headers });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

const variables = { first: 2 };
const twoNames = { jobs: { nodes: [{ name: expect.any(String) }, { name: expect.any(String) }] } };

describe('a trusted document runs', () => {
  test.each<[string, Record<string, unknown>]>([
    ['by the id that Apollo Client and urql send', { extensions: APQ(names.id) }],
    ['with the miss of urql', { extensions: { persistedQuery: { version: 1, sha256Hash: names.id, miss: true } } }],
    ['by its documentId', { documentId: names.id }],
    ['by its documentId with the prefix of GraphQL over HTTP', { documentId: `sha256:${names.id}` }],
    ['by its exact text', { query: names.body }],
    ['by text and id', { query: names.body, extensions: APQ(names.id) }],
    ['by two ids of the same', { documentId: names.id, extensions: APQ(names.id) }],
    ['with nulls beside', { query: null, extensions: null, documentId: names.id }],
    ['with other extensions', { extensions: { ...APQ(names.id), clientLibrary: { name: 'x', version: '1' } } }],
  ])('%s', async (_, body) => {
    expect(await post({ ...body, variables, operationName: 'Names' })).toEqual({ status: 200, data: twoNames });
  });

  test.each<[string, [string, string][]]>([
    ['by an id in the extensions', [['extensions', JSON.stringify(APQ(names.id))]]],
    ['by a documentId', [['documentId', names.id]]],
    ['by its text', [['query', names.body]]],
  ])('with GET, %s', async (_, parameters) => {
    const answer = await get([...parameters, ['variables', JSON.stringify(variables)]]);
    expect(answer).toEqual({ status: 200, data: twoNames });
  });

  test('under an id that every object knows, if that is its id', async () => {
    expect(await post({ documentId: '__proto__' })).toEqual({ status: 200, data: { __typename: 'Query' } });
  });
});

const sdl = '{ _service { sdl } }';
const refused: [string, Record<string, unknown>, string][] = [
  ['another text', { query: '{ jobs { nodes { id } } }' }, 'a text that is not among them'],
  ['the same text with a space more', { query: `${names.body} ` }, 'a text that is not among them'],
  ['introspection', { query: '{ __schema { types { name } } }' }, 'a text that is not among them'],
  ["federation's service", { query: sdl }, 'a text that is not among them'],
  ["federation's entities", { query: '{ _entities(representations: []) { __typename } }' }, 'a text that is'],
  ['a text that is no GraphQL', { query: '{{{' }, 'a text that is not among them'],
  ['a text to register', { query: sdl, extensions: APQ(hash(sdl)) }, 'that are not of one and the same document'],
  ['an id of nothing', { extensions: APQ(hash('nothing')) }, `the id "${hash('nothing')}", which is not among them`],
  ['an id of every object', { documentId: 'constructor' }, 'the id "constructor", which is not among them'],
  ['another one of these', { extensions: APQ('toString') }, 'the id "toString"'],
  ['an id that is no text', { extensions: APQ({ $ne: '' }) }, 'the id an object'],
  ['a persistedQuery that is none', { extensions: { persistedQuery: names.id } }, 'got neither'],
  ['an id of one and the text of another', { query: server.body, extensions: APQ(names.id) }, 'one and the same'],
  ['ids of two', { documentId: server.id, extensions: APQ(names.id) }, 'one and the same'],
  ['a long id', { documentId: 'x'.repeat(1000) }, `the id "${'x'.repeat(80)}…"`],
  ['a parsed document', { query: { kind: 'Document', definitions: [] } }, 'a text that is not among them'],
  ['neither id nor text', { variables: {} }, 'got neither'],
];

describe('anything else is refused, and costs the server nothing', () => {
  test.each(refused)('%s', async (_, body, message) => {
    gateway.simulator.forgetRequests();
    const { status, data, errors } = await post(body);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors).toEqual([
      {
        message: expect.stringMatching(/^Only trusted documents are run here. Expected the id of one/),
        extensions: { code: 'DOCUMENT_NOT_TRUSTED', requestId: expect.any(String) },
      },
    ]);
    expect(errors?.[0]?.message).toContain(message);
    expect(gateway.simulator.requests).toEqual([]);
  });

  test.each<[string, [string, string][]]>([
    ['another text', [['query', sdl]]],
    [
      'two texts, one of them trusted',
      [
        ['query', names.body],
        ['query', sdl],
      ],
    ],
    [
      'an id beside another text',
      [
        ['query', sdl],
        ['documentId', names.id],
      ],
    ],
    ['an id of nothing', [['extensions', JSON.stringify(APQ(hash(sdl)))]]],
    [
      'extensions twice',
      [
        ['extensions', JSON.stringify(APQ(names.id))],
        ['extensions', JSON.stringify(APQ(server.id))],
      ],
    ],
    ['extensions that are no JSON', [['extensions', '{']]],
    ['nothing', []],
  ])('with GET, %s', async (_, parameters) => {
    const { status, errors } = await get(parameters);
    expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 400, code: 'DOCUMENT_NOT_TRUSTED' });
  });

  test('an array of operations is no request at all', async () => {
    const { errors } = await post([{ query: names.body }]);
    expect(errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
  });
});

test('extensions that no GraphQL server takes are not taken beside a trusted text either', async () => {
  const { status, errors } = await get([
    ['query', names.body],
    ['extensions', '{'],
  ]);
  expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 400, code: 'BAD_REQUEST' });
});

describe('a manifest that cannot be used ends the start', () => {
  const problemsOf = (manifest: unknown): readonly string[] => {
    const problems: string[] = [];
    readManifest(typeof manifest === 'string' ? manifest : JSON.stringify(manifest), problems);
    return problems;
  };
  const whole = { format: 'apollo-persisted-query-manifest', version: 1, operations: [names] };

  test.each<[string, unknown, unknown[]]>([
    ['no JSON', '{', [expect.stringContaining('expected JSON')]],
    ['an array', [], ['expected an object with "format", "version" and "operations"; got an array']],
    [
      'another format and version',
      { ...whole, format: 'relay', version: '1' },
      ['"format" must be "apollo-persisted-query-manifest"; got "relay"', '"version" must be 1; got "1"'],
    ],
    [
      'no operations',
      { ...whole, operations: [] },
      ['"operations" must be an array of one operation or more; got an array'],
    ],
    ['operations as an object', { ...whole, operations: {} }, [expect.stringContaining('got an object')]],
    [
      'operations that lack something',
      { ...whole, operations: [{ ...names, id: '' }, { ...names, body: 1 }, { ...names, type: 'fragment' }, null] },
      [
        'operation 1 ("Names"): "id" must be a text; got ""',
        'operation 2 ("Names"): "body" must be a text; got 1',
        'operation 3 ("Names"): "type" must be one of query, mutation, subscription; got "fragment"',
        'operation 4 must be an object with "id", "name", "type" and "body"; got null',
      ],
    ],
    [
      'one id with two bodies',
      { ...whole, operations: [names, { ...server, id: names.id }] },
      [`operations "Names" and "Server" have one id, "${names.id}", and different bodies`],
    ],
  ])('%s', (_, manifest, problems) => {
    expect(problemsOf(manifest)).toEqual(problems);
  });

  test('one operation twice is one', () => {
    const problems: string[] = [];
    expect(readManifest(JSON.stringify({ ...whole, operations: [names, names] }), problems)).toEqual([names]);
    expect(problems).toEqual([]);
  });

  test('a file is read, and what is wrong with it is told with all the rest', () => {
    const directory = mkdtempSync(join(tmpdir(), 'manifest-'));
    const load = (file: string, port = '4000'): unknown => {
      try {
        return loadConfig({ TRUSTED_DOCUMENTS_FILE: join(directory, file), PORT: port }, [], []).config
          .trustedDocuments;
      } catch (error) {
        return error instanceof ConfigError ? error.problems : error;
      }
    };
    try {
      writeFileSync(join(directory, 'good.json'), `\uFEFF${JSON.stringify(whole)}`);
      writeFileSync(join(directory, 'bad.json'), JSON.stringify({ ...whole, version: 2 }));
      expect(load('good.json')).toEqual([names]);
      expect(load('bad.json', 'x')).toEqual([
        expect.stringContaining('PORT must be'),
        'TRUSTED_DOCUMENTS_FILE: "version" must be 1; got 2',
      ]);
      expect(load('none.json')).toEqual([
        'TRUSTED_DOCUMENTS_FILE must be the path of a manifest that @apollo/generate-persisted-query-manifest wrote; it cannot be read (ENOENT)',
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  const deep = `{ jobs { nodes { ${'sessions { nodes { job { '.repeat(6)} id ${'} } }'.repeat(6)} } } }`;
  test.each<[string, TrustedDocument, boolean, string]>([
    [
      'an unknown field',
      query('Wrong', '{ jobs { nodes { nothing } } }'),
      true,
      'Cannot query field "nothing" on type "Job".',
    ],
    ['no GraphQL', query('Wrong', '{'), true, 'Syntax Error: Expected Name, found <EOF>.'],
    ['another name', { ...names, name: 'Wrong' }, true, 'Its body must have a query of that name.'],
    [
      'another type',
      { ...names, name: 'Wrong', type: 'mutation' },
      true,
      'Its body must have a mutation of that name.',
    ],
    ['two operations', query('Wrong', '{ __typename } query B { __typename }'), true, 'one operation; it has 2.'],
    [
      'a mutation',
      { ...query('Wrong', ''), type: 'mutation', body: 'mutation Wrong { x }' },
      true,
      'The schema has no mutations.',
    ],
    ['a document beyond the limits', query('Wrong', deep), true, 'levels of fields; the limit is 16'],
    [
      'introspection where it is off',
      query('Wrong', '{ __schema { description } }'),
      false,
      'GraphQL introspection has been disabled',
    ],
    ["federation's service where introspection is off", query('Wrong', sdl), false, 'Introspection is off'],
  ])('%s, with the name of the operation', async (_, document, introspection, problem) => {
    const log = createLog('silent');
    const options = {
      trustedDocuments: [names, document],
      introspection,
      federatedTracing: false,
      statisticsTypeName: 'Statistics',
      log,
    };
    const thrown: unknown = await createGraph(options).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ConfigError);
    const { message } = thrown as ConfigError;
    expect(message).toContain('TRUSTED_DOCUMENTS_FILE: operation "Wrong" cannot be run: ');
    expect(message).toContain(problem);
    expect(message).not.toContain('operation "Names"');
  });

  test('the program says so, and ends', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'manifest-'));
    const file = join(directory, 'manifest.json');
    writeFileSync(file, JSON.stringify({ ...whole, operations: [query('Wrong', '{ nothing }')] }));
    const ended = promisify(execFile)(process.execPath, ['dist/main.js', '--trusted-documents-file', file]);
    await expect(ended).rejects.toMatchObject({
      code: 1,
      stderr:
        'The configuration cannot be used:\n  - TRUSTED_DOCUMENTS_FILE: operation "Wrong" cannot be run: Cannot query field "nothing" on type "Query".\n',
    });
    rmSync(directory, { recursive: true });
  });
});

describe('without a manifest, automatic persisted queries', () => {
  const deep = `{ jobs { nodes { ${'sessions { nodes { job { '.repeat(6)} id ${'} } }'.repeat(6)} } } }`;

  test('are registered, found again, and never found if they were refused', async () => {
    await withGateway({}, async ({ url, token }) => {
      const ask = async (body: unknown): Promise<Data> => {
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
        const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
        const { data, errors } = (await response.json()) as Answer;
        return errors?.[0]?.extensions.code ?? data;
      };
      const extensions = APQ(names.id);
      expect(await ask({ extensions, variables })).toBe('PERSISTED_QUERY_NOT_FOUND');
      expect(await ask({ extensions, variables, query: names.body })).toEqual(twoNames);
      expect(await ask({ extensions, variables })).toEqual(twoNames);
      expect(await ask({ extensions, variables: { first: 10_000 } })).toBe('BAD_USER_INPUT');
      expect(await ask({ extensions: APQ('__proto__') })).toBe('PERSISTED_QUERY_NOT_FOUND');
      expect(await ask({ extensions: APQ(hash(deep)), query: deep })).toBe('QUERY_TOO_COMPLEX');
      expect(await ask({ extensions: APQ(hash(deep)) })).toBe('PERSISTED_QUERY_NOT_FOUND');
    });
  });

  test('are kept within bounds: those used last', async () => {
    const cache = createPersistedQueries().cache;
    const text = `{ __typename } #${'x'.repeat(200_000)}`;
    for (let index = 0; index < 100; index += 1) {
      await cache.set(`hash${index}`, `${text}${index}`);
      await cache.get('hash0');
    }
    const kept = await Promise.all(Array.from({ length: 100 }, (_, index) => cache.get(`hash${index}`)));
    const indices = kept.flatMap((query, index) => (query === undefined ? [] : [index]));
    expect(indices[0]).toBe(0);
    expect(indices.at(-1)).toBe(99);
    expect(indices.length).toBeLessThan(25);

    for (let index = 0; index < 20_000; index += 1) await cache.set(`short${index}`, '{a}');
    const short = await Promise.all(Array.from({ length: 20_000 }, (_, index) => cache.get(`short${index}`)));
    expect(short.filter((query) => query !== undefined).length).toBeLessThan(10_000);
  });
});

test.each<[string, string, number]>([
  ['long comments', `#${'x'.repeat(200_000)}\n{ __typename }`, 170],
  ['thousands of nodes', `{ ${'a '.repeat(2400)} }`, 25],
])('parsed documents are kept within bounds, with %s', async (_, text, most) => {
  const store = createDocumentStore();
  for (let index = 0; index < 200; index += 1) await store.set(`hash${index}`, parse(text));
  const kept = await Promise.all(Array.from({ length: 200 }, (__, index) => store.get(`hash${index}`)));
  expect(kept.at(-1)).toBeDefined();
  expect(kept.filter((document) => document !== undefined).length).toBeLessThan(most);
});
