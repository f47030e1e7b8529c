import fc from 'fast-check';
import type { PolicySet } from '../../../schema/policy-set.ts';

type Edit = (set: PolicySet, pick: (length: number) => number) => PolicySet;

const replace = <Row>(rows: readonly Row[], at: number, change: (row: Row) => Row): Row[] =>
  rows.map((row, index) => (index === at ? change(row) : row));

/** What people change in a policy, one thing at a time. */
const EDITS: Readonly<Record<string, Edit>> = {
  privacy: (set, pick) => ({
    ...set,
    policies: replace(set.policies, pick(set.policies.length), (policy) => ({
      ...policy,
      privacy: policy.privacy === 'restricted' ? 'unrestricted' : 'restricted',
    })),
  }),
  tier: (set, pick) => ({
    ...set,
    policies: replace(set.policies, pick(set.policies.length), (policy) => ({ ...policy, minTier: 1 + pick(5) })),
  }),
  cap: (set, pick) => ({
    ...set,
    policies: replace(set.policies, pick(set.policies.length), (policy) => ({ ...policy, maxCost: [null, 1e6, 1e8, 1e10][pick(4)] })),
  }),
  fallback: (set, pick) => ({
    ...set,
    policies: replace(set.policies, pick(set.policies.length), (policy) => ({ ...policy, fallbackAllowed: !policy.fallbackAllowed })),
  }),
  'measured floor': (set, pick) => ({
    ...set,
    policies: replace(set.policies, pick(set.policies.length), (policy) => ({ ...policy, maxErrorRate: [null, 50_000, 500_000][pick(3)] })),
  }),
  order: (set, pick) => {
    const [first, ...rest] = set.policies.slice(0, -1);
    return first
      ? {
          ...set,
          policies: [...rest.slice(0, pick(rest.length + 1)), first, ...rest.slice(pick(rest.length + 1)), set.policies.at(-1)!].filter(
            (row, at, rows) => rows.indexOf(row) === at,
          ),
        }
      : set;
  },
  'price of a target': (set, pick) => ({
    ...set,
    targets: replace(set.targets, pick(set.targets.length), (target) => ({
      ...target,
      price: { input: 1_000_000 * (1 + pick(9)), output: 4_000_000, cachedInput: null, source: 'policy' },
    })),
  }),
  context: (set, pick) => ({
    ...set,
    targets: replace(set.targets, pick(set.targets.length), (target) => ({ ...target, context: [null, 5_000, 20_000][pick(3)] })),
  }),
  quality: (set, pick) => ({
    ...set,
    targets: replace(set.targets, pick(set.targets.length), (target) => ({ ...target, quality: 100_000 * pick(11) })),
  }),
  'category floor': (set, pick) => ({
    ...set,
    categories: replace(set.categories, pick(set.categories.length), (category) => ({ ...category, minQuality: [null, 500_000][pick(2)] })),
  }),
  'category strict': (set, pick) => ({
    ...set,
    categories: replace(set.categories, pick(set.categories.length), (category) => ({ ...category, strict: !category.strict })),
  }),
  'category objective': (set, pick) => ({
    ...set,
    categories: replace(set.categories, pick(set.categories.length), (category) => ({
      ...category,
      objective: (['cost', 'quality', 'balanced'] as const)[pick(3)],
    })),
  }),
  'output cap': (set, pick) => ({
    ...set,
    categories: replace(set.categories, pick(set.categories.length), (category) => ({
      ...category,
      maxOutputTokens: [null, 64, 1_024][pick(3)],
    })),
  }),
  'token bound': (set, pick) => ({
    ...set,
    categories: replace(set.categories, pick(set.categories.length), (category) =>
      category.implicit ? category : { ...category, when: { ...category.when, inputTokens: { op: '<', value: 100 * (1 + pick(20)) } } },
    ),
  }),
  'score bound': (set, pick) => ({
    ...set,
    categories: replace(set.categories, pick(set.categories.length), (category) =>
      category.implicit ? category : { ...category, when: { ...category.when, score: { op: '<', value: 100_000 * pick(10) } } },
    ),
  }),
  'budget action': (set, pick) => ({
    ...set,
    budgets: replace(set.budgets, pick(Math.max(1, set.budgets.length)), (budget) => ({
      ...budget,
      hardLimitAction: (['warn', 'block_cloud', 'block_all'] as const)[pick(3)],
    })),
  }),
  nothing: (set) => ({ ...set }),
};

/** A policy after one edit, which may come to nothing, and what it was. */
export const anyEdit = (set: PolicySet): fc.Arbitrary<{ readonly what: string; readonly now: PolicySet }> =>
  fc.tuple(fc.constantFrom(...Object.keys(EDITS)), fc.array(fc.nat(1_000), { minLength: 4, maxLength: 4 })).map(([what, draws]) => {
    let turn = 0;
    return { what, now: EDITS[what](set, (length) => draws[turn++ % draws.length] % length) };
  });
