import type { X509Certificate } from 'node:crypto';
import { adviceFor, createConnector, type Trust } from '../upstream/tls.js';
import { daysLeft, describeCertificate, isFor, isSelfSigned, lookAtCertificate, namesOf } from './certificate.js';
import { fail, ok, skip, type Report } from './report.js';
import { codeOf, limitMsOf } from './socket.js';
import type { Target } from './target.js';

/** From when on a certificate's end is near enough to be told. */
const SOON_DAYS = 30;

/** Judges the server's certificate as the gateway will: null for trusted, else the code of why not. */
function judge(target: Target): Promise<string | null> {
  const { origin, host, port, trust } = target;
  const connector = createConnector(trust, limitMsOf(target));
  const { protocol, host: authority } = new URL(origin);
  return new Promise((resolve) => {
    connector.connect({ protocol, hostname: host, host: authority, port: String(port) }, (error, socket) => {
      socket?.destroy();
      resolve(error ? codeOf(error) : null);
    });
  });
}

/** What to do where no certificate was shown at all. */
function adviceForHandshake(code: string): readonly string[] {
  if (/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION/.test(code)) {
    return ['The server speaks an older TLS than 1.2, which is not safe: switch TLS 1.2 on in its Windows.'];
  }
  if (code === 'ETIMEDOUT') {
    return ['Something takes the connection and says nothing: is that the REST service, or a proxy in between?'];
  }
  if (code === 'ECONNRESET') {
    return [
      'Something took the connection and closed it: another service has this port, or a proxy or firewall is between.',
    ];
  }
  return [
    'What answers speaks no TLS, so another service has this port, perhaps one of plain http. Check the host and port of',
    'BACKUP_SERVER_URL: the REST service is https, and on port 4443 unless that was changed in its settings.',
  ];
}

/** How to pin a certificate, once its fingerprint was seen where nobody can be in between. */
function howToPin(port: number, { fingerprint256 }: X509Certificate): readonly string[] {
  return [
    'Compare the fingerprint ON THE SERVER ITSELF before you trust it, as a stranger in between would show one of his own:',
    `  openssl s_client -connect localhost:${port} </dev/null | openssl x509 -noout -fingerprint -sha256`,
    'If it is the same there:',
    `  BACKUP_SERVER_FINGERPRINT=${fingerprint256}`,
  ];
}

function adviceForAuthority(trust: Trust, seen: X509Certificate): readonly string[] {
  if (trust.by === 'ca') {
    return [
      'The certificate is not signed by the authority in BACKUP_SERVER_CA_FILE. Put the one that signed it into that file, with',
      'those in between if the server does not send them; or pin it with BACKUP_SERVER_FINGERPRINT in place of the file.',
    ];
  }
  return isSelfSigned(seen)
    ? ['The certificate is signed by itself, as is usual for this product, so that nobody vouches for it: pin it.']
    : [
        'Node.js does not know the authority that signed the certificate: name its file in BACKUP_SERVER_CA_FILE, with those in',
        'between if the server does not send them; or pin the certificate.',
      ];
}

function adviceForCertificate(code: string, { trust, host, port }: Target, seen: X509Certificate): readonly string[] {
  if (code === 'ERR_CERTIFICATE_FINGERPRINT' && trust.by === 'fingerprint') {
    return [
      'The server shows another certificate than BACKUP_SERVER_FINGERPRINT names; perhaps it was renewed.',
      `  configured  ${trust.sha256}`,
      `  found       ${seen.fingerprint256}`,
      ...howToPin(port, seen),
    ];
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return [
      'The certificate, or that of its authority, has expired: renew it in the REST API settings of Veeam Backup for Microsoft',
      '365. If it has to stay, pin it, for then its dates do not count.',
      ...howToPin(port, seen),
    ];
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return [
      `The certificate is valid from a later time on than it is here (${new Date().toISOString()}): set the clock of this`,
      'machine; or that of the machine that made the certificate, and make it again.',
    ];
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return [
      `The certificate is not for ${host}, but for: ${namesOf(seen)}.`,
      'Use such a name in BACKUP_SERVER_URL, or have a certificate made for the name that you use, or pin this one.',
      ...howToPin(port, seen),
    ];
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return [...adviceForAuthority(trust, seen), ...howToPin(port, seen)];
  return [adviceFor(code) ?? 'The connection was cut before the certificate was judged: try again.'];
}

const verdicts: Readonly<Record<Trust['by'], string>> = {
  system: 'the certificate is trusted: an authority that Node.js knows has signed it',
  ca: 'the certificate is trusted: the authority of BACKUP_SERVER_CA_FILE has signed it',
  fingerprint: 'the certificate is the one that BACKUP_SERVER_FINGERPRINT names',
  nothing: 'the gateway accepts any certificate, and so this one',
};

/** What a pinned certificate may lack, as the pin says more than that. */
function pinnedDespite(target: Target, seen: X509Certificate): readonly string[] {
  if (target.trust.by !== 'fingerprint') return [];
  return [
    ...(daysLeft(seen) < 0 ? ['It has expired. As it is pinned, that does not matter to the gateway.'] : []),
    ...(isFor(target, seen)
      ? []
      : [`It is not for ${target.host}. As it is pinned, that does not matter to the gateway.`]),
  ];
}

function endsSoon({ trust }: Target, seen: X509Certificate): readonly string[] {
  const days = daysLeft(seen);
  if (days < 0 || days >= SOON_DAYS) return [];
  const then =
    trust.by === 'fingerprint' ? ' Once it is renewed, BACKUP_SERVER_FINGERPRINT must name the new one.' : '';
  return [`Fewer than ${SOON_DAYS} days are left: renew it in the REST API settings of the backup server.${then}`];
}

/** Looks at the certificate, and then has it judged by what connects for the gateway, so that the two never disagree. */
export async function examineCertificate(target: Target): Promise<Report> {
  if (!target.isEncrypted) return skip('plain http, which is for this machine alone, has no certificate');
  const seen = await lookAtCertificate(target);
  if (typeof seen === 'string') return fail(`no certificate was shown (${seen})`, adviceForHandshake(seen));
  const { certificate, protocol } = seen;
  const code = await judge(target);
  const details = describeCertificate(certificate);
  if (code !== null) {
    const isJudged = adviceFor(code) !== undefined;
    const found = `${protocol}, and the certificate is not ${isJudged ? 'trusted' : 'judged yet'} (${code})`;
    return fail(found, adviceForCertificate(code, target, certificate), details);
  }
  return ok(`${protocol}, and ${verdicts[target.trust.by]}`, {
    details: [...details, ...pinnedDespite(target, certificate)],
    warnings: endsSoon(target, certificate),
  });
}
