import type { Intent } from '../../schema/intent.ts';
import { UNKNOWN_PRICE } from '../../schema/policy-set.ts';
import type { Endpoint } from '../../schema/vocabulary.ts';
import { type Bench, compareRequest, type RequestDifference, type Stand, type Thresholds } from './compare-request.ts';
import { analyze, MOST_TOKENS, type Piece, type Task } from './tasks.ts';

/** A request that stands for all that neither side tells from it. */
export interface Sample {
  readonly name: string;
  /** Row of the joint callers. */
  readonly caller: number;
  readonly endpoint: Endpoint;
  readonly piece: Piece;
  /** On the new side; null = none. */
  readonly category: string | null;
  readonly required: number;
  readonly flexible: boolean;
  readonly tokens: number;
  readonly maxOutputTokens: number | null;
  /** How many answers it asks for. */
  readonly answers: number;
}

export interface SampleDifference {
  readonly sample: Sample;
  readonly difference: RequestDifference;
}

/** A request's own tokens in a chat: role, frame and a word. */
const LEAST_TOKENS = 8;

export interface Ask {
  readonly name: string;
  readonly caller: number;
  readonly endpoint: Endpoint;
  readonly task: Task;
  readonly required: number;
  readonly flexible: boolean;
}

/**
 * All differences of requests that are alike but for their tokens and their cap on output: one for each stretch of tokens between the
 * thresholds of either side. A cap is tried, at its smallest, where none makes no difference, and more answers than one where nothing but
 * money differs.
 */
export function compareTokens(bench: Bench, ask: Ask): SampleDifference[] {
  const found: SampleDifference[] = [];
  for (const piece of ask.task.pieces) {
    const look = (maxOutputTokens: number | null, answers: number): readonly [Intent, Intent] => {
      const put = (tokens: number): [Intent, Intent] => putBoth(bench, sampleOf(bench, ask, piece, tokens, maxOutputTokens, answers));
      const shortest = put(pick(piece.low, piece.high));
      for (const tokens of tokensOf(bench, piece, shortest)) {
        const [before, after] = put(tokens);
        const difference = compareRequest(bench, before, after);
        if (difference) found.push({ sample: sampleOf(bench, ask, piece, tokens, maxOutputTokens, answers), difference });
      }
      return shortest;
    };
    const shortest = look(null, 1);
    if (ask.endpoint === 'embeddings') continue;
    if (found.length === 0) look(1, 1);
    // Where each answer costs something else, several may go somewhere else.
    if (!found.every(({ difference }) => isOfMoney(difference))) continue;
    const before = found.length;
    for (const answers of answersOf(bench, piece, shortest)) {
      look(null, answers);
      const moved = found.splice(before).filter(({ difference }) => !isOfMoney(difference));
      found.push(...moved);
      if (moved.length > 0) break;
    }
  }
  return found;
}

export function sampleOf({ now }: Bench, ask: Ask, piece: Piece, tokens: number, maxOutputTokens: number | null, answers = 1): Sample {
  const { name, caller, endpoint, required, flexible, task } = ask;
  const category = now.side.categories[task.now[0]] ?? null;
  return { name, caller, endpoint, piece, category, required, flexible, tokens, maxOutputTokens, answers };
}

/** The intents of a sample on both sides. */
export function putBoth({ old, now, joint }: Bench, sample: Sample): [Intent, Intent] {
  const { name, endpoint, piece, tokens, required, flexible, maxOutputTokens, answers } = sample;
  const caller = joint.callers[sample.caller];
  return [
    analyze(old.side, name, caller.old, piece, tokens, endpoint, required, flexible, maxOutputTokens, answers),
    analyze(now.side, name, caller.now, piece, tokens, endpoint, required, flexible, maxOutputTokens, answers),
  ];
}

const isOfMoney = ({ effects }: RequestDifference): boolean => effects.every(({ kind }) => kind === 'cost' || kind === 'output');

/** Answers that one request may ask for (`n`); the gateway refuses more. */
const MOST_ANSWERS = 128;

/**
 * Numbers of answers beside one at which a cap on cost may take a target out: the most that fit, and one more, for the shortest request of the
 * piece. None where both sides estimate and cap alike: what a cap takes out alike is compared as targets that are down.
 */
function answersOf({ old, now }: Bench, { low }: Piece, [before, after]: readonly [Intent, Intent]): number[] {
  const prices = [thresholdsOf(old, before.model), thresholdsOf(now, after.model)].map(({ rates }) => rates);
  const said = prices.map((rates) => rates.map(({ input, output }) => `${input}/${output}`).join());
  if (before.costCap === after.costCap && before.output === after.output && said[0] === said[1]) return [];
  const found = new Set<number>();
  for (const [at, { costCap, output }] of [before, after].entries()) {
    if (costCap === Number.POSITIVE_INFINITY) continue;
    for (const price of prices[at]!) {
      const most = Math.floor((costCap - low * price.input) / (output * price.output));
      for (const answers of [most, most + 1]) if (answers > 1 && answers <= MOST_ANSWERS) found.add(answers);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** A number of tokens in each stretch between the thresholds of context windows and cost caps. */
function tokensOf({ old, now }: Bench, { low, high }: Piece, [before, after]: readonly [Intent, Intent]): number[] {
  const ends = new Set<number>([high]);
  for (const [stand, { model, outputCap, output, costCap }] of [
    [old, before],
    [now, after],
  ] as const) {
    const { ends: aboves, contexts, prices } = thresholdsOf(stand, model);
    for (const above of aboves) ends.add(above);
    for (const context of contexts) ends.add(context - outputCap);
    if (costCap === Number.POSITIVE_INFINITY) continue;
    for (const price of prices) ends.add(Math.floor((costCap - output * price.output) / price.input));
  }
  let start = low;
  return [...ends]
    .filter((end) => end >= low && end <= high)
    .sort((a, b) => a - b)
    .map((end) => {
      const tokens = pick(start, end);
      start = end + 1;
      return tokens;
    });
}

/** Of the targets that a model and its fallbacks may come to; of an artifact, which doesn't tell, of all. */
function thresholdsOf({ side, thresholds }: Stand, model: number): Thresholds {
  const known = thresholds.get(model);
  if (known) return known;
  const { set, targets } = side;
  const rows = set ? [...new Set(set.models[model].chain.flatMap((row) => set.models[row].candidates))] : [...targets.keys()];
  const ends = new Set(rows.flatMap((row) => targets[row].price.tiers?.map(({ above }) => above) ?? []));
  const contexts = new Set(rows.flatMap((row) => targets[row].context ?? []));
  const rates = rows.flatMap((row) => [targets[row].price, ...(targets[row].price.tiers ?? [])]);
  const prices = new Map(rates.map((price) => [`${price.input}/${price.output}`, price]));
  const made = {
    ends: [...ends],
    contexts: [...contexts],
    prices: [...prices.values()].filter(({ input }) => input > 0 && input < UNKNOWN_PRICE),
    rates: [...prices.values()].filter(({ output }) => output > 0 && output < UNKNOWN_PRICE),
  };
  thresholds.set(model, made);
  return made;
}

/** The shortest chat where it is one of them; else near the lower end, but not at it: a body of about that many tokens is easily written. */
function pick(low: number, high: number): number {
  if (low <= LEAST_TOKENS && LEAST_TOKENS <= high) return LEAST_TOKENS;
  const from = Math.max(low, Math.min(LEAST_TOKENS, high));
  return from + Math.min(16, Math.floor((Math.min(high, MOST_TOKENS) - from) / 2));
}
