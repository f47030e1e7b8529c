import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ManifestSignature } from '../../schema/signature.ts';
import { SIGNATURE_FORMAT } from '../../schema/signature.ts';
import { Failure } from '../failure.ts';

/** The public keys whose signatures count, by key id. */
export type Trust = ReadonlyMap<string, KeyObject>;

const PEM = /-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/g;
const HELP = 'name a file with one or more public keys in PEM, as `policyc sign --new-key` writes them';

/**
 * Reads a file of public keys in PEM, one after another.
 *
 * @throws Failure `[trust]` where there is none, or anything else among them: a key that is left out in silence would be an outage later.
 */
export function readTrust(path: string): Trust {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure('trust', [`\`${path}\` can't be read (${(error as NodeJS.ErrnoException).code})`], HELP);
  }
  const keys = new Map<string, KeyObject>();
  const problems: string[] = [];
  for (const [row, [pem, kind]] of [...text.matchAll(PEM)].entries()) {
    const place = `key ${row + 1} of \`${path}\``;
    if (kind.includes('PRIVATE')) problems.push(`${place} is a private key, which belongs to who signs`);
    else {
      const key = readKey(pem);
      if (key === null) problems.push(`${place} is no ed25519 public key`);
      else keys.set(idOf(key), key);
    }
  }
  if (/-----(BEGIN|END)/.test(text.replaceAll(PEM, ''))) problems.push(`\`${path}\` holds a key that is cut short`);
  if (keys.size === 0 && problems.length === 0) problems.push(`\`${path}\` holds no public key`);
  if (problems.length > 0) throw new Failure('trust', problems, HELP);
  return keys;
}

function readKey(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

const idOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);

/** Why a signature does not count; the slug of the refusal. */
export type SignatureFault = 'unsigned' | 'signature-format' | 'untrusted-key' | 'wrong-signature';

/**
 * Who vouches for a manifest.
 *
 * @param manifest its bytes.
 * @param signature the text of `manifest.sig`; null = there is none.
 * @returns the id of the key; or what is wrong, in words.
 */
export function verifySignature(
  manifest: string,
  signature: string | null,
  trust: Trust,
): { readonly key: string } | { readonly fault: SignatureFault; readonly words: string } {
  if (signature === null) return { fault: 'unsigned', words: 'it is not signed' };
  const read = readSignature(signature);
  if (read === null) return { fault: 'signature-format', words: 'its `manifest.sig` is no signature' };
  const key = trust.get(read.key);
  if (key === undefined) return { fault: 'untrusted-key', words: `it is signed with key ${read.key}, which is not trusted` };
  const fits = verify(null, Buffer.from(manifest), key, Buffer.from(read.signature, 'base64'));
  return fits ? { key: read.key } : { fault: 'wrong-signature', words: `its signature with key ${read.key} is not that of this manifest` };
}

function readSignature(text: string): ManifestSignature | null {
  try {
    const { format, algorithm, key, signature } = JSON.parse(text) as Partial<ManifestSignature>;
    const isOurs = format === SIGNATURE_FORMAT && algorithm === 'ed25519';
    if (!isOurs || typeof key !== 'string' || !/^[0-9a-f]{16}$/.test(key) || typeof signature !== 'string') return null;
    return { format, algorithm, key, signature };
  } catch {
    return null;
  }
}
