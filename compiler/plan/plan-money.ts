import type { Price, PriceTier, Rates } from '../../schema/price.ts';
import type { Dearest } from '../emit/kernel/data.ts';

/** The rates of a price by length of the prompt, the first from 0 on. */
export function planRates(price: Price): PriceTier[] {
  const { source: _source, tiers = [], entry: _entry, since: _since, next: _next, uncounted: _uncounted, ...rates } = price;
  return [{ above: 0, ...rates }, ...tiers];
}

/** The dearest rates of any kind that can apply to a prompt, now or from the day that the price table announces. */
export function planDearest(price: Price): Dearest[] {
  const lists = [planRates(price), ...(price.next ? [[{ above: 0, ...price.next }, ...(price.next.tiers ?? [])]] : [])];
  const steps = [...new Set(lists.flat().map(({ above }) => above))].sort((a, b) => a - b);
  return steps.map((above) => {
    const reachable = lists.flat().filter((tier) => tier.above <= above);
    return { above, input: Math.max(...reachable.map(dearestIn)), output: Math.max(...reachable.map(dearestOut)) };
  });
}

const dearestIn = (rates: Rates): number =>
  Math.max(
    rates.input,
    rates.cachedInput ?? 0,
    rates.cacheWrite5m ?? 0,
    rates.cacheWrite1h ?? 0,
    rates.inputAudio ?? 0,
    rates.cachedAudio ?? 0,
    rates.inputImage ?? 0,
    rates.cachedImage ?? 0,
    rates.inputVideo ?? 0,
  );

const dearestOut = (rates: Rates): number => Math.max(rates.output, rates.outputAudio ?? 0, rates.outputImage ?? 0, rates.outputVideo ?? 0);
