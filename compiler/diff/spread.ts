/** Small, seeded, the same everywhere: xorshift32 (Marsaglia, J. Stat. Soft. 8(14), 2003). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** A step that spreads over a space of this size and visits nothing twice: near the golden section, and prime to the size. */
export function strideOver(size: number): number {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  let step = Math.floor(size * 0.6180339887498949) | 1;
  while (gcd(step, size) !== 1) step += 2;
  return step;
}
