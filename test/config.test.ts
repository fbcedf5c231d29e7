import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { loadConfig } from '../src/config/load.js';
import { renderHelp } from '../src/config/print.js';
import { ConfigError } from '../src/config/problems.js';
import { settings } from '../src/config/settings.js';
import { versions } from '../src/upstream/versions/index.js';

const names = versions.map(({ name }) => name);
const load = (env: Record<string, string>, argv: string[] = []) => loadConfig(env, argv, names);
const problems = (env: Record<string, string>, argv: string[] = []): readonly string[] => {
  try {
    load(env, argv);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

test('with nothing set, the embedded server is fronted, on loopback', () => {
  expect(load({}).config).toEqual({
    server: null,
    apiVersion: 'auto',
    timeoutMs: 8000,
    maxBodyBytes: 33_554_432,
    maxConcurrency: 16,
    maxInFlight: 512,
    maxWaiting: 2000,
    maxRequests: 120,
    operationTimeoutMs: 10_000,
    probeMs: 60_000,
    maxConnections: 4096,
    scanLimitRows: 5000,
    sharing: { isOn: true, maxAgeMs: 30_000, maxBytes: 16_777_216 },
    host: '127.0.0.1',
    port: 4000,
    rateLimits: { perToken: null, perAddress: null },
    trustedProxies: [],
    redis: null,
    metrics: null,
    metricsOperations: [],
    tracing: null,
    introspection: true,
    explorer: true,
    upstreamExtension: true,
    corsOrigins: ['https://studio.apollographql.com'],
    trustedDocuments: null,
    federatedTracing: false,
    statisticsTypeName: 'Statistics',
    logLevel: 'info',
    logFormat: null,
  });
});

test('in production a server must be named, and introspection and the explorer are off', () => {
  expect(problems({ NODE_ENV: 'production' })).toEqual([expect.stringContaining('BACKUP_SERVER_URL must be set')]);
  expect(load({ NODE_ENV: 'production', BACKUP_SERVER_URL: 'embedded' }).config).toMatchObject({
    server: null,
    introspection: false,
    explorer: false,
    upstreamExtension: false,
    logFormat: 'json',
    corsOrigins: [],
  });
  expect(
    load({ NODE_ENV: 'production', BACKUP_SERVER_URL: 'embedded', GRAPHQL_INTROSPECTION: 'on', EXPLORER: 'on' }).config,
  ).toMatchObject({ introspection: true, explorer: true });
  expect(load({ EXPLORER: 'off' }).config).toMatchObject({ introspection: true, explorer: false });
});

describe('what instances share, and who is told of it', () => {
  test('one server of Redis, or the nodes of a cluster', () => {
    expect(load({ REDIS_URL: 'rediss://gateway:secret@redis.example.com:6380/1' }).config.redis).toEqual({
      urls: ['rediss://gateway:secret@redis.example.com:6380/1'],
      isCluster: false,
      ca: null,
      timeoutMs: 100,
    });
    const cluster = { REDIS_URL: 'redis://a:1, redis://b:2', REDIS_CLUSTER: 'on', REDIS_TIMEOUT_MS: '50' };
    expect(load(cluster).config.redis).toMatchObject({
      urls: ['redis://a:1', 'redis://b:2'],
      isCluster: true,
      timeoutMs: 50,
    });
  });

  test.each([
    ['redis.example.com'],
    ['http://:secret@host'],
    ['redis://a:secret@h/x'],
    ['redis://'],
    ['redis://a,secret'],
    ['redis://u:secret%zz@h'],
    ['redis://u:secret%@h'],
    ['redis://u:secret%ff@h'],
    ['redis://u:secret?x@h'],
    ['redis://u:1/secret@h'],
    ['redis://a,redis://secret/1'],
    ['redis://u:1#secret@h'],
    ['rediss://a,redis://secret'],
  ])('REDIS_URL=%s is refused, and not repeated', (url) => {
    const [problem = '', ...others] = problems({ REDIS_URL: url });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^REDIS_URL must be redis:.*; it is something else$/);
    expect(problem).not.toContain('secret');
  });

  test.each<[string, Parameters<typeof problems>]>([
    ['as a command', [{}, ['redis://u:secret@h']]],
    ['as a command, with blanks and slashes in it', [{}, ['redis://u:1/2 secret@h']]],
    ['as an option', [{}, ['--redis://u:secret@h']]],
    ['as a switch', [{}, ['--redis-cluster', 'redis://u:secret@h']]],
    ['as a switch, with an @ and a slash in it', [{ REDIS_CLUSTER: 'redis://u:1@/secret@h' }]],
    ['as a version', [{ BACKUP_API_VERSION: 'redis://u:secret@h' }]],
    ['as an address', [{ HOST: 'redis://u:secret@h' }]],
  ])('a password that stands where none belongs is not repeated: %s', (_, given) => {
    const found = problems(...given).join();
    expect(found).toContain('redis://***@h');
    expect(found).not.toContain('secret');
  });

  test('settings of Redis that say nothing together', () => {
    expect(problems({ REDIS_CLUSTER: 'on' })).toEqual(['REDIS_URL must be set where other settings of Redis are']);
    expect(problems({ REDIS_URL: 'redis://a,redis://b' })).toEqual([
      'REDIS_URL names 2 servers, which is for REDIS_CLUSTER=on',
    ]);
  });

  test('metrics have a port of their own', () => {
    expect(load({ METRICS_PORT: '9464', METRICS_OPERATIONS: 'LastNight, One' }).config).toMatchObject({
      metrics: { host: '127.0.0.1', port: 9464 },
      metricsOperations: ['LastNight', 'One'],
    });
    expect(problems({ METRICS_PORT: '4000' })).toEqual([
      'METRICS_PORT must be another port than PORT: metrics are not for callers',
    ]);
    expect(problems({ METRICS_OPERATIONS: 'a b' })).toHaveLength(1);
  });

  test('limits of rates, and the proxies in front', () => {
    const env = { RATE_LIMIT_PER_TOKEN: '600', TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8, 192.0.2.7' };
    expect(load(env).config).toMatchObject({
      rateLimits: { perToken: 600, perAddress: null },
      trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'],
    });
    for (const text of ['0.0.0.0/0', '10.0.0.0/33', 'fd00::/129', 'proxy', '10.0.0.0/8/8', '10.0.0.0/'])
      expect(problems({ TRUSTED_PROXIES: text })).toHaveLength(1);
  });
});

describe('BACKUP_SERVER_URL', () => {
  test.each([
    ['https://backup.example.com', 'https://backup.example.com:4443'],
    ['https://backup.example.com/', 'https://backup.example.com:4443'],
    ['https://backup.example.com:443', 'https://backup.example.com:443'],
    [' https://backup.example.com:443\n', 'https://backup.example.com:443'],
    ['https://Backup.Example.com:9419', 'https://backup.example.com:9419'],
    ['https://[2001:db8::1]', 'https://[2001:db8::1]:4443'],
    ['https://[2001:db8::1]:443', 'https://[2001:db8::1]:443'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://127.0.0.1', 'http://127.0.0.1:80'],
    ['http://[::1]:99', 'http://[::1]:99'],
  ])('%s is %s', (url, origin) => {
    expect(load({ BACKUP_SERVER_URL: url }).config.server).toEqual({ origin, trust: { by: 'system' } });
  });

  test.each([
    ['backup.example.com', 'https://'],
    ['ftp://backup.example.com', 'https://'],
    ['http://backup.example.com', 'clear text'],
    ['http://127.0.0.1.example.com', 'clear text'],
    ['https://backup.example.com/v8', 'origin alone'],
    ['https://backup.example.com?x', 'origin alone'],
    ['https://backup.example.com#x', 'origin alone'],
    ['https://', 'not a URL'],
    ['https://backup.example.com:99999', 'not a URL'],
    ['https://backup.example.com:0', 'port 0'],
    ['https://backup.example.com/..', 'origin alone'],
    ['https://backup.example.com//', 'origin alone'],
    ['https:backup.example.com', 'written as'],
    ['https:///backup.example.com', 'written as'],
    ['https:\\\\backup.example.com', 'written as'],
    ['https://backup.example.com\\v8', 'origin alone'],
    ['https://backup.exa\nmple.com', 'blanks or control characters'],
    ['https://backup example.com', 'blanks or control characters'],
    ['https://*', 'name a host'],
    ['https://..', 'name a host'],
    ['https://-backup-', 'name a host'],
    ['https://[::1', 'not a URL'],
    ['file:///etc/passwd', 'https://'],
    ['http://localhost:4000', 'this gateway itself'],
  ])('%s is refused: %s', (url, reason) => {
    expect(problems({ BACKUP_SERVER_URL: url })).toEqual([expect.stringContaining(reason)]);
  });

  test('a password in it is refused, and not repeated', () => {
    const [problem] = problems({ BACKUP_SERVER_URL: 'https://admin:hunter2@backup.example.com' });
    expect(problem).toContain('user or password');
    expect(problem).not.toContain('hunter2');
  });
});

describe('trust', () => {
  const url = { BACKUP_SERVER_URL: 'https://backup.example.com' };
  const hex = 'ab'.repeat(32);

  test('by fingerprint, however it is written', () => {
    const sha256 = 'AB:'.repeat(32).slice(0, -1);
    for (const text of [hex, sha256, hex.toUpperCase()]) {
      expect(load({ ...url, BACKUP_SERVER_FINGERPRINT: text }).config.server?.trust).toEqual({
        by: 'fingerprint',
        sha256,
      });
    }
    expect(problems({ ...url, BACKUP_SERVER_FINGERPRINT: 'abc' })).toEqual([expect.stringContaining('SHA-256')]);
  });

  test('by an authority’s file', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'ca.pem');
    expect(problems({ ...url, BACKUP_SERVER_CA_FILE: file })).toEqual([expect.stringContaining('ENOENT')]);
    writeFileSync(file, 'not a certificate');
    expect(problems({ ...url, BACKUP_SERVER_CA_FILE: file })).toEqual([
      expect.stringContaining('no certificate in it'),
    ]);
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n');
    expect(problems({ ...url, BACKUP_SERVER_CA_FILE: file })).toEqual([
      expect.stringContaining('no certificate in it'),
    ]);
    writeFileSync(
      file,
      (await generate([{ name: 'commonName', value: 'Example CA' }], { keyType: 'ec', algorithm: 'sha256' })).cert,
    );
    expect(load({ ...url, BACKUP_SERVER_CA_FILE: file }).config.server?.trust).toMatchObject({ by: 'ca' });
  });

  test('by nothing; and only one way at a time, and not of the embedded server', () => {
    expect(load({ ...url, BACKUP_SERVER_TLS_VERIFY: 'off' }).config.server?.trust).toEqual({ by: 'nothing' });
    expect(problems({ ...url, BACKUP_SERVER_TLS_VERIFY: 'off', BACKUP_SERVER_FINGERPRINT: hex })).toEqual([
      expect.stringContaining('exclude each other'),
    ]);
    expect(problems({ BACKUP_SERVER_FINGERPRINT: hex })).toEqual([expect.stringContaining('embedded one')]);
  });
});

test('one error lists every problem, with what was expected and what came', () => {
  const found = problems({
    BACKUP_SERVER_URL: 'nonsense',
    PORT: '70000',
    BACKUP_API_VERSION: 'v9',
    LOG_LEVEL: 'loud',
    GRAPHQL_INTROSPECTION: 'yes',
    BACKUP_TIMEOUT_MS: '-1',
  });
  expect(found).toHaveLength(6);
  expect(found).toContainEqual('PORT must be a whole number from 0 to 65535; got "70000"');
  expect(found).toContainEqual(expect.stringMatching(/^BACKUP_API_VERSION must be .* got "v9"$/));
});

describe('whose pages may ask', () => {
  const of = (CORS_ALLOWED_ORIGINS: string, more = {}) => load({ CORS_ALLOWED_ORIGINS, ...more }).config.corsOrigins;

  test('origins as browsers send them, or none', () => {
    expect(of('https://a.example.com, http://localhost:3000')).toEqual([
      'https://a.example.com',
      'http://localhost:3000',
    ]);
    expect(of('none')).toEqual([]);
    const production = { NODE_ENV: 'production', BACKUP_SERVER_URL: 'https://backup.example.com' };
    expect(of('https://a.example.com', production)).toEqual(['https://a.example.com']);
    expect(of('', production)).toEqual([]);
  });

  test.each([
    '*',
    'https://*.example.com',
    'a.example.com',
    'https://a.example.com/',
    'https://A.example.com',
    'null',
    'file://',
    'https://a.example.com,',
  ])('no list of origins: %s', (text) => {
    expect(problems({ CORS_ALLOWED_ORIGINS: text })).toEqual([expect.stringContaining(`got "${text}"`)]);
  });
});

test('flags say the same, and go first', () => {
  expect(load({ PORT: '1' }, ['--port', '2', '--api-version=v3']).config).toMatchObject({ port: 2, apiVersion: 'v3' });
  expect(problems({}, ['--port', 'x'])).toEqual(['--port must be a whole number from 0 to 65535; got "x"']);
  expect(problems({}, ['--colour'])).toEqual([expect.stringContaining('--colour')]);
  expect(problems({}, ['dance'])).toEqual([expect.stringContaining('"dance" is not a command')]);
  expect(load({ PORT: '' }).config.port).toBe(4000); // an empty variable is an unset one
});

test('the demo server alone has the product’s port', () => {
  expect(load({}, ['simulator'])).toMatchObject({ command: 'simulator', config: { port: 4443 } });
  expect(load({ NODE_ENV: 'production' }, ['simulator', '--port', '0'])).toMatchObject({
    command: 'simulator',
    config: { port: 0 },
  });
});

test('help lists every setting, and is given whatever else is wrong', () => {
  expect(load({ PORT: 'x' }, ['--help']).command).toBe('help');
  for (const { env, flag } of Object.values(settings)) {
    expect(renderHelp()).toContain(env);
    expect(renderHelp()).toContain(`--${flag}`);
  }
});
