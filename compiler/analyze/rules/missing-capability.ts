import type { Bound, PolicySet } from '../../../schema/policy-set.ts';
import { CAPABILITIES, type Capability, ENDPOINTS } from '../../../schema/vocabulary.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { governanceOf } from '../governance.ts';
import { firstFew, listNames } from '../list-names.ts';
import { nameTarget } from '../name-target.ts';
import { linksOf } from '../obstacles.ts';

/** A kind of request that a class, a virtual model or a policy is made for, and that none of its targets can serve. */
export const rule: AnalysisRule = {
  slug: 'missing-capability',
  check(set) {
    return [...checkClasses(set), ...checkVirtualModels(set), ...checkEndpoints(set)];
  },
};

function checkClasses(set: PolicySet): Diagnostic[] {
  return set.classes.flatMap(({ name, when, candidates, place }) => {
    if (candidates === null || candidates.length === 0) return [];
    if (!servesAnEndpoint(set, candidates)) return [report(set, `class \`${name}\``, '`chat` and `embeddings`', candidates, place)];
    const needsTools = when.tools !== null && !holdsForNone(when.tools);
    return needsTools && !someHave(set, candidates, 'tools')
      ? [report(set, `class \`${name}\` is for requests with tools, and`, '`tools`', candidates, place)]
      : [];
  });
}

function checkVirtualModels(set: PolicySet): Diagnostic[] {
  return set.models.flatMap(({ name, virtual, candidates, place }) =>
    virtual && candidates.length > 0 && !servesAnEndpoint(set, candidates)
      ? [report(set, `virtual model \`${name}\``, '`chat` and `embeddings`', candidates, place)]
      : [],
  );
}

/** A policy that says which endpoints it is for, where no name that it governs has a target for one of them. */
function checkEndpoints(set: PolicySet): Diagnostic[] {
  const { points, owners } = governanceOf(set);
  const targetsOf = new Map<string, Set<number>>();
  for (const [name, byPoint] of owners.entries()) {
    for (const [point, policy] of byPoint.entries()) {
      if (set.policies[policy].match.endpoint === null) continue;
      const key = `${policy} ${points[point].endpoint}`;
      const targets = targetsOf.get(key) ?? new Set();
      targetsOf.set(key, targets);
      for (const model of linksOf(set, policy, name)) for (const target of set.models[model].candidates) targets.add(target);
    }
  }
  return set.policies.flatMap(({ name, match, place }, row) =>
    (match.endpoint ?? []).flatMap((endpoint) => {
      const targets = [...(targetsOf.get(`${row} ${endpoint}`) ?? [])];
      return targets.length > 0 && !someHave(set, targets, endpoint)
        ? [report(set, `policy \`${name}\` is for \`${endpoint}\`, and`, `\`${endpoint}\``, targets, place)]
        : [];
    }),
  );
}

function report(set: PolicySet, what: string, lacks: string, targets: readonly number[], place: Diagnostic['place']): Diagnostic {
  const names = listNames(targets.map((target) => nameTarget(set, target)));
  return finding(
    'missing-capability',
    { place, length: 1 },
    `${what} can only go to ${names}, which ${targets.length > 1 ? 'lack' : 'lacks'} ${lacks}`,
    'add a target that has it, or list it under `capabilities` where the model can do it',
    firstFew(targets).map((target) => ({ message: `\`${nameTarget(set, target)}\` is defined here`, place: set.targets[target].place })),
  );
}

function servesAnEndpoint(set: PolicySet, targets: readonly number[]): boolean {
  return ENDPOINTS.some((endpoint) => someHave(set, targets, endpoint));
}

function someHave(set: PolicySet, targets: readonly number[], capability: Capability): boolean {
  return targets.some((target) => (set.targets[target].capabilities & (1 << CAPABILITIES.indexOf(capability))) !== 0);
}

/** Does the bound hold for a request without tools? */
function holdsForNone({ op, value }: Bound): boolean {
  const holds: Record<Bound['op'], boolean> = { '<': 0 < value, '<=': 0 <= value, '>': 0 > value, '>=': 0 >= value, '=': value === 0 };
  return holds[op];
}
