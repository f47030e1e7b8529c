import type { PolicySet } from '../../../schema/policy-set.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { governanceOf } from '../governance.ts';
import { firstFew, listNames } from '../list-names.ts';

/** A policy that can never match: earlier ones take all that it matches, or nothing that it matches exists. */
export const rule: AnalysisRule = {
  slug: 'shadowed',
  check(set) {
    const { owners, namesOf, pointsOf } = governanceOf(set);
    const governing = new Set(owners.flatMap((byPoint) => [...new Set(byPoint)]));
    return set.policies.flatMap((policy, row) => {
      if (policy.implicit || governing.has(row)) return [];
      const blockers = new Set(namesOf[row].flatMap((name) => pointsOf[row].map((point) => owners[name][point])));
      return [blockers.size > 0 ? reportBlockers(set, row, [...blockers]) : reportNothing(set, row, namesOf[row].length === 0)];
    });
  },
};

function reportBlockers(set: PolicySet, row: number, blockers: readonly number[]): Diagnostic {
  const policy = set.policies[row];
  const earlier = [...blockers].sort((a, b) => a - b).map((blocker) => set.policies[blocker]);
  const names = listNames(earlier.map(({ name }) => name));
  const verb = earlier.length === 1 ? 'matches' : 'match';
  return finding(
    'shadowed',
    { place: policy.place, length: 1 },
    `policy \`${policy.name}\` can never match: ${names} above it ${verb} everything that it does`,
    `move it above \`${earlier[0].name}\`, let ${earlier.length === 1 ? 'that' : 'those'} match less, or remove it; the first policy that matches wins`,
    firstFew(earlier).map(({ name, place }) => ({ message: `\`${name}\` matches first`, place })),
  );
}

function reportNothing(set: PolicySet, row: number, noName: boolean): Diagnostic {
  const { name, place, match } = set.policies[row];
  const [why, help] = noName
    ? [`no model or alias matches ${listNames(match.model ?? [])}`, 'correct the pattern, or remove the policy; names are case-sensitive']
    : [
        'no caller, category and endpoint that there is meets its conditions',
        'correct `key`, `team` or `label` to what `keys` defines, or remove the policy',
      ];
  return finding('shadowed', { place, length: 1 }, `policy \`${name}\` can never match: ${why}`, help);
}
