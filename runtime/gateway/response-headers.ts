/** Headers of a backend's answer that are passed on, and none else: the others are the connection's, or could give something away. */
const PASSED = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'cache-control',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
]);
const PASSED_FAMILIES = ['openai-', 'x-ratelimit-', 'anthropic-'];

/**
 * Picks what may be passed on, as a flat list of names and values.
 *
 * @param secret the backend's key: a value that holds it is dropped.
 */
export function pickResponseHeaders(headers: Readonly<Record<string, string | string[] | undefined>>, secret: string | null): string[] {
  const picked: string[] = [];
  for (const name in headers) {
    if (!PASSED.has(name) && !isOfFamily(name)) continue;
    const value = headers[name];
    if (typeof value !== 'string' || (secret !== null && value.includes(secret))) continue;
    picked.push(name, value);
  }
  return picked;
}

function isOfFamily(name: string): boolean {
  for (const family of PASSED_FAMILIES) if (name.startsWith(family)) return true;
  return false;
}

/** A flat list without `content-length`: a stream may get an event that says it broke, or lose one that only the gateway asked for. */
export function withoutLength(picked: string[]): string[] {
  const at = picked.indexOf('content-length');
  return at === -1 ? picked : [...picked.slice(0, at), ...picked.slice(at + 2)];
}
