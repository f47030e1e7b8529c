import { type ConditionalPrice, calcPrice, type ModelPrice, type TieredPrices } from '@pydantic/genai-prices';
import packageFile from '../../package.json' with { type: 'json' };
import type { BackendType } from '../../schema/vocabulary.ts';

/** Name and version of the price table; our package pins it exactly. */
export const PRICE_TABLE = `@pydantic/genai-prices ${packageFile.dependencies['@pydantic/genai-prices']}`;

/** The table's name of the provider behind a backend type; the other types sell nothing. */
const PROVIDERS: Partial<Record<BackendType, string>> = { openai: 'openai', anthropic: 'anthropic', google: 'google' };

/** What the table knows of a model: USD per million tokens, the dearest that can apply within `context`. */
export interface TableEntry {
  readonly context: number | null;
  price(context: number | null): TablePrice | null;
}

export interface TablePrice {
  readonly input: number;
  readonly output: number;
  readonly cachedInput: number | null;
}

/** Looks a model up, null where the table does not know it. Independent of clock and environment. */
export function lookUpModel(type: BackendType, name: string): TableEntry | null {
  const providerId = PROVIDERS[type];
  if (providerId === undefined) return null;
  const found = calcPrice({ input_tokens: 1 }, name, { providerId, timestamp: FIXED });
  if (found === null) return null;
  const { context_window, prices } = found.model;
  return {
    context: context_window ?? null,
    price(context) {
      const rates = currentRates(prices);
      const dearest = (key: string): number | null => {
        const known = rates.map((rate) => dearestTier(rate[key], context)).filter((price) => price !== null);
        return known.length === 0 ? null : Math.max(...known);
      };
      const input = dearest('input_mtok');
      const output = dearest('output_mtok');
      if (input === null) return null;
      // Embedding models have no output and no price for it.
      return { input, output: output ?? 0, cachedInput: dearest('cache_read_mtok') };
    },
  };
}

/** The table's look-up wants a moment; prices are then chosen by `currentRates`, so that which one does not matter. */
const FIXED = new Date('2000-01-01T00:00:00Z');

/** The newest prices: those of the last start date. Prices by time of day may all apply. */
function currentRates(prices: ModelPrice | ConditionalPrice[]): ModelPrice[] {
  if (!Array.isArray(prices)) return [prices];
  const dated = prices.filter(({ constraint }) => constraint === undefined || constraint.type === 'start_date');
  const startOf = ({ constraint }: ConditionalPrice) => (constraint?.type === 'start_date' ? constraint.start_date : '');
  const newest = dated.reduce<ConditionalPrice | null>(
    (last, next) => (last === null || startOf(next) >= startOf(last) ? next : last),
    null,
  );
  const byHour = prices.filter(({ constraint }) => constraint !== undefined && constraint.type !== 'start_date');
  return [...(newest === null ? [] : [newest]), ...byHour].map((conditional) => conditional.prices);
}

/** Of a tiered price the dearest tier that a request within the context can reach: a tier starts above its number of input tokens. */
function dearestTier(price: number | TieredPrices | undefined, context: number | null): number | null {
  if (price === undefined) return null;
  if (typeof price === 'number') return price;
  const reachable = price.tiers.filter(({ start }) => context === null || start < context);
  return Math.max(price.base, ...reachable.map((tier) => tier.price));
}
