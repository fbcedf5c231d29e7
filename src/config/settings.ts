import {
  logLevels,
  oneOf,
  readHost,
  readNames,
  readNetworks,
  readOrigins,
  readRedisUrls,
  wholeNumber,
} from './readers.js';
import { explainFingerprint, readFingerprint } from './serverFingerprint.js';

/** One setting: an environment variable and a flag for the same, and how its text is read. */
export type Setting<T> = Readonly<{
  env: string;
  flag: string;
  /** What the value is, for people. */
  expects: string;
  /** The text that is read when nothing is set; undefined when that differs by `NODE_ENV`, which `describe` then tells. */
  fallback?: string;
  describe: string;
  /** True where a value may hold a password: it is not repeated in a message. */
  isSecret?: true;
  /** Says what is wrong with a text that is no value, where more can be said than what was expected. */
  explain?: (text: string) => string;
  /** The value, or undefined when the text is none. */
  read: (text: string) => T | undefined;
}>;

const setting = <T>(definition: Setting<T>): Setting<T> => definition;

/** Every setting there is: what `--help`, `docs/configuration.md` and the messages about bad values are made of. */
export const settings = {
  serverUrl: setting({
    env: 'BACKUP_SERVER_URL',
    flag: 'server-url',
    expects:
      'an origin such as https://backup.example.com (port 4443 unless named), with a path if a proxy needs one, or "embedded"',
    describe:
      'The backup server’s REST service. Behind a reverse proxy below a path, add the path without the API version: `https://proxy.example.com:443/veeam`. Plain http is accepted on loopback only. `embedded` starts the demo server and fronts it, which is also what an unset value means, except with `NODE_ENV=production`, where it is an error.',
    read: (text) => text,
  }),
  apiVersion: setting({
    env: 'BACKUP_API_VERSION',
    flag: 'api-version',
    expects: '"auto" or a version that the gateway speaks, v2 to v8',
    fallback: 'auto',
    describe: 'The REST API version to speak; `auto` finds the newest that the server serves.',
    read: (text) => (/^(auto|v\d{1,2})$/.test(text) ? text : undefined),
  }),
  caFile: setting({
    env: 'BACKUP_SERVER_CA_FILE',
    flag: 'server-ca-file',
    expects: 'the path of a PEM file',
    describe: 'The certificate authority that signed the server’s certificate, if the system does not know it.',
    read: (text) => text,
  }),
  fingerprint: setting({
    env: 'BACKUP_SERVER_FINGERPRINT',
    flag: 'server-fingerprint',
    expects: 'a SHA-256 fingerprint: 64 hexadecimal digits; colons, blanks and a label are ignored',
    describe:
      'Accept this one certificate, whoever signed it and whatever its name: for the server’s own self-signed one. Colons, dashes, blanks, either case, and the whole line that `openssl x509 -fingerprint -sha256` prints are accepted.',
    read: readFingerprint,
    explain: explainFingerprint,
  }),
  tlsVerify: setting({
    env: 'BACKUP_SERVER_TLS_VERIFY',
    flag: 'server-tls-verify',
    expects: '"on" or "off"',
    fallback: 'on',
    describe:
      '`off` accepts any certificate, and so anybody between here and the server: for a test alone. The log warns of it at start.',
    read: oneOf('on', 'off'),
  }),
  timeoutMs: setting({
    env: 'BACKUP_TIMEOUT_MS',
    flag: 'timeout-ms',
    expects: 'a whole number from 100 to 600000',
    fallback: '8000',
    describe: 'Milliseconds in which the server must have answered one request to its last byte.',
    read: wholeNumber(100, 600_000),
  }),
  maxBodyBytes: setting({
    env: 'BACKUP_MAX_BODY_BYTES',
    flag: 'max-body-bytes',
    expects: 'a whole number from 1024 to 524288000',
    fallback: String(32 * 1024 * 1024),
    describe:
      'The longest answer of the server that is read. Session lists of API v2 to v4 come whole: about 700 bytes a session of the demo server.',
    read: wholeNumber(1024, 500 * 1024 ** 2), // beyond it no text can be as long,
  }),
  maxConcurrency: setting({
    env: 'BACKUP_MAX_CONCURRENCY',
    flag: 'max-concurrency',
    expects: 'a whole number from 1 to 256',
    fallback: '16',
    describe: 'How many requests one operation may have in flight at the server.',
    read: wholeNumber(1, 256),
  }),
  maxInFlight: setting({
    env: 'BACKUP_MAX_IN_FLIGHT',
    flag: 'max-in-flight',
    expects: 'a whole number from 8 to 4096',
    fallback: '512',
    describe:
      'How many requests all callers together may have in flight at the server. One token gets three quarters of them at most; what an operation sends at once, beside its first request, three eighths (one token: one eighth). Tokens that the server has not accepted in the last 30 minutes get half of them at most, all together, and come after those that it has.',
    read: wholeNumber(8, 4096),
  }),
  maxWaiting: setting({
    env: 'BACKUP_MAX_WAITING',
    flag: 'max-waiting',
    expects: 'a whole number from 0 to 100000',
    fallback: '2000',
    describe:
      'How many operations may wait for one more of those places (of one token, three quarters of that; of all tokens that the server has not accepted lately, three quarters, and half of one of them). Others that have none are refused: `OVERLOADED`, HTTP 503.',
    read: wholeNumber(0, 100_000),
  }),
  maxRequests: setting({
    env: 'BACKUP_MAX_REQUESTS',
    flag: 'max-requests',
    expects: 'a whole number from 1 to 10000',
    fallback: '120',
    describe:
      'How many requests one operation may cost the server. One that can cost more is refused: `QUERY_TOO_COMPLEX`.',
    read: wholeNumber(1, 10_000),
  }),
  probeSeconds: setting({
    env: 'BACKUP_PROBE_SECONDS',
    flag: 'probe-seconds',
    expects: 'a whole number from 0 to 3600',
    fallback: '60',
    describe:
      'After how many seconds in which nobody asked the server it is asked for a sign of life, without a token, so that `/readyz`, the log and the metrics tell that it is away, or which certificate it has, before a caller finds out. Once at start; 0 for never.',
    read: wholeNumber(0, 3600),
  }),
  operationTimeoutMs: setting({
    env: 'OPERATION_TIMEOUT_MS',
    flag: 'operation-timeout-ms',
    expects: 'a whole number from 100 to 600000',
    fallback: '10000',
    describe:
      'Milliseconds in which an operation is answered, further attempts included. Fields that the server has not answered by then are `UPSTREAM_TIMEOUT`.',
    read: wholeNumber(100, 600_000),
  }),
  scanLimitRows: setting({
    env: 'BACKUP_SCAN_LIMIT_ROWS',
    flag: 'scan-limit-rows',
    expects: 'a whole number from 1000 to 1000000',
    fallback: '5000',
    describe:
      'How many rows of a list are looked through in vain for one connection, where the server cannot filter or order them itself.',
    read: wholeNumber(1000, 1_000_000),
  }),
  sharing: setting({
    env: 'SHARING',
    flag: 'sharing',
    expects: '"on" or "off"',
    fallback: 'on',
    describe:
      'Whether operations of one token share requests that are in flight, and what the server has told of jobs, organizations, repositories, proxies and the logs of finished sessions. Every operation still asks the server with its own token first.',
    read: oneOf('on', 'off'),
  }),
  sharingMaxAgeSeconds: setting({
    env: 'SHARING_MAX_AGE_SECONDS',
    flag: 'sharing-max-age-seconds',
    expects: 'a whole number from 1 to 3600',
    fallback: '30',
    describe:
      'How old a job, organization, repository or proxy may be that is shared, and the log of a session that has just ended. Logs of sessions that ended ten minutes ago or earlier are shared as long as there is room.',
    read: wholeNumber(1, 3600),
  }),
  sharingMaxBytes: setting({
    env: 'SHARING_MAX_BYTES',
    flag: 'sharing-max-bytes',
    expects: 'a whole number from 1048576 to 4294967296',
    fallback: String(16 * 1024 * 1024),
    describe: 'About how much memory all that is shared may take; what was used least recently goes first.',
    read: wholeNumber(1024 ** 2, 4 * 1024 ** 3),
  }),
  host: setting({
    env: 'HOST',
    flag: 'host',
    expects: 'an address or host name to listen on',
    fallback: '127.0.0.1',
    describe: 'The address to listen on; `0.0.0.0` for all, as the container image sets it.',
    read: readHost,
  }),
  port: setting({
    env: 'PORT',
    flag: 'port',
    expects: 'a whole number from 0 to 65535',
    fallback: '4000',
    describe: 'The TCP port to listen on; 0 for any that is free.',
    read: wholeNumber(0, 65_535),
  }),
  maxConnections: setting({
    env: 'MAX_CONNECTIONS',
    flag: 'max-connections',
    expects: 'a whole number from 1 to 65535',
    fallback: '4096',
    describe:
      'How many connections callers may have open. At that number the one idle for the longest is closed for a new one; while none is idle, new ones are closed as they come.',
    read: wholeNumber(1, 65_535),
  }),
  rateLimitPerToken: setting({
    env: 'RATE_LIMIT_PER_TOKEN',
    flag: 'rate-limit-per-token',
    expects: 'a whole number from 1 to 1000000',
    describe:
      'How many requests a minute one bearer token may send; more are refused: `RATE_LIMITED`, HTTP 429. With `REDIS_URL` all instances count together. Unset, any number.',
    read: wholeNumber(1, 1_000_000),
  }),
  rateLimitPerAddress: setting({
    env: 'RATE_LIMIT_PER_ADDRESS',
    flag: 'rate-limit-per-address',
    expects: 'a whole number from 1 to 1000000',
    describe:
      'The same for one address, or one network of IPv6 (/64). Behind a proxy it counts callers only with `TRUSTED_PROXIES`, else the proxy.',
    read: wholeNumber(1, 1_000_000),
  }),
  trustedProxies: setting({
    env: 'TRUSTED_PROXIES',
    flag: 'trusted-proxies',
    expects: 'addresses or networks such as 10.0.0.0/8, with commas between them',
    describe:
      'Whose `X-Forwarded-For` is believed: the proxies and load balancers in front. Unset, the address is that of the connection.',
    read: readNetworks,
  }),
  redisUrl: setting({
    env: 'REDIS_URL',
    flag: 'redis-url',
    expects: 'redis://user:password@host:6379, or rediss:// for TLS; several of one cluster with commas between them',
    isSecret: true,
    describe:
      'A Redis or Valkey that instances share: persisted queries, counts of `RATE_LIMIT_…`, logs of finished sessions. What is in it is encrypted with a key made of the caller’s own token. Without it, or while it is away, each instance has its own. Better set in the environment than as a flag, as it may hold a password.',
    read: readRedisUrls,
  }),
  redisCluster: setting({
    env: 'REDIS_CLUSTER',
    flag: 'redis-cluster',
    expects: '"on" or "off"',
    fallback: 'off',
    describe: 'Whether `REDIS_URL` names nodes of a cluster.',
    read: oneOf('on', 'off'),
  }),
  redisCaFile: setting({
    env: 'REDIS_CA_FILE',
    flag: 'redis-ca-file',
    expects: 'the path of a PEM file',
    describe: 'The certificate authority that signed the certificate of Redis, if the system does not know it.',
    read: (text) => text,
  }),
  redisTimeoutMs: setting({
    env: 'REDIS_TIMEOUT_MS',
    flag: 'redis-timeout-ms',
    expects: 'a whole number from 5 to 5000',
    fallback: '100',
    describe: 'Milliseconds after which an operation goes on without an answer of Redis.',
    read: wholeNumber(5, 5000),
  }),
  metricsPort: setting({
    env: 'METRICS_PORT',
    flag: 'metrics-port',
    expects: 'a whole number from 0 to 65535',
    describe:
      'The port of the operators’ listener: `GET /metrics` for Prometheus, the probes `/livez` and `/readyz`, and `/log-level`. Never the public one; 0 for any that is free. Unset, there is none.',
    read: wholeNumber(0, 65_535),
  }),
  metricsHost: setting({
    env: 'METRICS_HOST',
    flag: 'metrics-host',
    expects: 'an address or host name to listen on',
    fallback: '127.0.0.1',
    describe: 'The address of the operators’ listener; `0.0.0.0` for all, as the container image sets it.',
    read: readHost,
  }),
  metricsOperations: setting({
    env: 'METRICS_OPERATIONS',
    flag: 'metrics-operations',
    expects: 'at most 200 names of operations, with commas between them',
    describe:
      'The operations that metrics tell apart by name, beside those of `TRUSTED_DOCUMENTS_FILE`; all others are `other`.',
    read: readNames,
  }),
  corsOrigins: setting({
    env: 'CORS_ALLOWED_ORIGINS',
    flag: 'cors-allowed-origins',
    expects: 'origins such as https://portal.example.com, with commas between them, or "none"',
    describe:
      'Whose pages may ask this gateway from a browser. Unset, it is `https://studio.apollographql.com` (Apollo Sandbox), or `none` with `NODE_ENV=production`. In front of the embedded demo server, pages of `localhost`, `127.0.0.1` and `[::1]` may ask as well.',
    read: readOrigins,
  }),
  introspection: setting({
    env: 'GRAPHQL_INTROSPECTION',
    flag: 'introspection',
    expects: '"on" or "off"',
    describe:
      'Whether the schema can be asked for, `_service { sdl }` included. Unset, it is `on`, or `off` with `NODE_ENV=production`.',
    read: oneOf('on', 'off'),
  }),
  explorer: setting({
    env: 'EXPLORER',
    flag: 'explorer',
    expects: '"on" or "off"',
    describe:
      'Whether `GET /` is an explorer of the graph for the browser. Unset, it is `on`, or `off` with `NODE_ENV=production`.',
    read: oneOf('on', 'off'),
  }),
  trustedDocuments: setting({
    env: 'TRUSTED_DOCUMENTS_FILE',
    flag: 'trusted-documents-file',
    expects: 'the path of a manifest that @apollo/generate-persisted-query-manifest wrote',
    describe:
      'The only operations that are run, by their id or exact text; anything else is refused, introspection and federation included: `DOCUMENT_NOT_TRUSTED`. Read at start. Unset, any operation is run.',
    read: (text) => text,
  }),
  federatedTracing: setting({
    env: 'FEDERATED_TRACING',
    flag: 'federated-tracing',
    expects: '"on" or "off"',
    fallback: 'off',
    describe:
      'Whether an operation with the header `apollo-federation-include-trace: ftv1` is answered with a trace of its fields, for the gateway of a supergraph. Whoever sends the header gets one.',
    read: oneOf('on', 'off'),
  }),
  statisticsTypeName: setting({
    env: 'GRAPHQL_STATISTICS_TYPE',
    flag: 'statistics-type',
    expects: "a type's name that the schema does not have, such as BackupStatistics",
    fallback: 'Statistics',
    describe:
      'What the type `Statistics` is named: for a supergraph in which another subgraph has a type of that name.',
    read: (text) => (/^[A-Z][A-Za-z0-9]{0,79}$/.test(text) ? text : undefined),
  }),
  upstreamExtension: setting({
    env: 'UPSTREAM_EXTENSION',
    flag: 'upstream-extension',
    expects: '"on" or "off"',
    describe:
      'Whether answers say what they cost: `extensions.upstream`, the requests to the server with their durations. Unset, it is `on`, or `off` with `NODE_ENV=production`.',
    read: oneOf('on', 'off'),
  }),
  logLevel: setting({
    env: 'LOG_LEVEL',
    flag: 'log-level',
    expects: '"trace", "debug", "info", "warn", "error", "fatal" or "silent"',
    fallback: 'info',
    describe: 'The least that is logged. `PUT /log-level` of the operators’ listener changes it while it runs.',
    read: oneOf(...logLevels),
  }),
  logFormat: setting({
    env: 'LOG_FORMAT',
    flag: 'log-format',
    expects: '"json" or "pretty"',
    describe:
      'One JSON object a line, or lines for people. Unset, it is `pretty` on a terminal and `json` elsewhere, or `json` with `NODE_ENV=production`.',
    read: oneOf('json', 'pretty'),
  }),
} as const;

export type SettingName = keyof typeof settings;
export type SettingValue<N extends SettingName> = (typeof settings)[N] extends Setting<infer T> ? T : never;
