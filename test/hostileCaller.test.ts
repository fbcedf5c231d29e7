import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { documentLimits } from '../src/graph/documentLimits.js';
import { errorCodes } from '../src/graph/formatError.js';
import { startGateway, withGateway, type Asked, type Gateway, type GraphError } from './helpers/gateway.js';

/** A caller that does what it likes: it gets a short, typed refusal, costs the server nothing, and learns nothing. */

const SESSION = 'be376069-2865-4156-a9bc-825cef7d687e';
const codes = (errors: GraphError[] | undefined): string[] => (errors ?? []).map(({ extensions }) => extensions.code);
const many = (count: number, make: (index: number) => string, separator = ' '): string =>
  Array.from({ length: count }, (_, index) => make(index)).join(separator);
const uuid = (index: number): string => `11111111-1111-4111-8111-${String(index).padStart(12, '0')}`;

let gateway: Gateway;
let production: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
  production = await startGateway({ introspection: false });
});
afterAll(async () => {
  await gateway.close();
  await production.close();
});

/** Writes to a connection as it is, and gives what came back until it was closed. */
function converse(text: string | Buffer, { keepsOpen = false } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () => {
      if (keepsOpen) socket.write(text);
      else socket.end(text);
    });
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('close', () => {
      resolve(answer);
    });
    socket.on('error', reject);
  });
}

