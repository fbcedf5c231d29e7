type Environment = Readonly<Record<string, string | undefined>>;

const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '');

/** A host or domain of `NO_PROXY`, with or without a port. IPv6 needs brackets to have one. */
const exemption = /^(?:\*?\.)?(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/;

/** Returns true when `NO_PROXY` names a server: its host, a domain that the host is in, or `*`. */
function isExempt(env: Environment, { host, port }: Readonly<{ host: string; port: string }>): boolean {
  const entries = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    const [, name = entry, ofPort = port] = exemption.exec(entry) ?? [];
    const domain = withoutBrackets(name);
    if (domain === '' || ofPort !== port) return false;
    return domain === '*' || host === domain || host.endsWith(`.${domain}`);
  });
}

/**
 * Returns the names of the variables by which other programs would reach the backup server through a proxy. The gateway ignores
 * them: a token goes to the backup server alone.
 */
export function findIgnoredProxies(env: Environment, origin: string): readonly string[] {
  const { protocol, hostname, port } = new URL(origin);
  const standardPort = protocol === 'https:' ? '443' : '80'; // which URL leaves out
  if (isExempt(env, { host: withoutBrackets(hostname), port: port || standardPort })) return [];
  const scheme = protocol.slice(0, -1);
  const names = [`${scheme.toUpperCase()}_PROXY`, `${scheme}_proxy`, 'ALL_PROXY', 'all_proxy'];
  if (scheme === 'http') names.push('HTTPS_PROXY', 'https_proxy'); // mostly set together, and meant for this server
  return names.filter((name) => (env[name] ?? '').trim() !== '');
}

/** Describes ignored variables without their values. */
export const describeIgnoredProxies = (names: readonly string[]): string =>
  `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} set and ignored: the gateway connects to the backup server directly`;
