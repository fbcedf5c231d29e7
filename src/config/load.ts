import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Trust } from '../upstream/tls.js';
import { readCommandLine, type Command } from './commandLine.js';
import { readManifest, type TrustedDocument } from './manifest.js';
import { ConfigError, textOf } from './problems.js';
import { isLoopback, readOrigin } from './serverOrigin.js';
import { readTracing, type TracingConfig } from './tracing.js';
import { showGiven } from './show.js';
import { settings, type Setting, type SettingName, type SettingValue } from './settings.js';

export type Config = Readonly<{
  /** The server's origin, with the path of a proxy if there is one, and how to trust it; null for the embedded one. */
  server: Readonly<{ origin: string; trust: Trust }> | null;
  apiVersion: string;
  timeoutMs: number;
  maxBodyBytes: number;
  maxConcurrency: number;
  maxInFlight: number;
  maxWaiting: number;
  maxRequests: number;
  operationTimeoutMs: number;
  /** How long nobody may have asked the server until it is asked for a sign of life; 0 for ever. */
  probeMs: number;
  maxConnections: number;
  scanLimitRows: number;
  sharing: Readonly<{ isOn: boolean; maxAgeMs: number; maxBytes: number }>;
  host: string;
  port: number;
  /** Requests a minute; null for any number. */
  rateLimits: Readonly<{ perToken: number | null; perAddress: number | null }>;
  /** Whose `X-Forwarded-For` is believed. */
  trustedProxies: readonly string[];
  /** What instances share; null for nothing. */
  redis: RedisConfig | null;
  /** The operators' listener, and the names of operations that metrics tell apart; null for none. */
  metrics: Readonly<{ host: string; port: number }> | null;
  metricsOperations: readonly string[];
  /** Null where no traces are made. */
  tracing: TracingConfig | null;
  corsOrigins: readonly string[];
  introspection: boolean;
  explorer: boolean;
  /** The only documents that may run; null for any. */
  trustedDocuments: readonly TrustedDocument[] | null;
  federatedTracing: boolean;
  statisticsTypeName: string;
  /** Whether answers say what they cost the server. */
  upstreamExtension: boolean;
  logLevel: string;
  /** Null where it depends on whether a person is looking. */
  logFormat: 'json' | 'pretty' | null;
}>;

export type RedisConfig = Readonly<{
  urls: readonly string[];
  isCluster: boolean;
  /** The authority to accept; null for the system's. */
  ca: string | null;
  timeoutMs: number;
}>;

/** The product's own default, for the demo server when it is started alone. */
const SIMULATOR_PORT = 4443;

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}

