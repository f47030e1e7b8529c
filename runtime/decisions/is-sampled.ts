/**
 * Is this request one of those that are logged? By its id alone, so that all its decisions are, or none, and on every replica alike.
 * FNV-1a over its code units (Fowler, Noll, Vo, https://www.isthe.com/chongo/tech/comp/fnv/), its bits then mixed once more
 * (MurmurHash3's finalizer): ids that differ in their last character must not all fall together.
 *
 * @param rate 0 to 1.
 */
export function isSampled(requestId: string, rate: number): boolean {
  if (rate >= 1) return true;
  let hash = 0x811c9dc5;
  for (let at = 0; at < requestId.length; at++) hash = Math.imul(hash ^ requestId.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32 < rate;
}
