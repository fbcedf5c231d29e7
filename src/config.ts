import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Trust } from './upstream/tls.js';

/** One setting: an environment variable and a flag for the same, and how its text is read. */
type Setting<T> = Readonly<{
  env: string;
  flag: string;
  /** What the value is, for people. */
  expects: string;
  /** The text that is read when nothing is set; undefined when that differs by `NODE_ENV`, which `describe` then tells. */
  fallback?: string;
  describe: string;
  /** The value, or undefined when the text is none. */
  read: (text: string) => T | undefined;
}>;

const oneOf =
  <const Choices extends readonly string[]>(...choices: Choices) =>
  (text: string): Choices[number] | undefined =>
    choices.find((choice) => choice === text);

const wholeNumber =
  (least: number, most: number) =>
  (text: string): number | undefined =>
    /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined;

const setting = <T>(definition: Setting<T>): Setting<T> => definition;

/** Every setting there is: what `--help`, `docs/configuration.md` and the messages about bad values are made of. */
export const settings = {
  serverUrl: setting({
    env: 'BACKUP_SERVER_URL',
    flag: 'server-url',
    expects: 'an origin such as https://backup.example.com (port 4443 unless named), or "embedded"',
    describe:
      'The backup server’s REST service. Plain http is accepted on loopback only. `embedded` starts the demo server and fronts it, which is also what an unset value means, except with `NODE_ENV=production`, where it is an error.',
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
    expects: 'a SHA-256 fingerprint, 64 hexadecimal digits with or without colons',
    describe: 'Accept this one certificate, whoever signed it and whatever its name: for the server’s own self-signed one.',
    read: (text) => {
      const digits = text.replaceAll(':', '').toUpperCase();
      return /^[0-9A-F]{64}$/.test(digits) ? (digits.match(/../g) ?? []).join(':') : undefined;
    },
  }),
  tlsVerify: setting({
    env: 'BACKUP_SERVER_TLS_VERIFY',
    flag: 'server-tls-verify',
    expects: '"on" or "off"',
    fallback: 'on',
    describe: '`off` accepts any certificate, and so anybody between here and the server: for a test alone. The log warns of it at start.',
    read: oneOf('on', 'off'),
  }),
  timeoutMs: setting({
    env: 'BACKUP_TIMEOUT_MS',
    flag: 'timeout-ms',
    expects: 'a whole number from 100 to 600000',
    fallback: '10000',
    describe: 'Milliseconds in which the server must have answered one request to its last byte.',
    read: wholeNumber(100, 600_000),
  }),
  maxBodyBytes: setting({
    env: 'BACKUP_MAX_BODY_BYTES',
    flag: 'max-body-bytes',
    expects: 'a whole number from 1024 to 1073741824',
    fallback: String(32 * 1024 * 1024),
    describe: 'The longest answer of the server that is read. Session lists of API v2 to v4 come whole: about 600 bytes a session.',
    read: wholeNumber(1024, 1024 ** 3),
  }),
  maxConcurrency: setting({
    env: 'BACKUP_MAX_CONCURRENCY',
    flag: 'max-concurrency',
    expects: 'a whole number from 1 to 256',
    fallback: '16',
    describe: 'How many requests one operation may have in flight at the server.',
    read: wholeNumber(1, 256),
  }),
  scanLimitRows: setting({
    env: 'BACKUP_SCAN_LIMIT_ROWS',
    flag: 'scan-limit-rows',
    expects: 'a whole number from 1000 to 1000000',
    fallback: '5000',
    describe: 'How many rows of a list are looked through in vain for one connection, where the server cannot filter or order them itself.',
    read: wholeNumber(1000, 1_000_000),
  }),
  host: setting({
    env: 'HOST',
    flag: 'host',
    expects: 'an address or host name to listen on',
    fallback: '127.0.0.1',
    describe: 'The address to listen on; `0.0.0.0` for all, as the container image sets it.',
    read: (text) => (/^[\w.:-]{1,255}$/.test(text) ? text : undefined),
  }),
  port: setting({
    env: 'PORT',
    flag: 'port',
    expects: 'a whole number from 0 to 65535',
    fallback: '4000',
    describe: 'The TCP port to listen on; 0 for any that is free.',
    read: wholeNumber(0, 65_535),
  }),
  introspection: setting({
    env: 'GRAPHQL_INTROSPECTION',
    flag: 'introspection',
    expects: '"on" or "off"',
    describe: 'Whether the schema can be asked for, `_service { sdl }` included. Unset, it is `on`, or `off` with `NODE_ENV=production`.',
    read: oneOf('on', 'off'),
  }),
  logLevel: setting({
    env: 'LOG_LEVEL',
    flag: 'log-level',
    expects: '"trace", "debug", "info", "warn", "error", "fatal" or "silent"',
    fallback: 'info',
    describe: 'The least that is logged.',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  }),
} as const;

