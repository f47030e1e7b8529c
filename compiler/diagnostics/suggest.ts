/** Words longer than this are not compared: names of the language are short, and the cost is the product of the lengths. */
const LONGEST = 64;

/** Candidates compared at most; beyond it the closest of the first ones is good enough. */
const MOST = 5_000;

/** Fewer letters than this in common at the beginning say nothing. */
const SHORTEST_STEM = 3;

/** The candidate that `word` is most likely a misspelling of, or null where none is near. Ties go to the earlier candidate. */
export function suggest(word: string, candidates: Iterable<string>): string | null {
  if (word.length === 0 || word.length > LONGEST) return null;
  const lower = word.toLowerCase();
  let best: string | null = null;
  // A third of the word may be wrong, of a short one a letter; where every letter is, nothing is left to recognize.
  let least = Math.min(Math.max(1, Math.floor(lower.length / 3)), lower.length - 1) + 1;
  let seen = 0;
  for (const candidate of candidates) {
    if (++seen > MOST) break;
    if (candidate.length > LONGEST || Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best ?? beginningAlike(lower, candidates);
}

/** `alias` for `aliases`: whole, but cut short or drawn out. */
function beginningAlike(lower: string, candidates: Iterable<string>): string | null {
  if (lower.length < SHORTEST_STEM) return null;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    if (other.startsWith(lower) || (other.length >= SHORTEST_STEM && lower.startsWith(other))) return candidate;
  }
  return null;
}

/**
 * Fewest insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment:
 * F. J. Damerau, "A technique for computer detection and correction of spelling errors", CACM 7(3), 1964).
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    before = last;
    last = row;
  }
  return last[b.length];
}

/** `did you mean `x``, or the remedy that stands where nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise: string): string {
  const near = suggest(word, candidates);
  return near === null || near === word ? otherwise : `did you mean \`${near}\``;
}
