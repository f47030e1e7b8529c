import { countText } from '../../../intent/tokens/count-text.ts';
import { readTerms } from '../preparation/read-terms.ts';

/** Weight of being relevant against being new; most chunks of one document. */
const RELEVANCE = 0.7;
const MOST_OF_DOCUMENT = 4;
/** Share of words from which on two texts say the same. */
const SAME = 0.9;

const ENCODING = 'o200k_base';

export interface PackCandidate {
  /** Of its document, over all sources. */
  readonly origin: string;
  readonly text: string;
  readonly score: number;
}

export interface ChosenItems<Candidate> {
  readonly items: readonly Candidate[];
  /** What a model is given. */
  readonly text: string;
  /** Of that text, counted with `o200k_base`; never over the budget. */
  readonly tokens: number;
}

/**
 * What goes into a pack: one candidate after the other, each the best by its place and by how little of it is there already (maximal marginal
 * relevance; J. Carbonell, J. Goldstein, SIGIR 1998), as long as it fits. The same candidates give the same pack.
 *
 * @param candidates Best first.
 */
export function chooseItems<Candidate extends PackCandidate>(
  candidates: readonly Candidate[],
  budget: number,
  write: (items: readonly Candidate[]) => string,
): ChosenItems<Candidate> {
  const best = candidates[0]?.score ?? 1;
  const left = candidates.map((candidate) => ({ candidate, words: new Set(readTerms(candidate.text).keys()), likeness: 0 }));
  const chosen: Candidate[] = [];
  const of = new Map<string, number>();
  let tokens = 0;
  while (left.length > 0) {
    const worth = ({ candidate, likeness }: (typeof left)[number]): number =>
      (RELEVANCE * candidate.score) / best - (1 - RELEVANCE) * likeness;
    const row = left.reduce((top, next, i) => (worth(next) > worth(left[top]) ? i : top), 0);
    const [{ candidate, words, likeness }] = left.splice(row, 1);
    if (likeness >= SAME || (of.get(candidate.origin) ?? 0) >= MOST_OF_DOCUMENT) continue;
    const own = count(write([candidate]));
    if (tokens + own > budget) continue;
    chosen.push(candidate);
    tokens += own;
    of.set(candidate.origin, (of.get(candidate.origin) ?? 0) + 1);
    for (const other of left) other.likeness = Math.max(other.likeness, share(words, other.words));
  }
  // Texts one behind the other may take more tokens than each for itself, or fewer: the whole is what counts.
  for (;;) {
    const text = write(chosen);
    const whole = count(text);
    if (whole <= budget) return { items: chosen, text, tokens: whole };
    chosen.pop();
  }
}

/** Jaccard: what two sets share, of all that they have. */
function share(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let both = 0;
  for (const word of a) if (b.has(word)) both++;
  return both === 0 ? 0 : both / (a.size + b.size - both);
}

function count(text: string): number {
  return countText(ENCODING, text, Number.POSITIVE_INFINITY).tokens;
}
