import type { Bound, PolicySet, Target } from '../../../schema/policy-set.ts';
import type { Rates } from '../../../schema/price.ts';
import { IMAGE_TOKENS } from '../../../schema/request.ts';
import { CAPABILITIES } from '../../../schema/vocabulary.ts';
import { priceText } from '../../interpret/interpret.ts';
import { type Interval, intersect } from './clause.ts';
import { FRAME, LEAST_TOKENS, MOST_TOKENS } from './kinds.ts';

/** Answers that one request may ask for (`n`); the gateway refuses more. */
export const MOST_ANSWERS = 128;
/**
 * Bytes of the longest token of o200k_base and of cl100k_base. Where a model's own tokenizer is not public, it may make a token of each byte
 * of one that is counted.
 */
const LONGEST_TOKEN = 128;
const VISION = 1 << CAPABILITIES.indexOf('vision');
const TOOLS = 1 << CAPABILITIES.indexOf('tools');

/** How much a request may ask for on its way to a target. */
export interface Limits {
  readonly embeddings: boolean;
  /** Input tokens, and the output cap of one answer. */
  readonly input: Interval;
  readonly output: Interval;
  /** Pico-dollars that the estimate may not exceed. */
  readonly costCap: number;
  /** Output tokens that estimates are made with, at most. */
  readonly expected: number;
  /** Capability bits that the request needs, and those that it may need. */
  readonly needs: number;
  readonly may: number;
}

/** A request's amounts that reach the target and meet the bounds. */
export interface Amounts {
  readonly input: number;
  readonly output: number;
  readonly answers: number;
  readonly images: number;
  readonly tools: boolean;
}

/** No amounts as they are counted here do, but as the model counts some may: up to so many nano-dollars. */
export interface Uncounted {
  readonly upTo: number;
}

/** Amounts that do, `none` where there are none, `unclear` where neither could be shown: by less than a token's price. */
export type Search = Amounts | Uncounted | 'none' | 'unclear';

/**
 * Can a request reach the target with a cost that meets all bounds? Estimates, contexts and bounds only rise with tokens, so ends of intervals
 * decide. `isCounted`: the target's tokenizer is the one that counts are made with.
 */
export function searchAmounts(target: Target, limits: Limits, costs: readonly Bound[], isCounted: boolean): Search {
  const least = leastAmounts(limits);
  if (!fits(target, limits, least)) return 'none';
  if (costs.every((cost) => meets(target, least, cost))) return least;
  if (costs.some((cost) => cost.op[0] === '<' && !meets(target, least, cost))) return 'none';
  const above = costs.filter(({ op }) => op[0] === '>').reduce((value, cost) => Math.max(value, cost.value), 0);
  // More than so many nano-dollars, in pico-dollars; `>=` is met a little below, where what is left is rounded up.
  const isStrict = costs.every(({ op, value }) => op !== '>=' || value < above);
  const value = isStrict ? above * 1_000 + 1 : above * 1_000 - 999;
  const { found, mayBe } = exceed(target, limits, value, (amounts) => costs.every((cost) => meets(target, amounts, cost)));
  if (found !== null || mayBe) return found ?? 'unclear';
  const upTo = isCounted ? 0 : mostUncounted(target, limits);
  return upTo < value ? 'none' : { upTo: Math.ceil(upTo / 1_000) };
}

/** The least that a request can ask for. */
export function leastAmounts({ input, output, needs }: Limits): Amounts {
  const images = (needs & VISION) === 0 ? 0 : 1;
  return { input: input.low, output: output.low, answers: 1, images, tools: (needs & TOOLS) !== 0 };
}

/** Does it fit into the target's context, and its estimate under the cap? */
export function fits({ context, price }: Target, { costCap, expected }: Limits, { input, output, answers }: Amounts): boolean {
  if (context !== null && input + output > context) return false;
  return costCap === Number.POSITIVE_INFINITY || priceText(price, input, Math.min(expected, output) * answers) <= costCap;
}