const request = (head: string, body: string | Buffer = '{"query":"{ jobs { nodes { id } } }"}'): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n`,
    ),
    Buffer.from(body),
  ]);
const json = 'content-type: application/json\r\n';

describe('documents beyond a limit cost the server nothing, and are told what is too much', () => {
  test.each<[string, string, RegExp]>([
    ['1,000 aliases', `{ ${many(1000, (n) => `a${n}: jobSession(id: "${uuid(n)}") { id }`)} }`, /5000 tokens/],
    [
      '300 aliases',
      `{ ${many(300, (n) => `a${n}: jobSession(id: "${uuid(n)}") { id }`)} }`,
      /300 root fields; the limit is 200/,
    ],
    [
      '121 sessions',
      `{ ${many(121, (n) => `a${n}: jobSession(id: "${uuid(n)}") { id }`)} }`,
      /121 requests; the limit is 120/,
    ],
    ['aliases below', `{ jobs { nodes { ${many(251, (n) => `a${n}: id`)} } } }`, /251 aliases; the limit is 250/],
    [
      'root fields in fragments',
      `{ ...A ...B } fragment A on Query { ${many(150, (n) => `a${n}: jobs { nodes { id } }`)} } fragment B on Query { ${many(60, (n) => `b${n}: __typename`)} }`,
      /210 root fields/,
    ],
    [
      'a deep document',
      `{ jobs { nodes { ${'sessions { nodes { job { '.repeat(6)} id ${'} } }'.repeat(6)} } } }`,
      /21 levels of fields; the limit is 16/,
    ],
    [
      'depth in fragments',
      `{ ...F0 } ${many(9, (n) => `fragment F${n} on Query { jobs { nodes { ...G${n} } } }`)} ${many(9, (n) => `fragment G${n} on Job { sourceJob { sourceJob { ...G${n + 1} } } }`)} fragment G9 on Job { id }`,
      /levels of fields/,
    ],
    ['thousands of levels', `{ ${'a { '.repeat(1200)} a ${'}'.repeat(1200)} }`, /1201 levels of fields/],
    ['thousands of lists', `{ jobSessions(filter: { statuses: ${'['.repeat(4900)}`, /deeper than can be read|tokens/],
    [
      'directives',
      `{ jobs { nodes { id ${many(101, () => '@skip(if: false)')} } } }`,
      /101 directives; the limit is 100/,
    ],
    [
      'the SDL, again and again',
      `{ ${many(5, (n) => `s${n}: _service { sdl }`)} }`,
      /5 fields that tell the schema; the limit is 4/,
    ],
    [
      'the schema, again and again',
      `{ __schema { types { ${many(20, (n) => `f${n}: fields { name }`)} } } }`,
      /21 lists in those that tell the schema; the limit is 20/,
    ],
    [
      'more fields than can be answered',
      '{ jobs(first: 1000) { nodes { sessions(first: 1000) { nodes { id } } } } }',
      /1002 requests; the limit is 120/,
    ],
    [
      'a thousand rows of hundreds of aliases',
      `{ jobSessions(first: 1000) { nodes { ${many(249, (n) => `a${n}: id`)} id status } } }`,
      /fields or more; the limit is 100000/,
    ],
    [
      'fields that multiply',
      `{ jobs(first: 100) { nodes { ${many(12, (n) => `s${n}: sessions(first: ${n + 1}) { nodes { ...A } }`)} } } } fragment A on JobSession { ${many(12, (n) => `l${n}: log(first: ${n + 1}) { nodes { id } }`)} }`,
      /requests; the limit is 120/,
    ],
  ])('%s', async (_, query, message) => {
    gateway.logLines.length = 0;
    const { status, text, errors, data, upstream } = await gateway.ask(query);
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(codes(errors)).toEqual(['QUERY_TOO_COMPLEX']);
    expect(errors?.[0]?.message).toMatch(message);
    expect(errors?.[0]?.extensions.requestId).toEqual(expect.any(String));
    expect(text.length).toBeLessThan(64 * 1024);
    expect(upstream).toEqual([]);
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['unknown fields', `{ ${many(190, (n) => `unknown${n}`)} }`, {}],
    ['an unknown field', `{ ${'x'.repeat(80)} }`, {}],
    ['a hundred long names', `{ ${many(150, (n) => `${'x'.repeat(70)}${n}`)} }`, {}],
    ['the same field with other arguments', `{ ${many(190, (n) => `jobs(first: ${n + 1}) { nodes { id } }`)} }`, {}],
    ['fragments that spread themselves', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }', {}],
    [
      'fragments that double',
      `{ jobs { nodes { ...F0 } } } ${many(48, (n) => `fragment F${n} on Job { ...F${n + 1} ...F${n + 1} }`)} fragment F48 on Job { x }`,
      {},
    ],
    [
      'one fragment in conflict with itself',
      `{ jobs { nodes { ...F0 } } } ${many(48, (n) => `fragment F${n} on Job { x: name ...F${n + 1} }`)} fragment F48 on Job { x: id }`,
      {},
    ],
    ['unknown directives', `{ __typename ${many(99, (n) => `@d${n}`)} }`, {}],
    ['a thousand variables', `query (${many(900, (n) => `$v${n}: Int`)}) { __typename }`, {}],
    [
      'a string of 200 kB for a number',
      'query ($first: Int) { jobs(first: $first) { nodes { id } } }',
      { first: 'x'.repeat(200_000) },
    ],
    ['a string of 200 kB for an id', 'query ($id: ID!) { jobSession(id: $id) { id } }', { id: 'x'.repeat(200_000) }],
    [
      'a thousand bad statuses',
      'query ($s: [JobSessionStatus!]) { jobSessions(filter: { statuses: $s }) { nodes { id } } }',
      { s: Array(1000).fill('x'.repeat(100)) },
    ],
    ['an object for an id', 'query ($id: ID!) { jobSession(id: $id) { id } }', { id: { a: 'x'.repeat(100_000) } }],
    ['a cursor of 200 kB', 'query ($a: String) { jobs(after: $a) { nodes { id } } }', { a: 'x'.repeat(200_000) }],
    [
      'a thousand bad references',
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      { r: Array(100).fill({ __typename: 'JobSession', id: 'x'.repeat(1000) }) },
    ],
  ])('%s: a short refusal', async (_, query, variables) => {
    const { text, errors, upstream } = await gateway.ask(query, variables);
    expect(codes(errors).length).toBeGreaterThan(0);
    expect(codes(errors).every((code) => /^(GRAPHQL_VALIDATION_FAILED|BAD_USER_INPUT)$/.test(code))).toBe(true);
    expect(text.length).toBeLessThan(64 * 1024);
    expect(upstream).toEqual([]);
  });

  test('what people ask is far from any limit', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    const query = getIntrospectionQuery({
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
    });
    expect((await gateway.ask(query)).errors).toBeUndefined();
    expect(
      (await gateway.ask(`{ ${many(120, (n) => `a${n}: jobSession(id: "${uuid(n)}") { id status }`)} }`)).errors,
    ).toBeUndefined();
    expect(documentLimits.rootFields).toBeGreaterThan(120);
  });

  test('fragments that double are read once', async () => {
    const query = `{ jobSession(id: "${SESSION}") { job { ...F0 } } } ${many(48, (n) => `fragment F${n} on Job { ...F${n + 1} ...F${n + 1} }`)} fragment F48 on Job { id }`;
    const { data, upstream } = await gateway.ask(query);
    expect(data.jobSession.job.id).toEqual(expect.any(String));
    expect(upstream).toHaveLength(1);
  });

  const deepRepresentations = (levels: number): { r: unknown[] } => {
    let deep: unknown = 1;
    for (let level = 0; level < levels; level += 1) deep = [deep];
    return {
      r: [
        { __typename: 'JobSession', id: SESSION, deep },
        { __typename: 'JobSession', id: deep },
      ],
    };
  };
  const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';

  test('a body that is nested too deep is refused before it is parsed', async () => {
    const { status, errors } = await gateway.ask(entities, deepRepresentations(4000));
    expect(status).toBe(400);
    expect(errors).toMatchObject([
      { message: 'The body must not be JSON nested more than 100 deep.', extensions: { code: 'BAD_REQUEST' } },
    ]);
  });

  test.each([
    ['in a body', 90, (variables: unknown) => gateway.ask(entities, variables as Record<string, unknown>)],
    [
      'in a link, where they are deeper than can be written',
      2000,
      async (variables: unknown) => {
        const link = `${gateway.url}/graphql?query=${encodeURIComponent(entities)}&variables=${JSON.stringify(variables)}`;
        const headers = { authorization: `Bearer ${gateway.token}`, 'apollo-require-preflight': 'true' };
        return (await (await fetch(link, { headers })).json()) as Pick<Asked, 'errors' | 'data'>;
      },
    ],
  ])('representations nested deep are refused or answered in their place: %s', async (_, levels, ask) => {
    const { errors, data } = await ask(deepRepresentations(levels));
    expect(data._entities).toEqual([{ __typename: 'JobSession' }, null]);
    expect(codes(errors)).toEqual(['BAD_USER_INPUT']);
  });
});

test.each<[string, string, Record<string, unknown>, string]>([
  [
    'a variable that is null where its default is not',
    'query ($id: ID = "x") { jobSession(id: $id) { id } }',
    { id: null },
    'BAD_USER_INPUT',
  ],
  [
    'the same in a directive',
    'query ($no: Boolean = true) { jobs @skip(if: $no) { nodes { id } } }',
    { no: null },
    'BAD_USER_INPUT',
  ],
  [
    'the same for references',
    'query ($r: [_Any!] = []) { _entities(representations: $r) { __typename } }',
    { r: null },
    'BAD_USER_INPUT',
  ],
])('%s is the fault of the caller', async (_, query, variables, code) => {
  const { errors, upstream } = await gateway.ask(query, variables);
  expect(codes(errors)).toEqual([code]);
  expect(upstream).toEqual([]);
});

test('a directive that is wrong in one place hides nothing of the cost beside it', async () => {
  const query =
    'query ($v: Boolean = true) { backupServer { apiVersion @include(if: $v) } jobSessions(first: 200) { nodes { log { nodes { id } } } } }';
  const { errors, upstream } = await gateway.ask(query, { v: null });
  expect(errors?.[0]?.message).toMatch(/201 requests; the limit is 120/);
  expect(upstream).toEqual([]);
});

test('a thousand bad references are told within bounds', async () => {
  const { text, upstream, data, errors } = await gateway.ask(
    'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
    { r: Array(1000).fill({}) },
  );
  expect(data._entities).toHaveLength(1000);
  expect(errors).toHaveLength(101);
  expect(errors?.at(-1)?.message).toMatch(/^900 more representations/);
  expect(text.length).toBeLessThan(64 * 1024);
  expect(upstream).toEqual([]);
});

describe('HTTP', () => {
  const refusals: [string, Buffer | string, number, string][] = [
    [
      'another charset',
      request(
        'content-type: application/json; charset=utf-16le\r\n',
        Buffer.from('{"query":"{ __typename }"}', 'utf16le'),
      ),
      415,
      'UTF-8',
    ],
    ['latin-1', request('content-type: application/json; charset="ISO-8859-1"\r\n'), 415, 'UTF-8'],
    ['bytes that are no UTF-8', request(json, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400, 'UTF-8'],
    [
      'a compressed body',
      request(`${json}content-encoding: gzip\r\n`, gzipSync('{"query":"{ __typename }"}')),
      415,
      'compressed',
    ],
    ['a body that says it is', request(`${json}content-encoding: br\r\n`), 415, 'compressed'],
    ['plain text', request('content-type: text/plain\r\n'), 415, ''],
    ['a form', request('content-type: multipart/form-data; boundary=x\r\n'), 415, ''],
    ['no content type', request(''), 415, ''],
    ['300 kB', request(json, JSON.stringify({ query: '{ __typename }', x: 'y'.repeat(300_000) })), 413, ''],
    ['an array of operations', request(json, '[{"query":"{ __typename }"},{"query":"{ __typename }"}]'), 400, ''],
    ['a number', request(json, '7'), 400, ''],
    ['null', request(json, 'null'), 400, ''],
    ['nothing', request(json, ''), 400, ''],
    ['JSON deeper than can be read', request(json, '['.repeat(200_000)), 400, ''],
    ['headers of 40 kB', request(`${json}x: ${'y'.repeat(40_000)}\r\n`), 431, '32 kB'],
    ['a folded header', request(`${json}authorization: Bearer a\r\n b\r\n`), 400, ''],
    ['a line feed in a header', request(`${json}authorization: Bearer a\nX-Injected: 1\r\n`), 400, ''],
    ['a NUL in a header', request(`${json}authorization: Bearer a\u0000b\r\n`), 400, ''],
    [
      'two lengths',
      Buffer.from('POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}'),
      400,
      '',
    ],
    [
      'a length and chunks',
      Buffer.from(
        'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      ),
      400,
      '',
    ],
    ['TLS', Buffer.from('160301010001', 'hex'), 400, ''],
    [
      'a format that there is not',
      Buffer.from(request(json).toString().replace('host: x', 'host: x\r\naccept: text/html')),
      406,
      'application/json',
    ],
    [
      'another persisted query version',
      request(json, '{"query":"{ __typename }","extensions":{"persistedQuery":{"version":"1","sha256Hash":"x"}}}'),
      400,
      '',
    ],
    ['another path', Buffer.from('GET /..%2f..%2fetc HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'), 404, ''],
    ['PUT', Buffer.from('PUT /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'), 405, 'POST'],
    [
      'GET with a mutation',
      Buffer.from(
        'GET /graphql?query=mutation%7Bx%7D HTTP/1.1\r\nhost: x\r\napollo-require-preflight: 1\r\nconnection: close\r\n\r\n',
      ),
      400,
      '',
    ],
    [
      'GET as a browser sends it by itself',
      Buffer.from('GET /graphql?query=%7B__typename%7D HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'),
      400,
      '',
    ],
  ];
  test.each(refusals)('%s', async (_, text, status, word) => {
    gateway.simulator.forgetRequests();
    const answer = await converse(text);
    expect(Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1])).toBe(status);
    const { errors } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { errors: GraphError[] };
    expect(errorCodes).toContain(errors[0]?.extensions.code);
    expect(errors[0]?.extensions.requestId).toEqual(expect.any(String));
    expect(errors[0]?.message).toContain(word);
    expect(gateway.simulator.requests).toEqual([]);
  });

  test('callers that are slow are not waited for', async () => {
    const body = request(json);
    const [silent, slowHead, slowBody] = await Promise.all([
      converse('', { keepsOpen: true }),
      converse('POST /graphql HTTP/1.1\r\nhost: x\r\nx-a: b', { keepsOpen: true }),
      converse(body.subarray(0, body.length - 5), { keepsOpen: true }),
    ]);
    for (const answer of [silent, slowHead, slowBody]) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('"BAD_REQUEST"');
    }
  });

  test('more connections than there may be are closed as they come, when none is idle', async () => {
    await withGateway({}, async ({ app, url }) => {
      app.http.server.maxConnections = 2;
      const port = Number(new URL(url).port);
      const held: Socket[] = [];
      while (held.length < 2) {
        const isAsked = once(app.http.server, 'request');
        const socket = connect(port, '127.0.0.1');
        socket.write(
          'POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
        );
        held.push(socket);
        await isAsked;
      }
      const more = connect(port, '127.0.0.1');
      await new Promise((resolve) => more.on('error', () => undefined).once('close', resolve));
      expect(held.map(({ closed }) => closed)).toEqual([false, false]);
      for (const socket of held) socket.destroy();
    });
  });

  test('a federation tracing header is ignored', async () => {
    const { text } = await gateway.ask(
      '{ __typename }',
      {},
      { headers: { 'apollo-federation-include-trace': 'ftv1' } },
    );
    expect(JSON.parse(text)).toEqual({ data: { __typename: 'Query' } });
  });
});

describe('in production, an error tells nothing of the schema but what the document has', () => {
  test.each<[string, string, Record<string, unknown>]>([
    ['a field', '{ jobSesions { nodes { id } } }', {}],
    ['a type', '{ ... on Jobs { id } }', {}],
    ['an argument', '{ jobs(frist: 1) { nodes { id } } }', {}],
    ['an enum value', '{ jobSessions(filter: { statuses: [FAILD] }) { nodes { id } } }', {}],
    ['an input field', '{ jobSessions(filter: { jobid: "x" }) { nodes { id } } }', {}],
    [
      'an enum value in a variable',
      'query ($s: [JobSessionStatus!]) { jobSessions(filter: { statuses: $s }) { nodes { id } } }',
      { s: ['FAILD'] },
    ],
    [
      'an input field in a variable',
      'query ($f: JobSessionFilter) { jobSessions(filter: $f) { nodes { id } } }',
      { f: { jobid: 'x' } },
    ],
    [
      'an enum value as text',
      'query ($s: [JobSessionStatus!]) { jobSessions(filter: { statuses: $s }) { nodes { id } } }',
      { s: ['failed'] },
    ],
    ['a directive', '{ __typename @skp(if: true) }', {}],
    ['an entity', '{ _entities(representations: [{ __typename: "JobSesion", id: "x" }]) { __typename } }', {}],
  ])('%s', async (_, query, variables) => {
    const { text, errors } = await production.ask(query, variables);
    expect(errors?.length).toBeGreaterThan(0);
    const messages = (errors ?? []).map(({ message }) => message).join(' ');
    expect(messages).not.toMatch(/Did you mean|jobSessions|"JobSession"|BackupRepository|FAILED|jobId/);
    expect(text).not.toMatch(/stacktrace|node_modules/);
    const open = await gateway.ask(query, variables);
    expect(codes(open.errors)).toEqual(codes(errors));
  });
});

test('hostile values forge no line of the log, and are not in it', async () => {
  const forged = `x"}\n{"level":60,"msg":"forged"}\r\n`;
  gateway.logLines.length = 0;
  gateway.callLines.length = 0;
  await gateway.ask('query ($id: ID!) { jobSession(id: $id) { id } }', { id: forged });
  await gateway.ask(`query X${'y'.repeat(10)} { jobSession(id: ${JSON.stringify(forged)}) { id } }`);
  await gateway.ask('{ jobs { nodes { id } } }', {}, { token: 'forged-token' });
  const lines = [...gateway.logLines, ...gateway.callLines];
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.filter(({ level }) => level === 60)).toEqual([]);
  expect(JSON.stringify(lines)).not.toContain('forged');
});

test('the id of a request is in the log of each call that was made for it', async () => {
  await gateway.ask(
    `{ jobSession(id: "${SESSION}") { job { name } } }`,
    {},
    { headers: { 'x-request-id': 'dashboard-17' } },
  );
  // Lines of requests that were given up in earlier tests may still come.
  const lines = gateway.callLines.filter(({ requestId }) => requestId === 'dashboard-17');
  expect(lines).toMatchObject([
    { requestId: 'dashboard-17', resource: 'jobSession', id: SESSION, attempt: 1, status: 200 },
    { requestId: 'dashboard-17', resource: 'job', attempt: 1, status: 200 },
  ]);
  expect(Object.keys(lines[0] ?? {}).sort()).toEqual([
    'attempt',
    'bytes',
    'id',
    'level',
    'ms',
    'msg',
    'requestId',
    'resource',
    'status',
    'time',
  ]);
});
