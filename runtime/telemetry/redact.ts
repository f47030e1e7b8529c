const MASK = '[redacted]';
/** Shapes of keys, for those that nobody told us of: a caller's that is wrong, a provider's in an error text. */
const SHAPES = /\b(?:Bearer\s+[\w.~+/=-]{8,}|sk-[\w-]{8,}|AIza[\w-]{20,})/g;

/** The one place that takes secrets out of text. Knows the keys in use; `add` tells it more. */
export class Redactor {
  readonly #secrets = new Set<string>();

  add(secrets: readonly (string | null)[]): void {
    for (const secret of secrets) {
      if (secret === null || secret.length === 0) continue;
      // Log lines and errors are JSON by the time they come here: quotes and backslashes are spelled otherwise there.
      this.#secrets.add(secret).add(JSON.stringify(secret).slice(1, -1));
    }
  }

  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, MASK);
    return clean.replace(SHAPES, MASK);
  }

  /** The same object where none of the keys in use stands in it. */
  redactBytes(bytes: Buffer): Buffer {
    let clean = bytes;
    for (const secret of this.#secrets) {
      if (clean.includes(secret)) clean = Buffer.from(clean.toString('latin1').replaceAll(secret, MASK), 'latin1');
    }
    return clean;
  }
}
