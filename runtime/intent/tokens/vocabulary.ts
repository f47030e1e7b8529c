/** Rank of what is no token: higher than any. */
export const NO_RANK = 0x7fffffff;

/** Rank data as js-tiktoken ships it: lines of `_ firstRank token token …`, tokens in base64, ranks counted on. */
export interface RankData {
  readonly bpe_ranks: string;
}

/**
 * The tokens of an encoding, found by their bytes: open addressing over typed arrays, no strings and no objects.
 * o200k_base takes 8 MB, its rank data aside, and 75 ms to build.
 */
export class Vocabulary {
  readonly #pool: Uint8Array;
  /** By rank: where the token's bytes begin in the pool; the next entry is their end. */
  readonly #offsets: Uint32Array;
  /** Ranks; -1 where the slot is empty. */
  readonly #slots: Int32Array;
  readonly #hashes: Int32Array;
  readonly #mask: number;
  readonly #longest: number;
  /** Rank by pair of bytes. */
  readonly #pairs = new Int32Array(0x10000).fill(NO_RANK);

  constructor(data: RankData) {
    const { pool, starts, ends, ranks, size } = decode(data.bpe_ranks);
    this.#pool = pool;
    this.#offsets = new Uint32Array(size * 2);
    let capacity = 1;
    while (capacity < ranks.length * 2.5) capacity *= 2;
    this.#mask = capacity - 1;
    this.#slots = new Int32Array(capacity).fill(-1);
    this.#hashes = new Int32Array(capacity);
    let longest = 0;
    for (let i = 0; i < ranks.length; i++) {
      const rank = ranks[i];
      const start = starts[i];
      const end = ends[i];
      if (end - start > longest) longest = end - start;
      this.#offsets[rank * 2] = start;
      this.#offsets[rank * 2 + 1] = end;
      const hash = hashOf(pool, start, end);
      let slot = hash & this.#mask;
      while (this.#slots[slot] >= 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = rank;
      this.#hashes[slot] = hash;
      if (end - start === 2) this.#pairs[(pool[start] << 8) | pool[start + 1]] = rank;
    }
    this.#longest = longest;
  }

  /** Rank of two bytes, or `NO_RANK`. */
  rankOfPair(first: number, second: number): number {
    return this.#pairs[(first << 8) | second];
  }

  /** Rank of the token with exactly these bytes, or `NO_RANK`. */
  rankOf(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length > this.#longest) return NO_RANK;
    const hash = hashOf(bytes, start, end);
    const slots = this.#slots;
    for (let slot = hash & this.#mask; slots[slot] >= 0; slot = (slot + 1) & this.#mask) {
      if (this.#hashes[slot] === hash && this.#matches(slots[slot], bytes, start, length)) return slots[slot];
    }
    return NO_RANK;
  }

  #matches(rank: number, bytes: Uint8Array, start: number, length: number): boolean {
    const from = this.#offsets[rank * 2];
    if (this.#offsets[rank * 2 + 1] - from !== length) return false;
    for (let i = 0; i < length; i++) if (this.#pool[from + i] !== bytes[start + i]) return false;
    return true;
  }
}

/** FNV-1a (Fowler, Noll, Vo), folded so that the low bits depend on all bytes. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  return hash ^ (hash >>> 15);
}

interface Decoded {
  readonly pool: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly ranks: Uint32Array;
  /** One more than the highest rank. */
  readonly size: number;
}

function decode(text: string): Decoded {
  const count = text.split(' ').length;
  const pool = new Uint8Array(text.length);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const ranks = new Uint32Array(count);
  let tokens = 0;
  let used = 0;
  let size = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, first, ...encoded] = line.split(' ');
    let rank = Number.parseInt(first, 10);
    for (const token of encoded) {
      starts[tokens] = used;
      used = decodeBase64(token, pool, used);
      ends[tokens] = used;
      ranks[tokens++] = rank++;
    }
    if (rank > size) size = rank;
  }
  return {
    pool: pool.slice(0, used),
    starts: starts.subarray(0, tokens),
    ends: ends.subarray(0, tokens),
    ranks: ranks.subarray(0, tokens),
    size,
  };
}

const SIX_BITS = new Uint8Array(128);
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  SIX_BITS[char.charCodeAt(0)] = value;

/** Decodes in place of `Buffer.from(…, 'base64')`, which costs an object per token. Returns the end of the bytes written. */
function decodeBase64(text: string, pool: Uint8Array, from: number): number {
  let at = from;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < text.length && text.charCodeAt(i) !== 0x3d; i++) {
    bits = ((bits << 6) | SIX_BITS[text.charCodeAt(i)]) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      pool[at++] = (bits >> held) & 0xff;
    }
  }
  return at;
}