/** The limits of a request on an endpoint under a category's cap; null where there is no such request. */
export function limitsOf(
  set: PolicySet,
  at: { readonly policy: number; readonly category: number; readonly embeddings: boolean; readonly needs: number; readonly may: number },
  input: Interval,
  output: Interval,
): Limits | null {
  const { policy, category, embeddings, needs, may } = at;
  const { maxOutputTokens, maxCost } = set.categories[category];
  const images = (needs & VISION) === 0 ? 0 : IMAGE_TOKENS;
  const least = embeddings ? LEAST_TOKENS.embeddings : LEAST_TOKENS.chat + images;
  const limits = {
    embeddings,
    input: intersect(input, { low: least, high: MOST_TOKENS }),
    output: intersect(output, embeddings ? { low: 0, high: 0 } : { low: 1, high: maxOutputTokens ?? MOST_TOKENS }),
    costCap: Math.min(set.policies[policy].maxCost ?? Number.POSITIVE_INFINITY, maxCost ?? Number.POSITIVE_INFINITY),
    expected: set.classifier.expectedOutputTokens,
    needs,
    may,
  };
  return limits.input.low > limits.input.high || limits.output.low > limits.output.high ? null : limits;
}

function meets(target: Target, amounts: Amounts, { op, value }: Bound): boolean {
  const cost = mostCost(target, amounts);
  const compare: Record<Bound['op'], boolean> = {
    '<': cost < value,
    '<=': cost <= value,
    '>': cost > value,
    '>=': cost >= value,
    '=': cost === value,
  };
  return compare[op];
}

/** The most that these amounts can cost, in nano-dollars rounded up; infinite where the price is not known. */
export function mostCost(target: Target, { input, output, answers, images, tools }: Amounts): number {
  if (target.price.source === 'unknown') return Number.POSITIVE_INFINITY;
  const billed = billedOf(target, input, images, tools);
  const [up, down] = dearestOf(target, billed);
  return Number((BigInt(answers) * (BigInt(billed) * BigInt(up) + BigInt(output) * BigInt(down)) + 999n) / 1000n);
}

/** Input tokens that may be billed: what a provider adds for images and tools beside what is counted. */
function billedOf({ overhead }: Target, input: number, images: number, tools: boolean): number {
  return input + images * Math.max(0, overhead.image - IMAGE_TOKENS) + (tools ? overhead.tools : 0);
}

