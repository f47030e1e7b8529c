import type { Category, PolicySet } from '../../../schema/policy-set.ts';
import { DEFAULT_OUTPUT_CAP } from '../../../schema/request.ts';
import { OBJECTIVES } from '../../../schema/vocabulary.ts';
import { changeAt, type Mutate, shiftBound, shiftLimit, shiftShare, swapAt } from './mutant.ts';

/** Steps that a policy's author would notice: of a score, and of a quality. */
const SCORE_STEP = 100_000;
const QUALITY_STEP = 50_000;

/** Categories that never hold, and exchanged; each of their conditions, floors and caps dropped or shifted. */
export const mutateCategories: Mutate = (set, locate) =>
  set.categories.flatMap((category, row) => {
    const { name, implicit } = category;
    if (implicit) return [];
    const own = `category \`${name}\``;
    const next = set.categories[row + 1];
    return [
      ...(next.implicit ? [] : [{ what: `${own} behind \`${next.name}\``, place: locate('categories', name), set: swap(set, row) }]),
      ...changesOf(category).map(([words, path, change]) => ({
        what: `${own}: ${words}`,
        place: locate('categories', name, ...path),
        set: { ...set, categories: changeAt(set.categories, row, change) },
      })),
    ];
  });

type Change = [words: string, path: readonly string[], change: Partial<Category>];

function changesOf(category: Category): Change[] {
  const { when, minQuality, relativeQuality, maxCost, maxOutputTokens, sla, objective, strict } = category;
  // Tokens are never negative.
  const never = { ...when, inputTokens: { op: '<', value: 0 } as const };
  const changes: Change[] = [
    ['never by itself', ['when'], { when: never }],
    ...shiftBound(when.score, SCORE_STEP, 1e6).map(
      ([words, score]): Change => [`when.score ${words}`, ['when', 'score'], { when: { ...when, score } }],
    ),
    ...shiftBound(when.inputTokens, 1, 1).map(
      ([words, inputTokens]): Change => [`when.input_tokens ${words}`, ['when', 'input_tokens'], { when: { ...when, inputTokens } }],
    ),
    ...shiftShare(minQuality, QUALITY_STEP).map(
      ([words, value]): Change => [`min_quality ${words}`, ['min_quality'], { minQuality: value }],
    ),
    ...shiftShare(relativeQuality, QUALITY_STEP).map(
      ([words, value]): Change => [`min_quality.relative ${words}`, ['min_quality'], { relativeQuality: value }],
    ),
    ...shiftLimit(maxCost).map(([words, value]): Change => [`max_cost_per_request ${words}`, ['max_cost_per_request'], { maxCost: value }]),
    ...OBJECTIVES.filter((other) => other !== objective).map(
      (other): Change => [`objective ${objective} as ${other}`, ['objective'], { objective: other }],
    ),
    [`strict ${strict} as ${!strict}`, ['strict'], { strict: !strict }],
  ];
  if (sla !== null) changes.push(['sla dropped', ['sla'], { sla: null }]);
  // The default is nobody's decision.
  if (maxOutputTokens !== null && maxOutputTokens !== DEFAULT_OUTPUT_CAP) {
    for (const [words, value] of shiftLimit(maxOutputTokens, 1)) {
      changes.push([`max_output_tokens ${words}`, ['max_output_tokens'], { maxOutputTokens: value ?? DEFAULT_OUTPUT_CAP }]);
    }
  }
  return changes;
}

/** Rows of categories stand in policies and budgets as well. */
function swap(set: PolicySet, row: number): PolicySet {
  const moved = (at: number): number => (at === row ? row + 1 : at === row + 1 ? row : at);
  return {
    ...set,
    categories: swapAt(set.categories, row),
    policies: set.policies.map((policy) => ({
      ...policy,
      match: { ...policy.match, category: policy.match.category?.map(moved) ?? null },
    })),
    budgets: set.budgets.map((budget) => ({
      ...budget,
      scope: { ...budget.scope, category: budget.scope.category === null ? null : moved(budget.scope.category) },
    })),
  };
}
