import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import type { Certificate } from '../../src/simulator/certificate.js';

const DAY_MS = 86_400_000;

/** What a certificate says; valid from a year ago to a year from now unless given. */
export type Wish = { commonName?: string; names?: string[]; addresses?: string[]; fromDays?: number; toDays?: number };

export type Authority = { pem: string; sign: (wish: Wish) => Promise<Certificate> };

const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS);

/** An authority of a test's own, which signs whatever is wished for. */
export async function createAuthority(): Promise<Authority> {
  const ca = await generate([{ name: 'commonName', value: 'Example CA' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'basicConstraints', cA: true }],
    notBeforeDate: daysFromNow(-1000),
    notAfterDate: daysFromNow(1000),
  });
  return {
    pem: ca.cert,
    sign: async ({ commonName = 'backup', names = [], addresses = [], fromDays = -365, toDays = 365.5 }) => {
      const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca: { key: ca.private, cert: ca.cert },
        notBeforeDate: daysFromNow(fromDays),
        notAfterDate: daysFromNow(toDays),
        extensions: [
          {
            name: 'subjectAltName',
            altNames: [
              ...names.map((value) => ({ type: 2 as const, value })),
              ...addresses.map((ip) => ({ type: 7 as const, ip })),
            ],
          },
        ],
      });
      return { key, cert, fingerprint: new X509Certificate(cert).fingerprint256 };
    },
  };
}
