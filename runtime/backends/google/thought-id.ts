const MARK = '__thought__';

/**
 * A tool call's id that carries the signature of the thought behind it. Plain OpenAI clients keep ids and drop what they don't know, and
 * Gemini 3 refuses a call that comes back without its signature. URL-safe, since some servers take no other characters in ids.
 */
export function joinThought(id: string, signature: string | null): string {
  return signature === null ? id : `${id}${MARK}${toUrlSafe(signature)}`;
}

/** The id as Google knows it, and the signature in it; null = none. What ids of other dialects carry is not for Google, and stays here. */
export function splitThought(id: string): { readonly id: string; readonly signature: string | null } {
  const mark = /__(?:thought|claude)__/.exec(id);
  if (mark === null) return { id, signature: null };
  const carried = id.slice(mark.index + mark[0].length);
  return { id: id.slice(0, mark.index), signature: mark[0] === MARK ? toStandard(carried) : null };
}

function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function toStandard(urlSafe: string): string {
  const text = urlSafe.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}
