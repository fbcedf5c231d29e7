import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { foreign } from './report.js';
import { limitMsOf, untilConnected } from './socket.js';
import type { Target } from './target.js';

const DAY_MS = 86_400_000;

/** What a server shows of itself to anybody. */
export type Seen = Readonly<{ certificate: X509Certificate; protocol: string }>;

/**
 * Looks at the certificate that the server shows, or gives the code of why there is none. Nothing is believed of it here, and nothing
 * sent: the connection is closed as soon as it is made.
 */
export async function lookAtCertificate(target: Target): Promise<Seen | string> {
  const { host, port } = target;
  const socket = connect({
    host,
    port,
    servername: isIP(host) === 0 ? host : '',
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  const code = await untilConnected(socket, 'secureConnect', limitMsOf(target));
  const certificate = socket.getPeerX509Certificate();
  const protocol = socket.getProtocol() ?? 'TLS';
  socket.destroy();
  if (code !== null) return code;
  return certificate ? { certificate, protocol } : 'ERR_TLS_NO_CERTIFICATE';
}

export function daysLeft({ validTo }: X509Certificate, nowMs = Date.now()): number {
  return Math.floor((Date.parse(validTo) - nowMs) / DAY_MS);
}

/** Whether it is for the name or address that is asked for. */
export function isFor({ host }: Target, certificate: X509Certificate): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined;
}

/** The names that it is for, as they can be used; the subject's own counts only where there are no others. */
export function namesOf({ subjectAltName, subject }: X509Certificate): string {
  const names = subjectAltName?.replaceAll('DNS:', '').replaceAll('IP Address:', '').trim() ?? '';
  return foreign(names === '' ? (/^CN=(.*)$/m.exec(subject)?.[1] ?? 'none') : names);
}

function dayOf(moment: string): string {
  const ms = Date.parse(moment);
  return Number.isNaN(ms) ? 'an unknown day' : new Date(ms).toISOString().slice(0, 10);
}

function describeAge(certificate: X509Certificate): string {
  const days = daysLeft(certificate);
  if (days < 0) return `expired ${-days} day${days === -1 ? '' : 's'} ago`;
  return Date.parse(certificate.validFrom) > Date.now() ? 'not valid yet' : `${days} day${days === 1 ? '' : 's'} left`;
}

/** Whether it vouches for itself alone. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  try {
    return certificate.issuer === certificate.subject && certificate.verify(certificate.publicKey);
  } catch {
    return false; // a key of a kind that is not known here
  }
}

export function describeCertificate(certificate: X509Certificate): readonly string[] {
  return [
    `subject      ${foreign(certificate.subject)}`,
    `names        ${namesOf(certificate)}`,
    `signed by    ${isSelfSigned(certificate) ? 'itself' : foreign(certificate.issuer)}`,
    `valid        ${dayOf(certificate.validFrom)} to ${dayOf(certificate.validTo)}, ${describeAge(certificate)}`,
    `fingerprint  ${certificate.fingerprint256}`,
  ];
}
