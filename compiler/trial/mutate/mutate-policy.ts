import type { PolicySet } from '../../../schema/policy-set.ts';
import type { Locate } from '../locate.ts';
import type { Mutant, Mutate } from './mutant.ts';
import { mutateBudgets } from './mutate-budgets.ts';
import { mutateCategories } from './mutate-categories.ts';
import { mutateClasses } from './mutate-classes.ts';
import { mutateClassifier } from './mutate-classifier.ts';
import { mutateNames } from './mutate-names.ts';
import { mutateSlas } from './mutate-slas.ts';
import { mutateTargets } from './mutate-targets.ts';
import { mutateTraffic } from './mutate-traffic.ts';

const PARTS: readonly Mutate[] = [
  mutateTraffic,
  mutateCategories,
  mutateClasses,
  mutateClassifier,
  mutateSlas,
  mutateBudgets,
  mutateNames,
  mutateTargets,
];

/** Most mutants that are made; a policy of 50 rules has about a thousand. */
export const MOST_MUTANTS = 4_000;

/** Every policy that differs from this one in one thing; of more than `most`, an even sample. `all` = how many there are. */
export function mutatePolicy(
  set: PolicySet,
  locate: Locate,
  most = MOST_MUTANTS,
): { readonly mutants: readonly Mutant[]; readonly all: number } {
  const every = PARTS.flatMap((mutate) => mutate(set, locate));
  if (every.length <= most) return { mutants: every, all: every.length };
  return { mutants: Array.from({ length: most }, (_, i) => every[Math.floor((i * every.length) / most)]), all: every.length };
}
