import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';

/** A key and its certificate as PEM, and the certificate's SHA-256 fingerprint. */
export type Certificate = Readonly<{ key: string; cert: string; fingerprint: string }>;

/** A self-signed certificate as the product makes one at its installation: for the machine's own name, which nobody asks for. */
export async function createCertificate(commonName = 'support.east.local'): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  return { key, cert, fingerprint: new X509Certificate(cert).fingerprint256 };
}