/** The same, of the text's bytes where a mode says so; a provider takes no more than the context. */
function billedIn(mode: Mode, target: Target, input: number): number {
  const text = mode.bytes ? Math.max(input, Math.min(input * LONGEST_TOKEN, target.context ?? Number.POSITIVE_INFINITY)) : input;
  return billedOf(target, text, mode.images ? input / IMAGE_TOKENS : 0, mode.tools);
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

/** Pico-dollars a token, in and out, of the dearest rates that a prompt of this length can meet. */
function dearestOf({ price }: Target, billed: number): readonly [number, number] {
  const lists = [price, ...(price.next === undefined ? [] : [price.next])];
  const rates = lists.flatMap((list): Rates[] => [list, ...(list.tiers ?? []).filter(({ above }) => billed > above)]);
  const dearest = (kinds: readonly (keyof Rates)[]): number =>
    rates.reduce((most, rate) => kinds.reduce((dear, kind) => Math.max(dear, rate[kind] ?? 0), most), 0);
  return [dearest(INPUT_KINDS), dearest(OUTPUT_KINDS)];
}

/**
 * Amounts whose cost exceeds `value` (pico-dollars), those with the fewest answers first; and whether there may be any. Numbers of answers
 * are taken by halves: a half is left out where even its most answers, under the limits of its fewest, stay below.
 */
function exceed(
  target: Target,
  limits: Limits,
  value: number,
  isWanted: (amounts: Amounts) => boolean,
): { readonly found: Amounts | null; readonly mayBe: boolean } {
  let mayBe = false;
  const search = (mode: Mode, fewest: number, most: number): Amounts | null => {
    if (roughUpper(target, limits, mode, fewest, most) < value) return null;
    if (fewest === most) {
      const { found, upper } = searchPieces(target, limits, mode, fewest, value, isWanted);
      mayBe ||= upper >= value;
      return found;
    }
    const middle = (fewest + most) >> 1;
    return search(mode, fewest, middle) ?? search(mode, middle + 1, most);
  };
  for (const mode of modesOf(target, limits)) {
    const found = search(mode, 1, limits.embeddings ? 1 : MOST_ANSWERS);
    if (found !== null) return { found, mayBe: true };
  }
  return { found: null, mayBe };
}

/** No fewer pico-dollars than any request can cost whose tokens are as many as its text has bytes. */
function mostUncounted(target: Target, limits: Limits): number {
  let upper = 0;
  const search = (mode: Mode, fewest: number, most: number): void => {
    if (roughUpper(target, limits, mode, fewest, most) <= upper) return;
    if (fewest === most) {
      upper = Math.max(upper, searchPieces(target, limits, mode, fewest, Number.POSITIVE_INFINITY, () => false).upper);
      return;
    }
    const middle = (fewest + most) >> 1;
    search(mode, middle + 1, most);
    search(mode, fewest, middle);
  };
  for (const mode of modesOf(target, limits)) search({ ...mode, bytes: true }, 1, limits.embeddings ? 1 : MOST_ANSWERS);
  return upper;
}

/** No fewer pico-dollars than `most` answers can cost, where `fewest` limit what fits. */
function roughUpper(target: Target, limits: Limits, mode: Mode, fewest: number, most: number): number {
  const { context, price } = target;
  const { input, output, costCap, expected } = limits;
  let high = Math.min(input.high, (context ?? Number.POSITIVE_INFINITY) - output.low);
  const spent = Math.min(expected, output.low) * fewest;
  if (costCap !== Number.POSITIVE_INFINITY && price.input > 0) {
    // No tier is cheaper than the first.
    high = Math.min(high, Math.floor((costCap - spent * price.output) / price.input));
  }
  if (high < input.low) return 0;
  const billed = Math.ceil(billedIn(mode, target, high));
  const [up, down] = dearestOf(target, billed);
  const cap = Math.max(0, outputAt(target, limits, fewest, input.low));
  return most * (billed * up + cap * down);
}

/**
 * For a number of answers, the most that input tokens can cost is linear between the points where a tier begins, the context or the cap on
 * the estimate begins to lower the output: it is greatest at one of them.
 */
function searchPieces(
  target: Target,
  limits: Limits,
  mode: Mode,
  answers: number,
  value: number,
  isWanted: (amounts: Amounts) => boolean,
): { readonly found: Amounts | null; readonly upper: number } {
  let upper = 0;
  const low = Math.max(limits.input.low, mode.images ? LEAST_TOKENS.chat + IMAGE_TOKENS : 0);
  if (low > limits.input.high) return { found: null, upper };
  const take = (tokens: number): Amounts | null => {
    // Shorter ones can be sent, but are not worth showing.
    if (!limits.embeddings && tokens < FRAME) return null;
    const output = Math.floor(outputAt(target, limits, answers, tokens));
    if (output < limits.output.low) return null;
    const images = mode.images ? Math.floor((tokens - FRAME) / IMAGE_TOKENS) : 0;
    const amounts = { input: tokens, output, answers, images, tools: mode.tools };
    return fits(target, limits, amounts) && isWanted(amounts) ? amounts : null;
  };
  const points = pointsOf(target, limits, answers, low, mode);
  for (const [at, from] of points.entries()) {
    const to = (points[at + 1] ?? from + 1) - 1;
    const most = upperOf(target, limits, answers, from, to, mode);
    upper = Math.max(upper, most);
    if (most < value) continue;
    let found = [from, to].map(take).find((amounts) => amounts !== null) ?? null;
    if (found === null) continue;
    // Within a piece the cost rises or falls throughout: the fewest tokens that will do are found by halving.
    let below = from;
    while (below + 1 < found.input) {
      const middle = Math.floor((below + found.input) / 2);
      const amounts = take(middle);
      if (amounts === null) below = middle;
      else found = amounts;
    }
    return { found, upper };
  }
  return { found: null, upper };
}

interface Mode {
  readonly images: boolean;
  readonly tools: boolean;
  /** As many tokens as the text has bytes, at most. */
  readonly bytes: boolean;
}

/** Declared tools and images only add to what is billed: with all that is allowed it costs most. Images need tokens of their own. */
function modesOf({ capabilities, overhead }: Target, { needs, may, embeddings }: Limits): Mode[] {
  const allowed = embeddings ? 0 : (needs | may) & capabilities;
  const tools = (needs & TOOLS) !== 0 || ((allowed & TOOLS) !== 0 && overhead.tools > 0);
  const adds = (allowed & VISION) !== 0 && overhead.image > IMAGE_TOKENS;
  const images = (needs & VISION) !== 0;
  // The plainest first, for the sake of the request that is shown.
  const bytes = false;
  const plain: Mode[] = tools && (needs & TOOLS) === 0 ? [{ images, tools: false, bytes }] : [];
  return [...plain, { images, tools, bytes }, ...(adds && !images ? [{ images: true, tools, bytes }] : [])];
}

/** The highest output cap that this many input tokens leave, as a real number: by the category, the context, and the cap on the estimate. */
function outputAt({ context, price }: Target, { output, costCap, expected }: Limits, answers: number, tokens: number): number {
  const room = Math.min(output.high, (context ?? Number.POSITIVE_INFINITY) - tokens);
  if (costCap === Number.POSITIVE_INFINITY || priceText(price, tokens, Math.min(expected, room) * answers) <= costCap) return room;
  const left = costCap - priceText(price, tokens, 0);
  const each = priceText(price, tokens, answers) - priceText(price, tokens, 0) || Number.POSITIVE_INFINITY;
  return left < 0 ? -1 : left / each;
}

/** Where the pieces begin, ascending. */
function pointsOf(target: Target, limits: Limits, answers: number, low: number, mode: Mode): number[] {
  const { price, context } = target;
  const { output, costCap, expected } = limits;
  const high = Math.min(limits.input.high, (context ?? Number.POSITIVE_INFINITY) - output.low);
  const points = new Set([low]);
  const cut = (tokens: number): void => {
    const whole = Math.floor(tokens);
    for (const point of [whole - 1, whole, whole + 1]) if (point > low && point <= high) points.add(point);
  };
  if (high > low) points.add(high);
  cut(FRAME);
  const lists = [price, ...(price.next === undefined ? [] : [price.next])];
  const aboves = lists.flatMap(({ tiers = [] }) => tiers.map(({ above }) => above));
  for (const above of aboves) {
    cut(above);
    const extra = mode.tools ? target.overhead.tools : 0;
    const each = mode.images ? 1 + Math.max(0, target.overhead.image - IMAGE_TOKENS) / IMAGE_TOKENS : 1;
    // With images, what is billed jumps with each: the tier may begin anywhere around here.
    for (const near of mode.images ? [-IMAGE_TOKENS * 2, 0, IMAGE_TOKENS * 2] : [0]) cut((above - extra) / each + near);
  }
  if (context !== null) {
    if (mode.bytes) cut(context / LONGEST_TOKEN);
    cut(context - output.high);
    cut(context - expected);
  }
  if (costCap !== Number.POSITIVE_INFINITY) {
    for (const step of [price, ...(price.tiers ?? [])]) {
      // Where the context and the cap on the estimate leave the same output.
      const slope = step.input - answers * step.output;
      if (context !== null && slope !== 0) cut((costCap - context * answers * step.output) / slope);
      if (step.input === 0) continue;
      for (const tokens of [expected, output.low, output.high])
        cut((costCap - Math.min(tokens, expected) * answers * step.output) / step.input);
    }
  }
  return [...points].filter((point) => point >= low && point <= high).sort((a, b) => a - b);
}

/** No fewer pico-dollars than any request of this piece can cost. */
function upperOf(target: Target, limits: Limits, answers: number, from: number, to: number, mode: Mode): number {
  const [up, down] = dearestOf(target, Math.ceil(billedIn(mode, target, to)));
  const at = (tokens: number): number => {
    const output = outputAt(target, limits, answers, tokens);
    return output < limits.output.low ? 0 : answers * (billedIn(mode, target, tokens) * up + output * down);
  };
  return Math.max(at(from), at(to));
}
