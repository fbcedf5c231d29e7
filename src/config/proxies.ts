type Environment = Readonly<Record<string, string | undefined>>;

/** Returns true when `NO_PROXY` names a host: itself, a domain that it is in, or `*`. */
function isExempt(env: Environment, hostname: string): boolean {
  const entries = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').toLowerCase().split(/[\s,]+/);
  const domains = entries.filter((entry) => entry !== '').map((entry) => entry.replace(/^\*?\./, ''));
  return domains.some((domain) => domain === '*' || hostname === domain || hostname.endsWith(`.${domain}`));
}

/**
 * Returns the names of the variables by which other programs would reach the backup server through a proxy. The gateway ignores
 * them: a token goes to the backup server alone.
 */
export function findIgnoredProxies(env: Environment, origin: string): readonly string[] {
  const { protocol, hostname } = new URL(origin);
  if (isExempt(env, hostname.replace(/^\[|\]$/g, ''))) return [];
  const scheme = protocol.slice(0, -1);
  const names = [`${scheme.toUpperCase()}_PROXY`, `${scheme}_proxy`, 'ALL_PROXY', 'all_proxy'];
  if (scheme === 'http') names.push('HTTPS_PROXY', 'https_proxy'); // mostly set together, and meant for this server
  return names.filter((name) => (env[name] ?? '').trim() !== '');
}

/** Says, for people, that variables are ignored. Their values can hold a password, and are not repeated. */
export const describeIgnoredProxies = (names: readonly string[]): string =>
  `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} set and ignored: the gateway connects to the backup server directly`;
