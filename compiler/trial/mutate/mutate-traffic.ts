import type { Match, PolicySet, TrafficPolicy } from '../../../schema/policy-set.ts';
import { ENDPOINTS } from '../../../schema/vocabulary.ts';
import { matches } from '../../resolve/glob.ts';
import { changeAt, type Mutate, shiftLimit, swapAt, without } from './mutant.ts';

/** Policies removed and exchanged; each of their conditions and constraints dropped, turned around or shifted. */
export const mutateTraffic: Mutate = (set, locate) =>
  set.policies.flatMap((policy, row) => {
    if (policy.implicit) return [];
    const { name } = policy;
    const own = `policy \`${name}\``;
    const place = locate('traffic', name);
    const changed = (words: string, key: string, change: Partial<TrafficPolicy>) => ({
      what: `${own}: ${words}`,
      place: locate('traffic', name, key),
      set: { ...set, policies: changeAt(set.policies, row, change) },
    });
    const next = set.policies[row + 1];
    return [
      { what: `${own} removed`, place, set: { ...set, policies: without(set.policies, row) } },
      ...(next.implicit ? [] : [{ what: `${own} behind \`${next.name}\``, place, set: { ...set, policies: swapAt(set.policies, row) } }]),
      ...constraintsOf(policy).map(([words, key, change]) => changed(words, key, change)),
      ...matchesOf(set, policy).map(([words, key, match]) => ({
        ...changed(words, key, { match }),
        place: locate('traffic', name, 'match', key),
      })),
    ];
  });

function constraintsOf(policy: TrafficPolicy): [words: string, key: string, change: Partial<TrafficPolicy>][] {
  const { privacy, minTier, maxCost, fallbackAllowed, sla, maxErrorRate, minSuccessRate, maxTtft } = policy;
  const tiers = [minTier - 1, minTier + 1].filter((tier) => tier >= 1 && tier <= 5);
  const other = privacy === 'restricted' ? 'unrestricted' : 'restricted';
  return [
    [`privacy ${privacy} as ${other}`, 'privacy', { privacy: other }],
    ...tiers.map((tier): [string, string, Partial<TrafficPolicy>] => [`min_tier ${minTier} as ${tier}`, 'min_tier', { minTier: tier }]),
    [`fallback_allowed ${fallbackAllowed} as ${!fallbackAllowed}`, 'fallback_allowed', { fallbackAllowed: !fallbackAllowed }],
    ...limit('max_cost_per_request', maxCost, (value) => ({ maxCost: value })),
    ...(sla === null ? [] : ([['sla dropped', 'sla', { sla: null }]] as [string, string, Partial<TrafficPolicy>][])),
    ...limit('max_error_rate', maxErrorRate, (value) => ({ maxErrorRate: value })),
    ...limit('min_success_rate', minSuccessRate, (value) => ({ minSuccessRate: value })),
    ...limit('max_ttft', maxTtft, (value) => ({ maxTtft: value })),
  ];
}

function limit(
  key: string,
  value: number | null,
  change: (value: number | null) => Partial<TrafficPolicy>,
): [words: string, key: string, change: Partial<TrafficPolicy>][] {
  return shiftLimit(value).map(([words, shifted]) => [`${key} ${words}`, key, change(shifted)]);
}

function matchesOf(set: PolicySet, { match }: TrafficPolicy): [words: string, key: string, match: Match][] {
  const found: [string, string, Match][] = [];
  const add = (words: string, key: keyof Match, value: Match[keyof Match]): void => {
    found.push([words, key, { ...match, [key]: value }]);
  };
  const everyOne = <Value>(
    key: keyof Match,
    values: readonly Value[] | null,
    all: readonly Value[],
    word: (value: Value) => string,
  ): void => {
    if (values === null) return;
    add(`match.${key} dropped`, key, null);
    add(`match.${key} negated`, key, all.filter((value) => !values.includes(value)) as never);
    if (values.length > 1)
      for (const [i, value] of values.entries()) add(`match.${key} without \`${word(value)}\``, key, without(values, i) as never);
  };
  if (match.model !== null) {
    const globs = match.model;
    const others = set.names.filter(({ hops }) => !hops.some((hop) => globs.some((glob) => matches(glob, hop))));
    if (!globs.includes('*')) add('match.model as `*`', 'model', ['*']);
    add(
      'match.model negated',
      'model',
      others.map(({ name }) => name.replaceAll(/[*?[\]{}()!+@|\\]/g, '\\$&')),
    );
    if (globs.length > 1) {
      for (const [i, glob] of globs.entries()) add(`match.model without \`${glob}\``, 'model', without(globs, i));
    }
  }
  const declared = set.callers.filter(({ implicit }) => !implicit);
  const teams = [...new Set(declared.map(({ team }) => team).filter((team) => team !== null))];
  const categories = set.categories.map((_, row) => row);
  everyOne(
    'key',
    match.key,
    declared.map(({ name }) => name),
    String,
  );
  everyOne('team', match.team, teams, String);
  everyOne('category', match.category, categories, (row) => set.categories[row].name);
  everyOne('endpoint', match.endpoint, ENDPOINTS, String);
  const labels = Object.entries(match.label ?? {});
  for (const [i, [label]] of labels.entries()) {
    add(`match.label without \`${label}\``, 'label', labels.length === 1 ? null : Object.fromEntries(without(labels, i)));
  }
  return found;
}
