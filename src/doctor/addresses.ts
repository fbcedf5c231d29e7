import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { fail, ok, type Report } from './report.js';
import { codeOf, limitMsOf } from './socket.js';
import type { Target } from './target.js';

/** What to do about a name that was not found, by the code of the resolver. */
export function adviceForName(code: string): readonly string[] {
  if (code === 'ENOTFOUND') {
    return [
      'There is no such host: check the name in BACKUP_SERVER_URL.',
      'If other machines know it, this one (or its container) asks another DNS server than they do.',
    ];
  }
  return [
    'The resolver of this machine gave no answer: check that it may reach a DNS server (/etc/resolv.conf; in Kubernetes,',
    'that the NetworkPolicy lets DNS out), or name the address of the backup server in BACKUP_SERVER_URL.',
  ];
}

/** Asks for the addresses of the host, as a connection to it does. */
export async function findAddresses(target: Target): Promise<Report> {
  const { host } = target;
  if (isIP(host) !== 0) return ok(`${host} is an address, which needs none`);
  try {
    const found = await Promise.race([lookup(host, { all: true }), wait(limitMsOf(target), null, { ref: false })]);
    if (found === null) return fail(`no answer in ${limitMsOf(target)} ms`, adviceForName('ETIMEOUT'));
    return ok(`${host} is ${found.map(({ address }) => address).join(', ')}`);
  } catch (error) {
    const code = codeOf(error);
    return fail(`no address of ${host} (${code})`, adviceForName(code));
  }
}
