import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** What one token's values are filed under and locked with. Nothing of it tells the token, and without the token there is none of it. */
export type Seal = Readonly<{
  /** Where all of the token's values are. */
  shelf: string;
  /** Where the value of a key is on the shelf. */
  nameOf: (key: string) => string;
  /** A value as it is kept; null for one that is too long. */
  close: (name: string, value: unknown) => Buffer | null;
  /** The value; undefined where this is not what was kept under that name with that token. */
  open: (name: string, sealed: Buffer) => unknown;
}>;

/** How long a value may be as it is kept, and as JSON: packing a longer one would keep the process from others for too long. */
export const MAX_SEALED_BYTES = 1024 * 1024;
const MAX_OPEN_BYTES = 4 * 1024 * 1024;

/** To be raised when records take another shape: within one release, of which there can be many builds, it tells them apart. */
const SHAPE = 1;
const DEFLATE_FROM_BYTES = 4096;

const SHELF_BYTES = 18;
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const plain = 0;
const deflated = 1;

function pack(json: Buffer): Buffer {
  return json.length < DEFLATE_FROM_BYTES
    ? Buffer.concat([Buffer.of(plain), json])
    : Buffer.concat([Buffer.of(deflated), deflateRawSync(json, { level: 1 })]);
}

function unpack(packed: Buffer): Buffer {
  const body = packed.subarray(1);
  return packed[0] === deflated ? inflateRawSync(body, { maxOutputLength: MAX_OPEN_BYTES }) : body;
}

/**
 * Names and keys for a token, by HKDF. They are others for each backup server and each release of the gateway, so that neither
 * takes the other's records for its own.
 */
export function createSeal(token: string, about: Readonly<{ origin: string; release: string }>): Seal {
  const info = JSON.stringify([about.origin, about.release, SHAPE]);
  const material = Buffer.from(
    hkdfSync('sha256', token, 'backup365-gateway store 1', info, SHELF_BYTES + 2 * KEY_BYTES),
  );
  const shelf = material.subarray(0, SHELF_BYTES).toString('base64url');
  const nameKey = material.subarray(SHELF_BYTES, SHELF_BYTES + KEY_BYTES);
  const valueKey = material.subarray(SHELF_BYTES + KEY_BYTES);
  const placeOf = (name: string): Buffer => Buffer.from(`${shelf} ${name}`);

  return {
    shelf,
    nameOf: (key) => createHmac('sha256', nameKey).update(key).digest('base64url'),
    close: (name, value) => {
      const json = Buffer.from(JSON.stringify(value));
      if (json.length > MAX_OPEN_BYTES) return null;
      const packed = pack(json);
      if (packed.length + IV_BYTES + TAG_BYTES > MAX_SEALED_BYTES) return null;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', valueKey, iv).setAAD(placeOf(name));
      const body = Buffer.concat([cipher.update(packed), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]);
    },
    open: (name, sealed) => {
      try {
        const iv = sealed.subarray(0, IV_BYTES);
        const tag = sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', valueKey, iv, { authTagLength: TAG_BYTES });
        decipher.setAAD(placeOf(name)).setAuthTag(tag);
        const packed = Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
        const value: unknown = JSON.parse(unpack(packed).toString());
        return value;
      } catch {
        return undefined;
      }
    },
  };
}
