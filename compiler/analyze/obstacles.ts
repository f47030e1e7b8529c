import type { PolicySet } from '../../schema/policy-set.ts';
import { CAPABILITIES, type Endpoint } from '../../schema/vocabulary.ts';
import type { Point } from './governance.ts';

/** What keeps a target from a request that it could serve, whatever the state of the world is; each one bit of a set. */
export const OBSTACLES = ['privacy', 'cost', 'tier', 'quality'] as const;
export type Obstacle = (typeof OBSTACLES)[number];

export interface Way {
  readonly policy: number;
  readonly point: Pick<Point, 'category' | 'endpoint'>;
  /** Row of the model of the link: relative floors refer to its best candidate. */
  readonly model: number;
  readonly target: number;
}

/**
 * Set of the obstacles on this way, for the request that meets the fewest: one token in, one out. A floor counts where the request
 * cannot have it relaxed: quality only in a strict category, tier as callers get it by default, that is always.
 */
export function findObstacles(set: PolicySet, { policy, point, model, target }: Way): number {
  const { privacy, minTier, maxCost } = set.policies[policy];
  const category = set.categories[point.category];
  const { backend, quality, tier, price } = set.targets[target];
  const output = point.endpoint === 'embeddings' ? 0 : Math.min(1, set.classifier.expectedOutputTokens);
  const estimate = price.input + output * price.output;
  const met: Record<Obstacle, boolean> = {
    privacy: privacy === 'restricted' && set.backends[backend].zone !== 'restricted',
    cost: [maxCost, category.maxCost].some((cap) => cap !== null && estimate > cap),
    tier: tier < minTier,
    quality: category.strict && isBelowFloor(set, point.category, model, quality),
  };
  return obstacleSet(OBSTACLES.filter((obstacle) => met[obstacle]));
}

export function obstacleSet(obstacles: readonly Obstacle[]): number {
  return obstacles.reduce((bits, obstacle) => bits | (1 << OBSTACLES.indexOf(obstacle)), 0);
}

export function obstaclesIn(bits: number): Obstacle[] {
  return OBSTACLES.filter((_, bit) => (bits & (1 << bit)) !== 0);
}

/** Does a target have the capability that the endpoint itself is? */
export function servesEndpoint(set: PolicySet, target: number, endpoint: Endpoint): boolean {
  return (set.targets[target].capabilities & (1 << CAPABILITIES.indexOf(endpoint))) !== 0;
}

/** Rows of the models that are tried for a name under a policy. */
export function linksOf(set: PolicySet, policy: number, name: number): readonly number[] {
  const { chain } = set.models[set.names[name].model];
  return set.policies[policy].fallbackAllowed ? chain : chain.slice(0, 1);
}

function isBelowFloor(set: PolicySet, category: number, model: number, quality: number): boolean {
  const { minQuality, relativeQuality } = set.categories[category];
  if (minQuality !== null && quality < minQuality) return true;
  if (relativeQuality === null) return false;
  const best = set.models[model].candidates.reduce((most, row) => Math.max(most, set.targets[row].quality), 0);
  return quality * 1_000_000 < relativeQuality * best;
}
