import type { PolicySet, Target } from '../../schema/policy-set.ts';
import type { Price } from '../../schema/price.ts';
import { CAPABILITIES } from '../../schema/vocabulary.ts';

/** Cost against quality of the targets that a category, a class or both leave, for one reference request. */
export interface Frontier {
  /** Null: of no category, or of no class. */
  readonly category: string | null;
  readonly class: string | null;
  /** Tokens in and out. */
  readonly reference: { readonly input: number; readonly output: number };
  /** Least quality in micros, and most pico-dollars, that the category asks for; null: none. */
  readonly floor: number | null;
  readonly cap: number | null;
  /** By cost, then by falling quality, then in declared order. */
  readonly points: readonly FrontierPoint[];
  /** Targets without a known price, in declared order: they have a quality and no place. */
  readonly unpriced: readonly string[];
}

export interface FrontierPoint {
  /** `backend/model`. */
  readonly target: string;
  /** Pico-dollars of the reference request. */
  readonly cost: number;
  /** Micros. */
  readonly quality: number;
  /** A target that is as good or better and as cheap or cheaper, and one of both strictly: the best such. Null: on the frontier. */
  readonly dominatedBy: string | null;
  /** Dominated by a target of its own priority: the router orders it last. */
  readonly lastResort: boolean;
  readonly meetsFloor: boolean;
  readonly fitsCap: boolean;
}

/** Which frontier is asked for, as rows; null: of no category (the implicit one's reference), or of no class. */
export interface FrontierQuestion {
  readonly category: number | null;
  readonly class: number | null;
}

const CHAT = 1 << CAPABILITIES.indexOf('chat');

/** The frontier of the chat targets that a class leaves, by the reference request of a category. */
export function findFrontier(set: PolicySet, asked: FrontierQuestion): Frontier {
  const category = set.categories[asked.category ?? set.categories.length - 1];
  const taskClass = asked.class === null ? null : set.classes[asked.class];
  const { reference, maxCost: cap } = category;
  const rows = [...set.targets.keys()].filter(
    (row) => (set.targets[row].capabilities & CHAT) !== 0 && (taskClass?.candidates?.includes(row) ?? true),
  );
  const priced = rows.filter((row) => set.targets[row].price.source !== 'unknown');
  const floor = floorOf(set, category, rows);
  const costs = new Map(priced.map((row) => [row, costOf(set.targets[row].price, reference)]));
  const points = priced.map((row) => {
    const { quality } = set.targets[row];
    const cost = costs.get(row)!;
    const rivals = priced.filter((other) => outdoes(set.targets[other], costs.get(other)!, set.targets[row], cost));
    const [best] = rivals.sort((a, b) => set.targets[b].quality - set.targets[a].quality || costs.get(a)! - costs.get(b)! || a - b);
    return {
      target: nameOf(set, row),
      cost,
      quality,
      dominatedBy: best === undefined ? null : nameOf(set, best),
      lastResort: rivals.some((other) => priorityOf(set, other) === priorityOf(set, row)),
      meetsFloor: floor === null || quality >= floor,
      fitsCap: cap === null || cost <= cap,
    };
  });
  return {
    category: asked.category === null ? null : category.name,
    class: taskClass?.name ?? null,
    reference,
    floor,
    cap,
    points: points.sort((a, b) => a.cost - b.cost || b.quality - a.quality),
    unpriced: rows.filter((row) => !costs.has(row)).map((row) => nameOf(set, row)),
  };
}

/** Every category, then every class that narrows; where there is no category, all targets. */
export function listFrontiers(set: PolicySet): Frontier[] {
  const categories = [...set.categories.keys()].filter((row) => !set.categories[row].implicit);
  const classes = [...set.classes.keys()].filter((row) => set.classes[row].candidates !== null);
  return [
    ...(categories.length === 0 ? [findFrontier(set, { category: null, class: null })] : []),
    ...categories.map((category) => findFrontier(set, { category, class: null })),
    ...classes.map((row) => findFrontier(set, { category: null, class: row })),
  ];
}

/** A relative floor refers to the best of these targets. Micros, rounded up. */
function floorOf(set: PolicySet, { minQuality, relativeQuality }: PolicySet['categories'][number], rows: readonly number[]): number | null {
  if (relativeQuality === null) return minQuality;
  const best = rows.reduce((most, row) => Math.max(most, set.targets[row].quality), 0);
  return Math.max(minQuality ?? 0, Math.ceil((relativeQuality * best) / 1_000_000));
}

function costOf(price: Price, { input, output }: Frontier['reference']): number {
  const rates = price.tiers?.findLast(({ above }) => input > above) ?? price;
  return input * rates.input + output * rates.output;
}

const outdoes = (a: Target, costA: number, b: Target, costB: number): boolean =>
  a.quality >= b.quality && costA <= costB && (a.quality > b.quality || costA < costB);

const priorityOf = (set: PolicySet, row: number): number => set.backends[set.targets[row].backend].priority;

function nameOf(set: PolicySet, row: number): string {
  const { backend, model } = set.targets[row];
  return `${set.backends[backend].name}/${set.models[model].name}`;
}
