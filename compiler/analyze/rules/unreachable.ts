import type { PolicySet } from '../../../schema/policy-set.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { governanceOf } from '../governance.ts';
import { firstFew, listNames } from '../list-names.ts';
import { nameTarget } from '../name-target.ts';
import { findObstacles, linksOf, obstacleSet, servesEndpoint } from '../obstacles.ts';
import { findUnsatisfiable } from './unsatisfiable.ts';

/** A backend, or one target of it, that no request can reach: whatever the name, the caller, the state, and what floors it lets go. */
export const rule: AnalysisRule = {
  slug: 'unreachable',
  check(set) {
    const blockers = findBlockers(set);
    const rejecting = blockers.size === 0 ? new Set<number>() : findUnsatisfiable(set);
    // What only policies that reject everything keep away is theirs to report.
    for (const [target, policies] of blockers)
      if (policies.size > 0 && [...policies].every((policy) => rejecting.has(policy))) blockers.delete(target);
    const rowsOf = (backend: number) => [...set.targets.keys()].filter((target) => set.targets[target].backend === backend);
    return set.backends.flatMap((backend, row) => {
      const targets = rowsOf(row);
      const cut = targets.filter((target) => blockers.has(target));
      const whole = cut.length > 0 && cut.length === targets.length;
      return (whole ? [cut] : cut.map((target) => [target])).map((rows) => {
        const policies = [...new Set(rows.flatMap((target) => [...blockers.get(target)!]))]
          .sort((a, b) => a - b)
          .map((policy) => set.policies[policy]);
        const stated = policies.filter(({ implicit }) => !implicit);
        const what = whole ? `backend \`${backend.name}\`` : `target \`${nameTarget(set, rows[0])}\``;
        const why =
          stated.length > 0
            ? `${listNames(stated.map(({ name }) => name))} ${stated.length > 1 ? 'keep' : 'keeps'} every request away`
            : 'it serves no request';
        return finding(
          'unreachable',
          { place: whole ? backend.place : set.targets[rows[0]].place, length: 1 },
          `no request can reach ${what}: ${why}`,
          'relax the policy, give the target what it lacks (zone, tier, capabilities, price), or remove it',
          firstFew(stated).map(({ name, place }) => ({ message: `\`${name}\` keeps requests away`, place })),
        );
      });
    });
  },
};

/** Targets that no request can reach, with the rows of the policies that govern the requests which could. */
function findBlockers(set: PolicySet): Map<number, Set<number>> {
  const { points, owners } = governanceOf(set);
  const blockers = new Map([...set.targets.keys()].map((target) => [target, new Set<number>()]));
  for (const [name, byPoint] of owners.entries()) {
    if (blockers.size === 0) break;
    for (const [point, policy] of byPoint.entries()) {
      const relaxable = set.policies[policy].fallbackAllowed ? obstacleSet(['tier']) : 0;
      for (const model of linksOf(set, policy, name)) {
        for (const target of set.models[model].candidates) {
          const blocking = blockers.get(target);
          if (blocking === undefined || !servesEndpoint(set, target, points[point].endpoint)) continue;
          if ((findObstacles(set, { policy, point: points[point], model, target }) & ~relaxable) === 0) blockers.delete(target);
          else blocking.add(policy);
        }
      }
    }
  }
  return blockers;
}
