import type { PolicySet } from '../../../schema/policy-set.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { governanceOf } from '../governance.ts';
import { firstFew, listNames } from '../list-names.ts';
import { nameTarget } from '../name-target.ts';
import { findObstacles, linksOf, type Obstacle, obstaclesIn, servesEndpoint } from '../obstacles.ts';

/** What a policy's requests run into, over all names, points and candidates. */
interface Outlook {
  /** Distinct sets of obstacles; one that is empty means that there is a way. */
  readonly met: Set<number>;
  readonly names: Set<number>;
  readonly targets: Map<number, number>;
  readonly categories: Set<number>;
}

/** A policy under which every request of a caller who asks for nothing special is rejected, whatever is up. */
export const rule: AnalysisRule = {
  slug: 'unsatisfiable',
  check(set) {
    return [...lookOut(set)].flatMap(([policy, outlook]) => {
      if (!rejectsAll(set, policy, outlook)) return [];
      return [report(set, policy, outlook, obstaclesIn(smallestBinding(outlook.met)))];
    });
  },
};

/** Rows of the policies that this rule reports. */
export function findUnsatisfiable(set: PolicySet): Set<number> {
  return new Set([...lookOut(set)].flatMap(([policy, outlook]) => (rejectsAll(set, policy, outlook) ? [policy] : [])));
}

const rejectsAll = (set: PolicySet, policy: number, { met }: Outlook): boolean =>
  !set.policies[policy].implicit && met.size > 0 && !met.has(0);

function lookOut(set: PolicySet): Map<number, Outlook> {
  const { points, owners } = governanceOf(set);
  const outlooks = new Map<number, Outlook>();
  for (const [name, byPoint] of owners.entries()) {
    for (const [point, policy] of byPoint.entries()) {
      const outlook = outlooks.get(policy) ?? { met: new Set(), names: new Set(), targets: new Map(), categories: new Set() };
      outlooks.set(policy, outlook);
      if (outlook.met.has(0)) continue;
      outlook.names.add(name);
      outlook.categories.add(points[point].category);
      for (const model of linksOf(set, policy, name)) {
        for (const target of set.models[model].candidates) {
          // Where nothing serves the endpoint, a capability is missing, which is another finding.
          if (!servesEndpoint(set, target, points[point].endpoint)) continue;
          const obstacles = findObstacles(set, { policy, point: points[point], model, target });
          outlook.met.add(obstacles);
          outlook.targets.set(target, obstacles);
        }
      }
    }
  }
  return outlooks;
}

/** The fewest obstacles that leave no way by themselves; of equally few the first in the order of `OBSTACLES`. */
function smallestBinding(met: ReadonlySet<number>): number {
  const every = [...met].reduce((all, obstacles) => all | obstacles, 0);
  const choices = Array.from({ length: every + 1 }, (_, bits) => bits).filter((bits) => (bits & ~every) === 0);
  const binding = choices.filter((bits) => [...met].every((obstacles) => (obstacles & bits) !== 0));
  return binding.sort((a, b) => obstaclesIn(a).length - obstaclesIn(b).length || a - b)[0];
}

function report(set: PolicySet, policy: number, outlook: Outlook, binding: readonly Obstacle[]): Diagnostic {
  const { name, place, fallbackAllowed } = set.policies[policy];
  const constraints = binding.map((obstacle) => describe(set, policy, outlook, obstacle));
  const rejected = binding.length > 1 ? 'together exclude' : 'excludes';
  const candidates = outlook.targets.size === 1 ? 'the only target' : `all ${outlook.targets.size} targets`;
  const unless = fallbackAllowed && binding.includes('tier') ? ' from callers who do not ask for `X-Nexus-Flexible`' : '';
  return finding(
    'unsatisfiable',
    { place, length: 1 },
    `policy \`${name}\` rejects every request${unless}: ${joinWords(constraints)} ${rejected} ${candidates} of ${listNames([...outlook.names].map((row) => set.names[row].name))}`,
    `${HELP[binding[0]]}, or add a target that meets ${binding.length > 1 ? 'them' : 'it'}`,
    firstFew([...outlook.targets]).map(([target, obstacles]) => ({
      message: `\`${nameTarget(set, target)}\` ${joinWords(
        obstaclesIn(obstacles)
          .filter((obstacle) => binding.includes(obstacle))
          .map((obstacle) => fault(set, target, obstacle)),
      )}`,
      place: set.targets[target].place,
    })),
  );
}

const HELP: Record<Obstacle, string> = {
  privacy: 'relax `privacy`',
  cost: 'raise `max_cost_per_request`',
  tier: 'lower `min_tier`',
  quality: 'lower the floor of the category, or do not make it `strict`',
};

function describe(set: PolicySet, policy: number, { categories }: Outlook, obstacle: Obstacle): string {
  const { minTier, maxCost } = set.policies[policy];
  const names = (has: (row: number) => boolean) => listNames([...categories].filter(has).map((row) => set.categories[row].name));
  const texts: Record<Obstacle, () => string> = {
    privacy: () => '`privacy: restricted`',
    cost: () =>
      maxCost === null ? `\`max_cost_per_request\` of ${names((row) => set.categories[row].maxCost !== null)}` : '`max_cost_per_request`',
    tier: () => `\`min_tier: ${minTier}\``,
    quality: () => `\`min_quality\` of ${names((row) => set.categories[row].strict)}`,
  };
  return texts[obstacle]();
}

function fault(set: PolicySet, target: number, obstacle: Obstacle): string {
  const { tier, price, backend } = set.targets[target];
  const texts: Record<Obstacle, string> = {
    privacy: `is in zone ${set.backends[backend].zone}`,
    cost: price.source === 'unknown' ? 'has no known price' : 'costs more for a single token',
    tier: `has tier ${tier}`,
    quality: 'is below the floor',
  };
  return texts[obstacle];
}

function joinWords(words: readonly string[]): string {
  return words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}` : words.join('');
}
