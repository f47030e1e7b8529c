import type { Price, Rates } from '../../schema/price.ts';
import type { PriceList } from './list-prices.ts';

/** One thing that another price list says otherwise. Rates are USD per million tokens; null = there is none. */
export interface PriceChange {
  readonly target: string;
  /** `target` where it came or went, else `source`, `entry`, a rate such as `input`, or one of a tier such as `input above 200000`. */
  readonly what: string;
  readonly old: string | number | null;
  readonly new: string | number | null;
}

/** What changed between two price lists, target by target in the order of the first, then what is new. */
export function comparePrices(before: PriceList, after: PriceList): PriceChange[] {
  const newer = new Map(after.targets.map(({ target, price }) => [target, describePrice(price)]));
  const older = new Map(before.targets.map(({ target, price }) => [target, describePrice(price)]));
  const changes: PriceChange[] = [];
  for (const target of new Set([...older.keys(), ...newer.keys()])) {
    const was = older.get(target);
    const is = newer.get(target);
    if (was === undefined || is === undefined) {
      changes.push({ target, what: 'target', old: was ? 'present' : null, new: is ? 'present' : null });
      continue;
    }
    for (const what of new Set([...was.keys(), ...is.keys()])) {
      const change = { target, what, old: was.get(what) ?? null, new: is.get(what) ?? null };
      if (change.old !== change.new) changes.push(change);
    }
  }
  return changes;
}

/** Every fact of a price by its name. */
function describePrice(price: Price): Map<string, string | number> {
  const { source, entry, since, next, uncounted, tiers = [], ...rates } = price;
  const facts = new Map<string, string | number>([['source', source]]);
  if (entry !== undefined) facts.set('entry', entry);
  if (since !== undefined) facts.set('since', since);
  if (source === 'unknown') return facts;
  addRates(facts, rates, '');
  for (const { above, ...tier } of tiers) addRates(facts, tier, ` above ${above}`);
  if (next !== undefined) {
    const { from, tiers: longer = [], ...coming } = next;
    addRates(facts, coming, ` from ${from}`);
    for (const { above, ...tier } of longer) addRates(facts, tier, ` above ${above} from ${from}`);
  }
  if (uncounted !== undefined) facts.set('not counted', uncounted.join(' '));
  return facts;
}

function addRates(facts: Map<string, string | number>, rates: Rates, suffix: string): void {
  for (const [kind, rate] of Object.entries(rates)) if (rate !== null) facts.set(`${kind}${suffix}`, rate / 1e6);
}
