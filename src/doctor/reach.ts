import { connect } from 'node:net';
import { fail, ok, type Report } from './report.js';
import { limitMsOf, untilConnected } from './socket.js';
import type { Target } from './target.js';

/** What to do about a port that cannot be reached, by the code of the connection. */
export function adviceForPort(code: string): readonly string[] {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return [
        'The host is there, but nothing takes connections on this port. The REST service is off until somebody ticks "enable"',
        'in the REST API settings of Veeam Backup for Microsoft 365, where its port is as well (4443 by default).',
      ];
    case 'ETIMEDOUT':
      return [
        'Nothing came back, not even a refusal: mostly a firewall. Let this machine reach the port, on the way and in the',
        'Windows firewall of the server; and check that the address above is the one of the backup server.',
      ];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return ['There is no route to the address above: check the network, the VPN, and the address itself.'];
    default:
      return ['No connection could be made from this machine: check its network and the address above.'];
  }
}

/** Connects, and sends nothing. */
export async function reachPort(target: Target): Promise<Report> {
  const { host, port } = target;
  const limitMs = limitMsOf(target);
  const socket = connect({ host, port });
  const code = await untilConnected(socket, 'connect', limitMs);
  const address = socket.remoteAddress ?? host;
  socket.destroy();
  if (code === null) return ok(`${address} takes connections on port ${port}`);
  const what =
    code === 'ETIMEDOUT' ? `no connection to port ${port} in ${limitMs} ms` : `no connection to port ${port}`;
  return fail(`${what} (${code})`, adviceForPort(code));
}
