import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';

/** A self-signed certificate as the product makes one at its installation: for the machine's own name, which nobody asks for. */
export async function createCertificate(
  commonName = 'support.east.local',
): Promise<{ key: string; cert: string; fingerprint: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  return { key, cert, fingerprint: new X509Certificate(cert).fingerprint256 };
}
