import type { Config } from '../config/load.js';
import { findIgnoredProxies } from '../config/proxies.js';
import { runDoctor } from '../doctor/run.js';
import { readBearerToken } from '../http/bearer.js';
import { print } from './process.js';

/** Looks at the way to the backup server, and ends the process: a resolver that never answers would keep it. */
export async function examine(config: Config): Promise<void> {
  if (!config.server) throw new Error('no server to look at'); // which the configuration has refused
  const token = process.env['BACKUP_TOKEN']?.trim() ?? '';
  const isWell = await runDoctor(
    {
      ...config,
      ...config.server,
      ignoredProxies: findIgnoredProxies(process.env, config.server.origin),
      token: token === '' ? { missing: 'absent' } : readBearerToken(['authorization', `Bearer ${token}`]),
    },
    print,
  );
  process.stdout.write('', () => process.exit(isWell ? 0 : 1)); // once all is written
}
