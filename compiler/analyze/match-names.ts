import picomatch from 'picomatch';
import type { PolicySet } from '../../schema/policy-set.ts';

/** What a `*` means, everywhere in the language. */
const GLOB_MEANING = { dot: true, strictSlashes: true };

/** Patterns that mean themselves; most do, and comparing is far cheaper than compiling. */
const LITERAL = /^[\w-]+([.:/][\w-]+)*$/;

/** By policy row: the rows of the names that its model globs match, by the name itself or by any of its hops. */
export function matchNames(set: PolicySet): number[][] {
  const everyName = [...set.names.keys()];
  const byWord = new Map<string, number[]>();
  for (const [row, { hops }] of set.names.entries()) for (const hop of new Set(hops)) byWord.set(hop, [...(byWord.get(hop) ?? []), row]);
  const words = [...byWord.keys()];
  const byGlob = new Map<string, readonly string[]>();
  const wordsOf = (glob: string): readonly string[] => {
    const known = byGlob.get(glob);
    if (known !== undefined) return known;
    const matches = LITERAL.test(glob) ? (word: string) => word === glob : picomatch(glob, GLOB_MEANING);
    const found = words.filter((word) => matches(word));
    byGlob.set(glob, found);
    return found;
  };
  return set.policies.map(({ match }) => {
    if (match.model === null) return everyName;
    const rows = new Set(match.model.flatMap(wordsOf).flatMap((word) => byWord.get(word)!));
    return [...rows].sort((a, b) => a - b);
  });
}
