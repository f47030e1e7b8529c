import type { Order } from '../../../schema/router.ts';
import type { MetricsSnapshot } from '../../../schema/snapshot.ts';
import type { RankClass, RouterData } from './data.ts';
import { costAt } from './money.ts';

/** Builds `rank`: the order of the targets in every rank class. Off the request path. */
export function buildRank(data: RouterData): (snapshot: MetricsSnapshot) => Order {
  const { columns, rankClasses } = data;
  const size = columns.length;
  const prices = rankClasses.map(({ reference: [input, output] }) => Float64Array.from(columns, (column) => costAt(column, input, output)));
  const dominated = rankClasses.map((_, row) => dominatedOf(data, prices[row]!));
  return (snapshot) => {
    const scores = scoresOf(data, snapshot);
    const permutation = new Int32Array(rankClasses.length * size);
    rankClasses.forEach((rankClass, row) => {
      const compare = comparisonOf(data, rankClass, prices[row]!, dominated[row]!, scores);
      const order = columns.map((_, target) => target).sort(compare);
      permutation.set(order, row * size);
    });
    return { epoch: snapshot.epoch, snapshot, permutation };
  };
}

/** Another target of the same priority is at least as good and at most as dear, and one of both strictly. */
function dominatedOf(data: RouterData, prices: Float64Array): Uint8Array {
  const dominated = new Uint8Array(data.columns.length);
  const byPriority = new Map<number, number[]>();
  data.columns.forEach((column, target) => {
    const group = byPriority.get(column.priority);
    if (group) group.push(target);
    else byPriority.set(column.priority, [target]);
  });
  for (const group of byPriority.values()) {
    // Best first, cheapest among equals: a target is dominated if somebody before it is as cheap, unless both are equal in both.
    const sorted = [...group].sort((a, b) => data.columns[b]!.quality - data.columns[a]!.quality || prices[a]! - prices[b]!);
    let cheapest = Number.POSITIVE_INFINITY;
    let quality = Number.POSITIVE_INFINITY;
    for (const target of sorted) {
      const price = prices[target]!;
      const own = data.columns[target]!.quality;
      if (price > cheapest || (price === cheapest && own < quality)) dominated[target] = 1;
      if (price < cheapest) {
        cheapest = price;
        quality = own;
      }
    }
  }
  return dominated;
}

/** balanced: priority × (1 − load) × (1 ÷ latency) × measured quality. */
function scoresOf(data: RouterData, snapshot: MetricsSnapshot): Float64Array {
  const measured = snapshot.targets
    .filter(({ latency_ema_ms }) => latency_ema_ms > 0)
    .map(({ latency_ema_ms }) => Math.max(1, latency_ema_ms))
    .sort((a, b) => a - b);
  const middle = measured.length >> 1;
  const typical =
    measured.length === 0 ? 1000 : measured.length % 2 === 1 ? measured[middle]! : (measured[middle - 1]! + measured[middle]!) / 2;
  return Float64Array.from(data.columns, ({ priority, quality }, target) => {
    const { load, latency_ema_ms, success_rate_24h } = snapshot.targets[target]!;
    const latency = latency_ema_ms > 0 ? Math.max(1, latency_ema_ms) : typical;
    return priority * (1 - load) * (1 / latency) * ((quality / 1e6) * success_rate_24h);
  });
}

/** Soft limit: local first. Then dominated targets last, then the objective, then declared order. */
function comparisonOf(data: RouterData, rankClass: RankClass, prices: Float64Array, dominated: Uint8Array, scores: Float64Array) {
  const { columns } = data;
  const byPrice = (a: number, b: number): number => prices[a]! - prices[b]!;
  const byQuality = (a: number, b: number): number => columns[b]!.quality - columns[a]!.quality;
  const objective =
    rankClass.objective === 'cost'
      ? (a: number, b: number) => byPrice(a, b) || byQuality(a, b)
      : rankClass.objective === 'quality'
        ? (a: number, b: number) => byQuality(a, b) || byPrice(a, b)
        : (a: number, b: number) => scores[b]! - scores[a]!;
  return (a: number, b: number): number =>
    (rankClass.soft ? Number(columns[a]!.cloud) - Number(columns[b]!.cloud) : 0) ||
    dominated[a]! - dominated[b]! ||
    objective(a, b) ||
    a - b;
}
