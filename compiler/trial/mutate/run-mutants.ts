import { judgeOutcome } from '../judge-outcome.ts';
import { loadCandidate } from '../load-candidate.ts';
import type { PreparedTest } from '../prepared-test.ts';
import { searcherOf, type Witness } from '../search/find-witness.ts';
import { type Candidate, tryRouter } from '../try-router.ts';
import type { Mutant } from './mutant.ts';

/** killed: a test fails; equivalent: no request tells it from the policy; unknown: none was found in a sample; survived: one was. */
export type Fate = 'killed' | 'survived' | 'equivalent' | 'unknown';

export interface MutantResult {
  readonly mutant: Mutant;
  readonly fate: Fate;
  /** Name of the first test that fails. */
  readonly killer: string | null;
  /** A request that would kill it. */
  readonly witness: Witness | null;
}

/** Requests that may be looked at for one survivor, and for all of them. */
const MOST_EACH = 600_000;
const MOST_ALL = 30_000_000;

/** Runs the tests against every mutant, and looks for a request that would kill those that no test kills. */
export async function runMutants(
  original: Candidate & { readonly text: string },
  mutants: readonly Mutant[],
  tests: readonly PreparedTest[],
  progress: (done: number, result: MutantResult) => void = () => {},
): Promise<MutantResult[]> {
  const results: MutantResult[] = [];
  const searcher = searcherOf(original);
  let left = MOST_ALL;
  for (const mutant of mutants) {
    const result = await runMutant(mutant);
    results.push(result);
    progress(results.length, result);
  }
  return results;

  async function runMutant(mutant: Mutant): Promise<MutantResult> {
    const candidate = await loadCandidate(mutant.set);
    if (candidate.text === original.text) return { mutant, fate: 'equivalent', killer: null, witness: null };
    const killer = tests.find((test) => judgeOutcome(test.test.expect, tryRouter(candidate, test)).length > 0);
    if (killer) return { mutant, fate: 'killed', killer: killer.test.name, witness: null };
    const { witness, isWhole, looked } = searcher.findWitness(candidate, Math.min(MOST_EACH, left));
    left -= looked;
    return { mutant, fate: witness !== null ? 'survived' : isWhole ? 'equivalent' : 'unknown', killer: null, witness };
  }
}

/** Killed among those that can be, in percent. Nothing to kill is nothing missed. */
export function scoreOf(results: readonly MutantResult[]): number {
  const counted = results.filter(({ fate }) => fate !== 'equivalent').length;
  return counted === 0 ? 100 : (100 * results.filter(({ fate }) => fate === 'killed').length) / counted;
}
