import type { PolicySet, TrafficPolicy } from '../../../schema/policy-set.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { governanceOf } from '../governance.ts';

/** How strict a policy is in one respect: the higher, the stricter. */
const RESPECTS: Readonly<Record<string, (policy: TrafficPolicy) => number>> = {
  privacy: ({ privacy }) => (privacy === 'restricted' ? 1 : 0),
  min_tier: ({ minTier }) => minTier,
  max_cost_per_request: ({ maxCost }) => -(maxCost ?? Number.POSITIVE_INFINITY),
};

interface Escape {
  readonly respect: string;
  /** Rows of names. */
  readonly strict: number;
  readonly loose: number;
  /** Row of the policy that governs the loose name. */
  readonly policy: number;
}

/** A policy on one name of a model, while the same caller reaches the same model by another name under a looser one. */
export const rule: AnalysisRule = {
  slug: 'looser-alias',
  check(set) {
    return [...findEscapes(set)].sort(([a], [b]) => a - b).map(([policy, found]) => report(set, policy, found));
  },
};

/** The first escape from each policy. */
function findEscapes(set: PolicySet): Map<number, Escape> {
  const { points, owners } = governanceOf(set);
  const escapes = new Map<number, Escape>();
  for (const names of namesByModel(set)) {
    // Names that no policy tells apart share their owners, and cannot be an escape from one another.
    if (new Set(names.map((name) => owners[name])).size < 2) continue;
    for (const point of points.keys()) {
      for (const [respect, strictness] of Object.entries(RESPECTS)) {
        const grade = (name: number) => strictness(set.policies[owners[name][point]]);
        const loose = names.reduce((loosest, name) => (grade(name) < grade(loosest) ? name : loosest));
        for (const strict of names) {
          const policy = owners[strict][point];
          if (grade(strict) > grade(loose) && !escapes.has(policy))
            escapes.set(policy, { respect, strict, loose, policy: owners[loose][point] });
        }
      }
    }
  }
  return escapes;
}

function namesByModel(set: PolicySet): number[][] {
  const byModel = new Map<number, number[]>();
  for (const [row, { model }] of set.names.entries()) byModel.set(model, [...(byModel.get(model) ?? []), row]);
  return [...byModel.values()].filter((names) => names.length > 1);
}

function report(set: PolicySet, row: number, { respect, strict, loose, policy }: Escape): Diagnostic {
  const { name, place } = set.policies[row];
  const looser = set.policies[policy];
  const [strictName, looseName] = [set.names[strict], set.names[loose]];
  const under = looser.implicit ? 'no policy' : `policy \`${looser.name}\``;
  return finding(
    'looser-alias',
    { place, length: 1 },
    `policy \`${name}\` holds for \`${strictName.name}\`, but \`${looseName.name}\` reaches the same model under ${under}, which is looser in \`${respect}\``,
    `let \`${name}\` match \`${looseName.name}\` too${looser.implicit ? '' : `, above \`${looser.name}\``}, or remove the other name`,
    [
      { message: `\`${looseName.name}\` is defined here`, place: looseName.place },
      ...(looser.implicit ? [] : [{ message: `\`${looser.name}\` is looser`, place: looser.place }]),
    ],
  );
}
