import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { type ManifestSignature, SIGNATURE_FORMAT } from '../../schema/signature.ts';

/** Why a text is no key that can be used. */
export class KeyError extends Error {}

/** A new pair of keys, in PEM: PKCS #8 and SubjectPublicKeyInfo. */
export function makeKeys(): { readonly privateKey: string; readonly publicKey: string; readonly id: string } {
  const pair = generateKeyPairSync('ed25519');
  return {
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    id: keyId(pair.publicKey),
  };
}

/** The id of a key: see `ManifestSignature.key`. */
export const keyId = (key: KeyObject): string =>
  createHash('sha256')
    .update(createPublicKeyOf(key).export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

const createPublicKeyOf = (key: KeyObject): KeyObject => (key.type === 'private' ? createPublicKey(key) : key);

/** Reads an ed25519 private key in PEM. Throws `KeyError`; no part of the text is in its message. */
export function readPrivateKey(pem: string): KeyObject {
  if (/ENCRYPTED/.test(pem)) throw new KeyError('is encrypted');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new KeyError('holds no private key in PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new KeyError(`holds a key of type ${key.asymmetricKeyType}, not ed25519`);
  return key;
}

const PEM = /-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/g;

/** Reads all ed25519 public keys of a text, by id. Throws `KeyError` where there is none, or anything else among them. */
export function readPublicKeys(text: string): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const [pem, kind] of text.matchAll(PEM)) {
    if (kind.includes('PRIVATE')) throw new KeyError('holds a private key');
    let key: KeyObject;
    try {
      key = createPublicKey(pem);
    } catch {
      throw new KeyError('holds something that is no public key');
    }
    if (key.asymmetricKeyType !== 'ed25519') throw new KeyError(`holds a key of type ${key.asymmetricKeyType}, not ed25519`);
    keys.set(keyId(key), key);
  }
  if (keys.size === 0) throw new KeyError('holds no public key in PEM');
  // A key that is cut short would be left out in silence, and what it signed refused later.
  if (/-----(BEGIN|END)/.test(text.replaceAll(PEM, ''))) throw new KeyError('holds a key that is cut short');
  return keys;
}

/** The text of `manifest.sig` for the bytes of a manifest. */
export function signManifest(manifest: string, key: KeyObject): string {
  const signature: ManifestSignature = {
    format: SIGNATURE_FORMAT,
    algorithm: 'ed25519',
    key: keyId(key),
    signature: sign(null, Buffer.from(manifest), key).toString('base64'),
  };
  return `${JSON.stringify(signature)}\n`;
}

/** The key that vouches for a manifest; else what is wrong, in words. */
export function checkManifest(
  manifest: string,
  signature: string,
  trusted: ReadonlyMap<string, KeyObject>,
): { readonly key: string } | { readonly fault: string } {
  let read: Partial<ManifestSignature>;
  try {
    read = JSON.parse(signature) as Partial<ManifestSignature>;
  } catch {
    return { fault: 'its `manifest.sig` is no signature' };
  }
  const { format, algorithm, key: id, signature: bytes } = read ?? {};
  if (format !== SIGNATURE_FORMAT || algorithm !== 'ed25519' || typeof id !== 'string' || typeof bytes !== 'string')
    return { fault: 'its `manifest.sig` is no signature' };
  const key = trusted.get(id);
  if (!key) return { fault: `it is signed with key ${/^[0-9a-f]{16}$/.test(id) ? id : 'of an unknown form'}, which is not trusted` };
  return verify(null, Buffer.from(manifest), key, Buffer.from(bytes, 'base64'))
    ? { key: id }
    : { fault: `its signature with key ${id} is not that of this manifest` };
}
