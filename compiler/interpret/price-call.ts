import type { PolicySet, Target } from '../../schema/policy-set.ts';
import type { Price, Rates } from '../../schema/price.ts';
import { IMAGE_TOKENS } from '../../schema/request.ts';
import type { Usage } from '../../schema/usage.ts';
import type { Analyzed } from './question.ts';
import { budgetsInScope } from './reconcile-budget.ts';

/** Pico-dollars that so many tokens of text cost: the tier of the longest prompts that this one is longer than. */
export function priceText(price: Price, input: number, output: number): number {
  const rates = ratesFor(price, input);
  return input * rates.input + output * rates.output;
}

/** Rows of the budgets that pay when a request goes to a target by way of this model. */
export function findPayers(set: PolicySet, asked: Analyzed, model: number, target: number): number[] {
  return budgetsInScope(set, asked, model).filter((row) => {
    const { backend } = set.budgets[row].scope;
    return backend === null || backend === set.targets[target].backend;
  });
}

/** What is known of a request's size beside what it asks for. */
export interface Extent {
  /** Upper bound of the input in tokens: as far as it was counted, and whatever the tokenizer. */
  readonly high: number;
  readonly most: number;
  readonly images: number;
  readonly tools: number;
  /** The target's tokenizer is the one that counts are made with. */
  readonly isExact: boolean;
}

/** The most that a call can cost, in nano-dollars rounded up; NaN where the price is unknown. */
export function boundCall({ price, overhead }: Target, asked: Analyzed, extent: Extent): number {
  if (price.source === 'unknown') return Number.NaN;
  let input = extent.isExact ? extent.high : extent.most;
  if (overhead.image > IMAGE_TOKENS) input += extent.images * (overhead.image - IMAGE_TOKENS);
  if (extent.tools > 0) input += overhead.tools;
  const rates = dearestRates(price).findLast(({ above }) => above === 0 || input > above)!;
  if (rates.input === 0n && rates.output === 0n) return 0;
  return roundUp(BigInt(asked.answers) * (BigInt(input) * rates.input + BigInt(asked.outputCap) * rates.output));
}

interface Dearest {
  readonly above: number;
  readonly input: bigint;
  readonly output: bigint;
}

/** Kept by price: a proof asks for the same ones for every request. */
const known = new WeakMap<Price, readonly Dearest[]>();

/** The dearest rates of any kind that a prompt longer than `above` can meet, now or from an announced day. */
function dearestRates(price: Price): readonly Dearest[] {
  const kept = known.get(price);
  if (kept !== undefined) return kept;
  const lists: (Rates & Pick<Price, 'tiers'>)[] = [price, ...(price.next === undefined ? [] : [price.next])];
  const steps = lists.flatMap(({ tiers = [] }) => tiers.map(({ above }) => above));
  const made = [0, ...steps.sort((a, b) => a - b)].map((above) => {
    const rates = lists.flatMap((list) => [list, ...(list.tiers ?? []).filter((tier) => tier.above <= above)]);
    return { above, input: BigInt(dearest(rates, INPUT_KINDS)), output: BigInt(dearest(rates, OUTPUT_KINDS)) };
  });
  known.set(price, made);
  return made;
}

const INPUT_KINDS = [
  'input',
  'cachedInput',
  'cacheWrite5m',
  'cacheWrite1h',
  'inputAudio',
  'cachedAudio',
  'inputImage',
  'cachedImage',
  'inputVideo',
] as const;
const OUTPUT_KINDS = ['output', 'outputAudio', 'outputImage', 'outputVideo'] as const;

/** What a usage cost, in nano-dollars rounded up once; NaN where the price is unknown. */
export function priceUsage({ price }: Target, usage: Usage): number {
  if (price.source === 'unknown') return Number.NaN;
  const rates = ratesFor(price, usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h);
  const cached = rates.cachedInput ?? rates.input;
  const written = rates.cacheWrite5m ?? rates.input;
  let sum = 0n;
  const charge = (tokens: number, rate: number, shares: readonly (readonly [number | undefined, number])[] = []): void => {
    let left = tokens;
    for (const [share = 0, dear] of shares) {
      const taken = share < left ? share : left;
      sum += BigInt(taken) * BigInt(dear);
      left -= taken;
    }
    sum += BigInt(left) * BigInt(rate);
  };
  charge(usage.input, rates.input, [
    [usage.inputAudio, rates.inputAudio ?? rates.input],
    [usage.inputImage, rates.inputImage ?? rates.input],
    [usage.inputVideo, rates.inputVideo ?? rates.input],
  ]);
  charge(usage.cacheRead, cached, [
    [usage.cachedAudio, rates.cachedAudio ?? rates.inputAudio ?? cached],
    [usage.cachedImage, rates.cachedImage ?? rates.inputImage ?? cached],
  ]);
  charge(usage.cacheWrite5m, written);
  charge(usage.cacheWrite1h, rates.cacheWrite1h ?? written);
  charge(usage.output, rates.output, [
    [usage.outputAudio, rates.outputAudio ?? rates.output],
    [usage.outputImage, rates.outputImage ?? rates.output],
    [usage.outputVideo, rates.outputVideo ?? rates.output],
  ]);
  return roundUp(sum);
}

/** Pico-dollars as nano-dollars. */
const roundUp = (pico: bigint): number => Number((pico + 999n) / 1000n);

function dearest(rates: readonly Rates[], kinds: readonly (keyof Rates)[]): number {
  let most = 0;
  for (const rate of rates) for (const kind of kinds) most = Math.max(most, rate[kind] ?? 0);
  return most;
}

const ratesFor = (price: Price, prompt: number): Rates => price.tiers?.findLast(({ above }) => prompt > above) ?? price;