type Name = keyof typeof settings;
type Value<N extends Name> = (typeof settings)[N] extends Setting<infer T> ? T : never;

export type Config = Readonly<{
  /** The server's origin and how to trust it; null for the embedded one. */
  server: Readonly<{ origin: string; trust: Trust }> | null;
  apiVersion: string;
  timeoutMs: number;
  maxBodyBytes: number;
  maxConcurrency: number;
  scanLimitRows: number;
  host: string;
  port: number;
  introspection: boolean;
  logLevel: string;
}>;

export type Command = 'serve' | 'simulator' | 'help' | 'version';

/** The product's own default, for the demo server when it is started alone. */
const SIMULATOR_PORT = 4443;

/** Everything that is wrong with a configuration, at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** An origin that requests can go to, or what is wrong with the text. The text may hold a password, so it is not repeated. */
function readOrigin(text: string): { origin: string } | { problem: string } {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { problem: 'is not a URL' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { problem: 'must begin with https://' };
  if (url.username !== '' || url.password !== '') return { problem: 'must not hold a user or password: callers bring their own token' };
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || /[?#]$/.test(text)) {
    return { problem: 'must be an origin alone, without a path, query or fragment' };
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return { problem: 'must begin with https://, as tokens would cross the network in clear text (http is for loopback)' };
  }
  // URL drops a port that is the scheme's own, so whether 443 was named is in the text alone.
  const namesPort = /^https?:\/\/[^/]*:\d+\/?$/i.test(text);
  const port = url.port !== '' ? url.port : url.protocol === 'http:' ? '80' : namesPort ? '443' : '4443';
  return { origin: `${url.protocol}//${url.hostname}:${port}` };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}

/** What a thrown thing says of itself. */
function textOf(error: unknown, property: 'message' | 'code'): string | undefined {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, property) : undefined;
  return typeof value === 'string' ? value : undefined;
}

