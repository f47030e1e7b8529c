import { type ConditionalPrice, calcPrice, type ModelPrice } from '@pydantic/genai-prices';
import packageFile from '../../package.json' with { type: 'json' };
import type { Price, PriceTier, Rates } from '../../schema/price.ts';
import type { BackendType } from '../../schema/vocabulary.ts';
import { picoPerToken } from './units.ts';

/**
 * The day from which this version of the table is used: of dated prices the newest that holds on it counts. Written here and not read off a
 * clock, so that the same policy compiles to the same bytes on every day; it moves with the version in `package.json`.
 */
export const TABLE_DAY = { version: '0.1.8', day: '2026-11-20' } as const;

/** Name, version and day of the price table; our package pins the version exactly. */
export const PRICE_TABLE = `@pydantic/genai-prices ${packageFile.dependencies['@pydantic/genai-prices']} of ${TABLE_DAY.day}`;

/** The table's name of the provider behind a backend type; the other types sell nothing. */
const PROVIDERS: Partial<Record<BackendType, string>> = { openai: 'openai', anthropic: 'anthropic', google: 'google' };

/** Our word for each of the table's prices; the others are of what no usage tells. */
const KINDS: Readonly<Record<string, keyof Rates>> = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cachedInput',
  cache_write_mtok: 'cacheWrite5m',
  cache_write_5m_mtok: 'cacheWrite5m',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'inputAudio',
  cache_audio_read_mtok: 'cachedAudio',
  output_audio_mtok: 'outputAudio',
  input_image_mtok: 'inputImage',
  cache_image_read_mtok: 'cachedImage',
  output_image_mtok: 'outputImage',
  input_video_mtok: 'inputVideo',
  output_video_mtok: 'outputVideo',
};

/** What the table knows of a model. */
export interface TableEntry {
  readonly context: number | null;
  /** Null where it has no price by token. `context`: the longest prompt that the policy lets through; longer ones have no tier. */
  price(context: number | null): Price | null;
}

/** Looks a model up, null where the table does not know it. Independent of clock and environment. */
export function lookUpModel(type: BackendType, name: string): TableEntry | null {
  const providerId = PROVIDERS[type];
  if (providerId === undefined) return null;
  // The table's own calculation wants a usage and a moment; neither matters to what is found.
  const found = calcPrice({ input_tokens: 1 }, name, { providerId, timestamp: new Date('2000-01-01T00:00:00Z') });
  if (found === null) return null;
  const { context_window: window = null, prices } = found.model;
  return {
    context: window,
    price(context) {
      const periods = periodsOf(prices);
      const current = periods.findLast(({ from }) => from <= TABLE_DAY.day);
      const next = periods.find(({ from }) => from > TABLE_DAY.day);
      const longest = window === null ? null : Math.max(window, context ?? window);
      const rates = current === undefined ? null : readRates(current.prices, longest);
      const coming = next === undefined ? null : readRates(next.prices, longest);
      if (current === undefined || rates === null) return null;
      const uncounted = [...new Set(current.prices.flatMap((price) => Object.keys(price)))].filter((key) => KINDS[key] === undefined);
      return {
        ...rates,
        source: 'table',
        entry: `${found.provider.id}/${found.model.id}`,
        ...(current.from !== '' && { since: current.from }),
        ...(next !== undefined && coming !== null && { next: { ...coming, from: next.from } }),
        ...(uncounted.length > 0 && { uncounted: uncounted.sort() }),
      };
    },
  };
}

interface Period {
  /** First day; empty = since ever. */
  readonly from: string;
  /** One, or several by time of day, each of which may apply. */
  readonly prices: readonly ModelPrice[];
}

function periodsOf(prices: ModelPrice | ConditionalPrice[]): Period[] {
  if (!Array.isArray(prices)) return [{ from: '', prices: [prices] }];
  const byHour = prices.filter(({ constraint }) => constraint?.type === 'time_of_date').map((entry) => entry.prices);
  const dated = prices.flatMap(({ constraint, prices: own }) => {
    if (constraint?.type === 'time_of_date') return [];
    return [{ from: constraint?.start_date ?? '', prices: [own, ...byHour] }];
  });
  if (dated.length === 0) return byHour.length === 0 ? [] : [{ from: '', prices: byHour }];
  return dated.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
}

/** The rates of the shortest prompts and of longer ones; of prices by time of day the dearest. Null where input has none. */
function readRates(prices: readonly ModelPrice[], longest: number | null): (Rates & { readonly tiers?: readonly PriceTier[] }) | null {
  const starts = prices
    .flatMap((price) => Object.values(price))
    .flatMap((value) => (typeof value === 'object' ? value.tiers.map(({ start }) => start) : []))
    .filter((start) => longest === null || start < longest);
  const thresholds = [...new Set(starts)].sort((a, b) => a - b);
  const base = ratesAt(prices, 0, null);
  if (base === null) return null;
  const tiers: PriceTier[] = [];
  for (const above of thresholds) {
    const rates = ratesAt(prices, above + 1, tiers.at(-1) ?? base);
    if (rates !== null) tiers.push({ above, ...rates });
  }
  return tiers.length === 0 ? base : { ...base, tiers };
}

/** The rates of a prompt of so many tokens; never below `least`, those of a shorter one, so that costs rise with tokens. */
function ratesAt(prices: readonly ModelPrice[], tokens: number, least: Rates | null): Rates | null {
  const rates: { -readonly [kind in keyof Rates]?: number } = {};
  for (const [key, kind] of Object.entries(KINDS)) {
    for (const price of prices) {
      const value = price[key];
      if (value === undefined) continue;
      const usd = typeof value === 'number' ? value : (value.tiers.findLast(({ start }) => tokens > start)?.price ?? value.base);
      rates[kind] = Math.max(rates[kind] ?? 0, picoPerToken(usd), least?.[kind] ?? 0);
    }
  }
  const { input, output = 0, cachedInput = null, ...others } = rates;
  // Embedding models have no output and no price for it.
  return input === undefined ? null : { input, output, cachedInput, ...others };
}
