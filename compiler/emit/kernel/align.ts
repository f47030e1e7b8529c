/**
 * Masks as they are written on the page (one digit a target, first target leftmost, 32 to a word) to masks as they are laid:
 * target t is bit 31 − (t & 31) of word t >> 5.
 */
export function align(rows: readonly (number | readonly number[])[], targets: number): number[] {
  const last = targets % 32 === 0 ? 0 : 32 - (targets % 32);
  return rows.flatMap((row) => {
    const words = typeof row === 'number' ? [row] : [...row];
    const end = words.length - 1;
    if (end >= 0) words[end] = (words[end]! << last) >>> 0;
    return words;
  });
}
