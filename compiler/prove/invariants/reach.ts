import type { PolicySet } from '../../../schema/policy-set.ts';
import { CAPABILITIES, ENDPOINTS } from '../../../schema/vocabulary.ts';
import type { Situation } from './situations.ts';

/** A link of the fallback chain: its model, and the targets that a request may go to, whatever the state, as far as amounts let it. */
export interface Link {
  readonly model: number;
  readonly targets: readonly number[];
}

/** What a request is like apart from its amounts. */
export interface Asking {
  readonly situation: Situation;
  readonly class: number;
  /** Capability bits beside the endpoint's own. */
  readonly needs: number;
  /** Asks for `X-Nexus-Flexible`: whether a lower tier will do. */
  readonly flexible: boolean;
}

/** The bit of an endpoint's own capability. */
export const ownBit = (endpoint: number): number => 1 << CAPABILITIES.indexOf(ENDPOINTS[endpoint]);

/**
 * Targets by link. With all others down, any of them is chosen: its filters let it through, and its floors hold or may be relaxed; so what
 * this leaves out is exactly what no state can lead to. Only amounts (`searchAmounts`) and a given state narrow it further.
 */
export function linksOf(set: PolicySet, { situation, class: taskClass, needs, flexible }: Asking): Link[] {
  const policy = set.policies[situation.policy];
  const category = set.categories[situation.category];
  const { chain } = set.models[set.names[situation.name].model];
  const required = needs | ownBit(situation.endpoint);
  const narrowed = set.classes[taskClass].candidates;
  return (policy.fallbackAllowed ? chain : chain.slice(0, 1)).map((model): Link => {
    const { candidates, virtual } = set.models[model];
    const floor = category.strict ? floorOf(set, situation.category, model) : 0;
    const targets = candidates.filter((row) => {
      const { backend, tier, quality, capabilities } = set.targets[row];
      return (
        (required & ~capabilities) === 0 &&
        (!virtual || narrowed === null || narrowed.includes(row)) &&
        (policy.privacy !== 'restricted' || set.backends[backend].zone === 'restricted') &&
        (tier >= policy.minTier || (flexible && policy.fallbackAllowed)) &&
        quality >= floor
      );
    });
    return { model, targets };
  });
}

/** Least declared quality in micros, as a real number, for a category on a model. */
export function floorOf(set: PolicySet, category: number, model: number): number {
  const { minQuality, relativeQuality } = set.categories[category];
  const best = set.models[model].candidates.reduce((most, row) => Math.max(most, set.targets[row].quality), 0);
  return Math.max(minQuality ?? 0, relativeQuality === null ? 0 : (relativeQuality * best) / 1_000_000);
}

/** Can what is measured take a target below a floor of this policy or category? */
export function hasMeasuredFloor(set: PolicySet, { policy, category }: Situation): boolean {
  const { maxErrorRate, minSuccessRate, maxTtft, sla } = set.policies[policy];
  const row = sla ?? set.categories[category].sla;
  const bounded = row !== null && (set.slas[row].firstToken !== null || set.slas[row].total !== null);
  return (
    (maxErrorRate !== null && maxErrorRate < 1_000_000) || (minSuccessRate !== null && minSuccessRate > 0) || maxTtft !== null || bounded
  );
}
