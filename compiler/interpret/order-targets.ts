import type { Category, PolicySet, Target } from '../../schema/policy-set.ts';
import type { MetricsSnapshot, TargetMetrics } from '../../schema/snapshot.ts';
import type { Objective } from '../../schema/vocabulary.ts';
import { priceText } from './price-call.ts';

/** Latency assumed where nothing was measured at all, and the least that counts, in milliseconds. */
const UNMEASURED_LATENCY = 1_000;
const LEAST_LATENCY = 1;

/**
 * Targets (all, or those among), best first: local before cloud where a budget is at its soft limit, dominated ones last, then by the
 * objective, then in declared order. A total order, so the best of any subset does not depend on the rest.
 */
export function orderTargets(
  set: PolicySet,
  category: number,
  objective: Objective,
  soft: boolean,
  state: MetricsSnapshot,
  among: Iterable<number> = set.targets.keys(),
): number[] {
  const { prices, dominated } = declaredOf(set, category);
  const typical = objective === 'balanced' ? medianLatency(state.targets) : UNMEASURED_LATENCY;
  const objectiveKeys: Record<Objective, (row: number) => number[]> = {
    cost: (row) => [prices[row], -set.targets[row].quality],
    quality: (row) => [-set.targets[row].quality, prices[row]],
    balanced: (row) => [-scoreTarget(set, row, state, typical)],
  };
  const softKey = (row: number) => (soft && set.backends[set.targets[row].backend].cloud ? 1 : 0);
  const keyed = Array.from(among, (row) => ({ row, keys: [softKey(row), dominated[row] ? 1 : 0, ...objectiveKeys[objective](row)] }));
  return keyed.sort((a, b) => compare(a.keys, b.keys) || a.row - b.row).map(({ row }) => row);
}

interface Declared {
  /** Reference price by target row. */
  readonly prices: readonly number[];
  readonly dominated: readonly boolean[];
}

/** What the order takes from the policy alone, kept per category because dominance compares all pairs. */
const declared = new WeakMap<PolicySet, Map<number, Declared>>();

function declaredOf(set: PolicySet, category: number): Declared {
  const byCategory = declared.get(set) ?? new Map<number, Declared>();
  declared.set(set, byCategory);
  const known = byCategory.get(category);
  if (known !== undefined) return known;
  const prices = set.targets.map((target) => referencePrice(set.categories[category], target));
  const made = { prices, dominated: findDominated(set, prices) };
  byCategory.set(category, made);
  return made;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let key = 0; key < a.length; key++) if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
  return 0;
}

/** Pico-dollars of the category's reference request on this target. */
function referencePrice({ reference }: Category, { price }: Target): number {
  return priceText(price, reference.input, reference.output);
}

/** Dominated: another target of equal priority is at least as good and at most as dear, and better in one of the two. */
function findDominated({ targets, backends }: PolicySet, prices: readonly number[]): boolean[] {
  return targets.map((target, row) =>
    targets.some(
      (other, rival) =>
        backends[other.backend].priority === backends[target.backend].priority &&
        other.quality >= target.quality &&
        prices[rival] <= prices[row] &&
        (other.quality > target.quality || prices[rival] < prices[row]),
    ),
  );
}

/**
 * Requirement A13: priority × (1 − load) × (1 / latency) × measured quality. Written in exactly this order of operations, so that any
 * other implementation agrees to the last bit.
 */
function scoreTarget({ targets, backends }: PolicySet, row: number, state: MetricsSnapshot, typical: number): number {
  const { quality, backend } = targets[row];
  const { priority } = backends[backend];
  const { load, latency_ema_ms, success_rate_24h: success } = state.targets[row];
  const latency = latency_ema_ms === 0 ? typical : Math.max(LEAST_LATENCY, latency_ema_ms);
  return priority * (1 - load) * (1 / latency) * ((quality / 1e6) * success);
}

/** What an unmeasured target is taken for: the median of the measured ones, the mean of the middle two where their number is even. */
function medianLatency(metrics: readonly TargetMetrics[]): number {
  const measured = metrics.flatMap(({ latency_ema_ms }) => (latency_ema_ms === 0 ? [] : [Math.max(LEAST_LATENCY, latency_ema_ms)]));
  if (measured.length === 0) return UNMEASURED_LATENCY;
  measured.sort((a, b) => a - b);
  const middle = measured.length >> 1;
  return measured.length % 2 === 1 ? measured[middle] : (measured[middle - 1] + measured[middle]) / 2;
}
