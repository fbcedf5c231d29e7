import { createHash } from 'node:crypto';
import { lookAtCertificate } from './certificate.js';
import type { Target } from './target.js';

/**
 * The arguments by which curl, too, gives a password to nobody but this server. A pinned certificate is pinned there by its key,
 * which curl compares even where `-k` lets it overlook the name and the authority.
 */
async function trustArguments(target: Target): Promise<string> {
  const { by } = target.trust;
  if (!target.isEncrypted || by === 'system' || by === 'nothing') return '';
  if (by === 'ca') return ' --cacert "$BACKUP_SERVER_CA_FILE"';
  const seen = await lookAtCertificate(target);
  if (typeof seen === 'string' || seen.certificate.fingerprint256 !== target.trust.sha256) return '';
  const key = seen.certificate.publicKey.export({ type: 'spki', format: 'der' });
  return ` -k --pinnedpubkey 'sha256//${createHash('sha256').update(key).digest('base64')}'`;
}

/** How to get a token of the server from itself, and give it to the doctor. */
export async function howToLogIn(target: Target, versionName: string): Promise<readonly string[]> {
  return [
    'To get a token from the server:',
    `  curl -s${await trustArguments(target)} ${target.origin}/${versionName}/token \\`,
    "    -d 'grant_type=password&disable_antiforgery_token=true' \\",
    "    --data-urlencode 'username=DOMAIN\\user' --data-urlencode 'password=…'",
    'The access_token of its answer is the token: BACKUP_TOKEN=… backup365-gateway doctor',
  ];
}
