import { describeIgnoredProxies } from '../config/proxies.js';
import { ok, type Report } from './report.js';
import type { ClientOptions } from '../upstream/client.js';
import type { Trust } from '../upstream/tls.js';

/** The backup server as it is configured. */
export type Target = ClientOptions &
  Readonly<{
    /** A name or an address, without the brackets of IPv6. */
    host: string;
    port: number;
    isEncrypted: boolean;
    /** `auto`, or the name of one version. */
    apiVersion: string;
    ignoredProxies?: readonly string[];
  }>;

type TargetOptions = ClientOptions & Pick<Target, 'apiVersion' | 'ignoredProxies'>;

export function readTarget(options: TargetOptions): Target {
  const { protocol, hostname, port } = new URL(options.origin);
  const isEncrypted = protocol === 'https:';
  return {
    ...options,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (isEncrypted ? 443 : 80)), // which URL leaves out
    isEncrypted,
  };
}

const ways: Readonly<Record<Trust['by'], string>> = {
  system: 'one that an authority which Node.js knows has signed',
  ca: 'one that the authority of BACKUP_SERVER_CA_FILE has signed',
  fingerprint: 'the one that BACKUP_SERVER_FINGERPRINT names',
  nothing: 'any at all',
};

/** Says how the configuration was understood; what cannot be used has ended the start before. */
export function describeConfiguration({ origin, isEncrypted, trust, apiVersion, ignoredProxies = [] }: Target): Report {
  const isOff = isEncrypted && trust.by === 'nothing';
  return ok(origin, {
    details: [
      `certificate  ${isEncrypted ? ways[trust.by] : 'none, as it is plain http on this machine'}`,
      `API version  ${apiVersion === 'auto' ? 'the newest that is served' : `${apiVersion} alone`}`,
    ],
    warnings: [
      ...(isOff
        ? [
            'BACKUP_SERVER_TLS_VERIFY is off: anybody between here and the server is believed, and gets the tokens.',
            'Set BACKUP_SERVER_FINGERPRINT or BACKUP_SERVER_CA_FILE instead.',
          ]
        : []),
      ...(ignoredProxies.length > 0 ? [`${describeIgnoredProxies(ignoredProxies)}.`] : []),
    ],
  });
}
