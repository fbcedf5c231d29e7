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
  }>;

export function readTarget(options: ClientOptions & Readonly<{ apiVersion: string }>): Target {
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
  system: 'its certificate is judged by the authorities that Node.js knows',
  ca: 'its certificate is judged by the authority of BACKUP_SERVER_CA_FILE',
  fingerprint: 'its certificate is the one that BACKUP_SERVER_FINGERPRINT names',
  nothing: 'its certificate is not looked at',
};

/** Says how the configuration was understood; what cannot be used has ended the start before. */
export function describeConfiguration({ origin, isEncrypted, trust, apiVersion }: Target): Report {
  const version = apiVersion === 'auto' ? 'the newest API version that it serves' : `API version ${apiVersion} alone`;
  const warnings =
    isEncrypted && trust.by === 'nothing'
      ? [
          'BACKUP_SERVER_TLS_VERIFY is off: anybody between here and the server is believed, and gets the tokens.',
          'Set BACKUP_SERVER_FINGERPRINT or BACKUP_SERVER_CA_FILE instead.',
        ]
      : [];
  return ok(`${origin}; ${isEncrypted ? ways[trust.by] : 'plain http, on this machine'}; ${version}`, { warnings });
}
