const MARK = '__thought__';

/**
 * A tool call's id that carries the signature of the thought behind it. Plain OpenAI clients keep ids and drop what they don't know, and
 * Gemini 3 refuses a call that comes back without its signature. URL-safe, since some servers take no other characters in ids.
 */
export function joinThought(id: string, signature: string | null): string {
  return signature === null ? id : `${id}${MARK}${toUrlSafe(signature)}`;
}

/** The id as Google knows it, and the signature in it; null = none. */
export function splitThought(id: string): { readonly id: string; readonly signature: string | null } {
  const at = id.indexOf(MARK);
  if (at === -1) return { id, signature: null };
  return { id: id.slice(0, at), signature: toStandard(id.slice(at + MARK.length)) };
}

function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function toStandard(urlSafe: string): string {
  const text = urlSafe.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