/** Reads the command line alone: which command, and which settings its flags give. */
function readCommandLine(argv: readonly string[], problems: string[]): { command: Command; flags: Record<string, string> } {
  const options = Object.fromEntries(Object.values(settings).map(({ flag }) => [flag, { type: 'string' } as const]));
  try {
    const parsed = parseArgs({
      args: [...argv],
      options: { ...options, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
      allowPositionals: true,
    });
    const values: Readonly<Record<string, unknown>> = parsed.values;
    const { positionals } = parsed;
    const [word, ...more] = positionals;
    if ((word !== undefined && word !== 'simulator') || more.length > 0) {
      problems.push(`"${positionals.join(' ')}" is not a command: there is "simulator", or none to start the gateway`);
    }
    const flags = Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
    return { command: values['help'] === true ? 'help' : values['version'] === true ? 'version' : word === 'simulator' ? 'simulator' : 'serve', flags };
  } catch (error) {
    problems.push(textOf(error, 'message') ?? 'the command line cannot be read');
    return { command: 'serve', flags: {} };
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The command and the configuration, or one `ConfigError` that lists every problem. Flags go before environment variables.
 * `apiVersions` are the names of the versions that the gateway speaks.
 */
export function loadConfig(
  env: Environment,
  argv: readonly string[],
  apiVersions: readonly string[],
): { command: Command; config: Config } {
  const problems: string[] = [];
  const { command, flags } = readCommandLine(argv, problems);
  const isProduction = env['NODE_ENV'] === 'production';

  /** The value of a setting; undefined when it is not set, or is no value. */
  function read<N extends Name>(name: N): Value<N> | undefined {
    const { env: variable, flag, expects, fallback, read: readText } = settings[name] as Setting<Value<N>>;
    const given = (flags[flag] ?? env[variable])?.trim();
    const text = given === undefined || given === '' ? fallback : given;
    if (text === undefined) return undefined;
    const value = readText(text);
    if (value === undefined) problems.push(`${flag in flags ? `--${flag}` : variable} must be ${expects}; got ${JSON.stringify(text)}`);
    return value;
  }

  /** Which certificate to accept: exactly one way. */
  function readTrust(): Trust {
    const fingerprint = read('fingerprint');
    const caFile = read('caFile');
    const isOff = read('tlsVerify') === 'off';
    const given = [
      fingerprint === undefined ? undefined : settings.fingerprint.env,
      caFile === undefined ? undefined : settings.caFile.env,
      isOff ? `${settings.tlsVerify.env}=off` : undefined,
    ].filter((name) => name !== undefined);
    if (given.length > 1) problems.push(`${given.join(' and ')} exclude each other: keep one`);
    if (isOff) return { by: 'nothing' };
    if (fingerprint !== undefined) return { by: 'fingerprint', sha256: fingerprint };
    if (caFile === undefined) return { by: 'system' };
    try {
      const pem = readFileSync(caFile, 'utf8');
      if (!isCertificate(pem)) problems.push(`${settings.caFile.env} must be ${settings.caFile.expects}; there is no certificate in it`);
      return { by: 'ca', pem };
    } catch (error) {
      problems.push(`${settings.caFile.env} must be ${settings.caFile.expects}; it cannot be read (${textOf(error, 'code') ?? 'unknown'})`);
      return { by: 'system' };
    }
  }

  function readServer(): Config['server'] {
    const trust = readTrust();
    const url = read('serverUrl');
    if (url === undefined && isProduction && command === 'serve') {
      problems.push(`${settings.serverUrl.env} must be set with NODE_ENV=production: ${settings.serverUrl.expects}`);
    }
    if (url === undefined || url === 'embedded') {
      if (trust.by !== 'system') problems.push('how to trust a certificate is set, but no server: the embedded one is always pinned');
      return null;
    }
    const result = readOrigin(url);
    if ('origin' in result) return { origin: result.origin, trust };
    problems.push(`${settings.serverUrl.env} must be ${settings.serverUrl.expects}; it ${result.problem}`);
    return null;
  }

  function readApiVersion(): string {
    const name = read('apiVersion') ?? 'auto';
    if (name !== 'auto' && !apiVersions.includes(name)) {
      problems.push(`${settings.apiVersion.env} must be ${settings.apiVersion.expects}; got ${JSON.stringify(name)}`);
    }
    return name;
  }

  const introspection = read('introspection');
  const config: Config = Object.freeze({
    server: readServer(),
    apiVersion: readApiVersion(),
    timeoutMs: read('timeoutMs') ?? 0,
    maxBodyBytes: read('maxBodyBytes') ?? 0,
    maxConcurrency: read('maxConcurrency') ?? 0,
    scanLimitRows: read('scanLimitRows') ?? 0,
    host: read('host') ?? '',
    port: command === 'simulator' && flags['port'] === undefined && !env['PORT'] ? SIMULATOR_PORT : (read('port') ?? 0),
    introspection: introspection === undefined ? !isProduction : introspection === 'on',
    logLevel: read('logLevel') ?? 'info',
  });
  if (problems.length > 0 && command !== 'help' && command !== 'version') throw new ConfigError(problems);
  return { command, config };
}

/** What `--help` prints. */
export function renderHelp(): string {
  const lines = Object.values(settings).map(({ env, flag, expects, fallback }) => {
    const head = `  --${flag}`.padEnd(24);
    return `${head}${env}\n${' '.repeat(24)}${expects}${fallback === undefined ? '' : ` (${fallback})`}`;
  });
  return `Usage: backup365-gateway [options]            start the gateway
       backup365-gateway simulator [options]  start the demo backup server alone (--port, 4443 by default)

Each option can be given as a flag or as an environment variable; flags go first. Defaults are in parentheses.

${lines.join('\n')}
  --help, -h            print this
  --version, -v         print the version
`;
}

/** `docs/configuration.md`. */
export function renderSettingsTable(): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = Object.values(settings).map(
    ({ env, flag, expects, fallback, describe }) =>
      `| \`${env}\` | \`--${flag}\` | ${cell(expects)} | ${fallback === undefined ? '' : `\`${fallback}\``} | ${cell(describe)} |`,
  );
  return `# Configuration

Each setting is an environment variable and a flag; the flag goes first. An empty variable is an unset one. What cannot be
used ends the start, with one message that lists every problem. This page is made from the code by \`npm run build\`.

| variable | flag | value | default | meaning |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

\`backup365-gateway simulator\` starts the demo server alone; of these settings it takes \`PORT\` (4443 unless set) and \`LOG_LEVEL\`.
`;
}