/** Where Apollo serves its Sandbox. */
const SANDBOX_ORIGIN = 'https://studio.apollographql.com';

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
  function read<N extends SettingName>(name: N): SettingValue<N> | undefined {
    const definition = settings[name] as Setting<SettingValue<N>>;
    const { env: variable, flag, expects, fallback, isSecret = false, explain, read: readText } = definition;
    const given = (flags[flag] ?? env[variable])?.trim();
    const text = given === undefined || given === '' ? fallback : given;
    if (text === undefined) return undefined;
    const value = readText(text);
    if (value === undefined) {
      const got = explain ? `${showGiven(text)}, ${explain(text)}` : showGiven(text);
      problems.push(
        `${flag in flags ? `--${flag}` : variable} must be ${expects}; ${isSecret ? 'it is something else' : `got ${got}`}`,
      );
    }
    return value;
  }

  /** The text of a PEM file with a certificate in it; null where none is named. */
  function readCertificates(name: 'caFile' | 'redisCaFile'): string | null {
    const file = read(name);
    if (file === undefined) return null;
    const { env: variable, expects } = settings[name];
    try {
      const pem = readFileSync(file, 'utf8');
      if (!isCertificate(pem)) problems.push(`${variable} must be ${expects}; there is no certificate in it`);
      return pem;
    } catch (error) {
      problems.push(`${variable} must be ${expects}; it cannot be read (${textOf(error, 'code') ?? 'unknown'})`);
      return null;
    }
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
    const pem = readCertificates('caFile');
    return pem === null ? { by: 'system' } : { by: 'ca', pem };
  }

  function isOurOwn(origin: string): boolean {
    const { hostname, port } = new URL(origin);
    return command === 'serve' && isLoopback(hostname) && Number(port) === read('port');
  }

  function readServer(): Config['server'] {
    const trust = readTrust();
    const url = read('serverUrl');
    if (url === undefined && isProduction && command === 'serve') {
      problems.push(`${settings.serverUrl.env} must be set with NODE_ENV=production: ${settings.serverUrl.expects}`);
    }
    if (url === undefined || url === 'embedded') {
      if (command === 'doctor')
        problems.push(
          `${settings.serverUrl.env} must be set for the doctor, such as to https://backup.example.com (port 4443 unless named); the embedded server needs none`,
        );
      else if (trust.by !== 'system')
        problems.push('how to trust a certificate is set, but no server: the embedded one is always pinned');
      return null;
    }
    const result = readOrigin(url);
    const problem = 'problem' in result ? result.problem : isOurOwn(result.origin) ? 'names this gateway itself' : null;
    if ('origin' in result && problem === null) return { origin: result.origin, trust };
    problems.push(`${settings.serverUrl.env} must be ${settings.serverUrl.expects}; it ${String(problem)}`);
    return null;
  }

  function readApiVersion(): string {
    const name = read('apiVersion') ?? 'auto';
    if (name !== 'auto' && !apiVersions.includes(name)) {
      problems.push(`${settings.apiVersion.env} must be ${settings.apiVersion.expects}; got ${showGiven(name)}`);
    }
    return name;
  }

  function readTrustedDocuments(): Config['trustedDocuments'] {
    const file = read('trustedDocuments');
    if (file === undefined) return null;
    const { env: variable, expects } = settings.trustedDocuments;
    try {
      const found: string[] = [];
      const documents = readManifest(readFileSync(file, 'utf8'), found);
      problems.push(...found.map((problem) => `${variable}: ${problem}`));
      return documents;
    } catch (error) {
      problems.push(`${variable} must be ${expects}; it cannot be read (${textOf(error, 'code') ?? 'unknown'})`);
      return [];
    }
  }

  function readRedis(): RedisConfig | null {
    const urls = read('redisUrl');
    const isCluster = read('redisCluster') === 'on';
    const ca = readCertificates('redisCaFile');
    const timeoutMs = read('redisTimeoutMs') ?? 0;
    if (urls === undefined) {
      const isMissing =
        (isCluster || ca !== null) && (flags[settings.redisUrl.flag] ?? env[settings.redisUrl.env] ?? '') === '';
      if (isMissing) problems.push(`${settings.redisUrl.env} must be set where other settings of Redis are`);
      return null;
    }
    if (urls.length > 1 && !isCluster) {
      problems.push(
        `${settings.redisUrl.env} names ${urls.length} servers, which is for ${settings.redisCluster.env}=on`,
      );
    }
    if (ca !== null && urls.some((url) => url.startsWith('redis:'))) {
      problems.push(`${settings.redisCaFile.env} is for ${settings.redisUrl.env} with rediss://`);
    }
    return { urls, isCluster, ca, timeoutMs };
  }

  function readMetrics(): Config['metrics'] {
    const port = read('metricsPort');
    const host = read('metricsHost') ?? '';
    if (port === undefined) return null;
    if (port !== 0 && port === read('port')) {
      problems.push(
        `${settings.metricsPort.env} must be another port than ${settings.port.env}: metrics are not for callers`,
      );
    }
    return { host, port };
  }

  /** A switch that is on in development and off in production, unless it is set. */
  function readDevelopmentSwitch(name: 'introspection' | 'explorer' | 'upstreamExtension'): boolean {
    const value = read(name);
    return value === undefined ? !isProduction : value === 'on';
  }

  const config: Config = Object.freeze({
    server: readServer(),
    apiVersion: readApiVersion(),
    timeoutMs: read('timeoutMs') ?? 0,
    maxBodyBytes: read('maxBodyBytes') ?? 0,
    maxConcurrency: read('maxConcurrency') ?? 0,
    maxInFlight: read('maxInFlight') ?? 0,
    maxWaiting: read('maxWaiting') ?? 0,
    maxRequests: read('maxRequests') ?? 0,
    operationTimeoutMs: read('operationTimeoutMs') ?? 0,
    probeMs: (read('probeSeconds') ?? 0) * 1000,
    maxConnections: read('maxConnections') ?? 0,
    scanLimitRows: read('scanLimitRows') ?? 0,
    sharing: {
      isOn: read('sharing') === 'on',
      maxAgeMs: (read('sharingMaxAgeSeconds') ?? 0) * 1000,
      maxBytes: read('sharingMaxBytes') ?? 0,
    },
    host: read('host') ?? '',
    port: command === 'simulator' && flags['port'] === undefined && !env['PORT'] ? SIMULATOR_PORT : (read('port') ?? 0),
    rateLimits: { perToken: read('rateLimitPerToken') ?? null, perAddress: read('rateLimitPerAddress') ?? null },
    trustedProxies: read('trustedProxies') ?? [],
    redis: readRedis(),
    metrics: readMetrics(),
    metricsOperations: read('metricsOperations') ?? [],
    tracing: readTracing(env, problems),
    corsOrigins: read('corsOrigins') ?? (isProduction ? [] : [SANDBOX_ORIGIN]),
    introspection: readDevelopmentSwitch('introspection'),
    explorer: readDevelopmentSwitch('explorer'),
    trustedDocuments: readTrustedDocuments(),
    federatedTracing: read('federatedTracing') === 'on',
    statisticsTypeName: read('statisticsTypeName') ?? '',
    upstreamExtension: readDevelopmentSwitch('upstreamExtension'),
    logLevel: read('logLevel') ?? 'info',
    logFormat: read('logFormat') ?? (isProduction ? 'json' : null),
  });
  if (problems.length > 0 && command !== 'help' && command !== 'version') throw new ConfigError(problems);
  return { command, config };
}
