import type { Named } from '../parse/merge.ts';
import { spotAt } from '../parse/spot-at.ts';
import type { Desk, Register } from './desk.ts';

const MOST_FALLBACKS = 3;

/** By row of the model, the rows of its fallbacks. */
export function resolveFallbacks(meanings: Register, desk: Desk): Map<number, number[]> {
  const chains = new Map<number, number[]>();
  const firsts = new Map<number, Named<unknown>>();
  for (const named of desk.sections.fallbacks) {
    if (named.broken) continue;
    const row = meanings.find(named.name, named.spot, desk);
    const chain: number[] = [];
    const excess = named.entry[MOST_FALLBACKS];
    if (excess !== undefined) {
      desk.report(
        'fallback-depth',
        spotAt(named.tree, MOST_FALLBACKS),
        `\`${named.name}\` has ${named.entry.length} fallbacks, at most ${MOST_FALLBACKS} are taken`,
        'keep the best three',
      );
      continue;
    }
    for (const [index, name] of named.entry.entries()) {
      const spot = spotAt(named.tree, index);
      const fallback = meanings.find(name, spot, desk);
      if (fallback === null || row === null) continue;
      if (fallback === row || chain.includes(fallback)) {
        const what = fallback === row ? `\`${name}\` falls back to itself` : `\`${name}\` is a fallback of \`${named.name}\` twice`;
        desk.report('fallback-depth', spot, what, 'remove it: a model is tried once');
      } else chain.push(fallback);
    }
    if (row === null) continue;
    const first = firsts.get(row);
    if (first !== undefined) {
      desk.report(
        'duplicate-name',
        named.spot,
        `\`${named.name}\` and \`${first.name}\` mean the same model, and both have fallbacks`,
        'keep one of the two',
        [{ message: `the fallbacks of \`${first.name}\` are here`, place: first.spot.place }],
      );
      continue;
    }
    firsts.set(row, named);
    chains.set(row, chain);
  }
  return chains;
}
