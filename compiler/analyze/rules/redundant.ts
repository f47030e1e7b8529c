import type { PolicySet, TrafficPolicy } from '../../../schema/policy-set.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { governanceOf } from '../governance.ts';
import { firstFew, listNames } from '../list-names.ts';

/**
 * A policy without which every request would be decided the same: whatever it governs would be governed by policies that demand the same.
 * One that only names what is left over is none: the name stands in headers and logs. Nor is one that an invariant speaks of.
 */
export const rule: AnalysisRule = {
  slug: 'redundant',
  check(set) {
    const named = namedByInvariants(set);
    const heirs = heirsOf(set);
    return [...heirs].flatMap(([row, inheriting]) => {
      const policy = set.policies[row];
      const others = [...inheriting].sort((a, b) => a - b).map((heir) => set.policies[heir]);
      if (
        policy.implicit ||
        named.has(row) ||
        isKnownAsShadowed(inheriting, heirs) ||
        others.some((other) => other.implicit || demandsOf(other) !== demandsOf(policy))
      )
        return [];
      const names = listNames(others.map(({ name }) => name));
      return [
        finding(
          'redundant',
          { place: policy.place, length: 1 },
          `policy \`${policy.name}\` changes nothing: ${names} below it ${others.length === 1 ? 'demands' : 'demand'} the same of all that it matches`,
          `remove it, or give it what it is to demand`,
          firstFew(others).map(({ name, place }) => ({ message: `\`${name}\` demands the same`, place })),
        ),
      ];
    });
  },
};

/** By row of each policy that governs something: who would, if it did not. */
function heirsOf(set: PolicySet): Map<number, Set<number>> {
  const { owners, heirs } = governanceOf(set);
  const found = new Map<number, Set<number>>();
  const seen = new Set<Int32Array>();
  for (const [name, byPoint] of owners.entries()) {
    if (seen.has(byPoint)) continue;
    seen.add(byPoint);
    for (const [point, policy] of byPoint.entries()) {
      const known = found.get(policy);
      if (known === undefined) found.set(policy, new Set([heirs[name][point]].filter((heir) => heir >= 0)));
      else if (heirs[name][point] >= 0) known.add(heirs[name][point]);
    }
  }
  return found;
}

/** The other one governs nothing because of this one: that is the finding then. */
const isKnownAsShadowed = (inheriting: ReadonlySet<number>, governing: ReadonlyMap<number, unknown>): boolean =>
  [...inheriting].some((heir) => !governing.has(heir));

const demandsOf = ({ privacy, minTier, maxCost, fallbackAllowed, sla, maxErrorRate, minSuccessRate, maxTtft }: TrafficPolicy): string =>
  [privacy, minTier, maxCost, fallbackAllowed, sla, maxErrorRate, minSuccessRate, maxTtft].join();

/** `privacy` is a fact of policies, too, but names none. */
const namedByInvariants = ({ invariants }: PolicySet): Set<number> =>
  new Set(
    invariants
      .flatMap(({ when, facts }) => [...when, ...facts])
      .flatMap((fact) => (fact.kind === 'rows' && fact.fact === 'policy' ? fact.rows : [])),
  );
