/** Version of `manifest.sig`. */
export const SIGNATURE_FORMAT = 1;

/**
 * `manifest.sig`: who vouches for an artifact. The signature is over the bytes of `manifest.json`, which names the router by its SHA-256, so
 * it covers all that is loaded. What it says of itself is no reason to believe it: the key must be one that is trusted already.
 */
export interface ManifestSignature {
  readonly format: typeof SIGNATURE_FORMAT;
  readonly algorithm: 'ed25519';
  /** First 16 hex digits of the SHA-256 of the public key's SubjectPublicKeyInfo in DER. */
  readonly key: string;
  /** Base64. RFC 8032, pure Ed25519. */
  readonly signature: string;
}
