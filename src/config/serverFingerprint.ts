const SHA256_DIGITS = 64;
const SHA1_DIGITS = 40;

/**
 * Words in front of the digits, as OpenSSL, Windows and browsers write them: `sha256 Fingerprint=`, `SHA2-256(stdin)= `,
 * `SHA256(cert.der)= `, `Thumbprint: `.
 */
const label =
  /^(?:sha[-_ ]?(?:2-)?(?:256|1)|\(.{0,300}\)(?=\s*=)|(?:finger|thumb)print|certificate|cert|hash|digest|[\s()=:#-])+/i;

/** Characters that nobody sees, such as the mark that Windows' certificate viewer puts in front, and quotes. */
const unseen = /[\p{Cf}\p{Cc}"']/gu;

/** Characters that tools write between the digits. */
const separators = /[\s:\p{Pd}]/gu;

/** Returns the hexadecimal digits of a fingerprint, however a tool writes it; undefined for any other text. */
function digitsOf(text: string): string | undefined {
  const digits = text.replace(unseen, '').replace(label, '').replace(separators, '');
  return /^[0-9a-f]+$/i.test(digits) ? digits.toUpperCase() : undefined;
}

/** Returns a SHA-256 fingerprint as Node.js writes it (AB:CD:…); undefined for any other text. */
export function readFingerprint(text: string): string | undefined {
  const digits = digitsOf(text);
  return digits?.length === SHA256_DIGITS ? (digits.match(/../g) ?? []).join(':') : undefined;
}

/** Says what is wrong with a text that is no SHA-256 fingerprint. */
export function explainFingerprint(text: string): string {
  const count = digitsOf(text)?.length;
  if (count === undefined) return 'which has other characters than hexadecimal digits';
  return count === SHA1_DIGITS ? 'which is a SHA-1 fingerprint, of 40 digits' : `which has ${count} digits`;
}
