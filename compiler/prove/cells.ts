import type { PolicySet } from '../../schema/policy-set.ts';
import type { RequestBody, RequestHints, TokenCount } from '../../schema/request.ts';
import { CAPABILITIES } from '../../schema/vocabulary.ts';
import { type Analyzed, analyzeRequest, type Question } from '../interpret/interpret.ts';
import type { Coordinates } from './coordinates.ts';

/** One cell of the decision space: a request that stands for all that the policy does not tell from it. */
export interface Cell extends Question {
  readonly asked: Analyzed;
}

/** Number of combinations, tokens left out. */
export const countCombinations = (at: Coordinates): number => lengths(at).reduce((product, length) => product * length, 1);

const lengths = (at: Coordinates): number[] => AXES.map((axis) => at[axis].length);

const AXES = ['names', 'callers', 'endpoints', 'categories', 'classes', 'required', 'flexible', 'texts', 'tools'] as const;

/** The combination with this number (mixed radix), without its tokens. */
export function combinationAt(at: Coordinates, index: number): Omit<Question, 'tokens'> {
  let rest = index;
  const pick = AXES.map((axis) => {
    const length = at[axis].length;
    const position = rest % length;
    rest = Math.floor(rest / length);
    return position;
  });
  const endpoint = at.endpoints[pick[2]!]!;
  const embeddings = endpoint === 'embeddings';
  const bit = 1 << CAPABILITIES.indexOf(embeddings ? 'embeddings' : 'chat');
  const text = at.texts[pick[7]!]!;
  const body: RequestBody = {
    endpoint,
    model: at.names[pick[0]!]!,
    maxOutputTokens: null,
    answers: 1,
    tools: at.tools[pick[8]!]!,
    required: bit | (embeddings ? 0 : at.required[pick[5]!]!),
    text: () => text,
  };
  const hints: RequestHints = {
    strict: false,
    flexible: at.flexible[pick[6]!]!,
    category: at.categories[pick[3]!]!,
    class: at.classes[pick[4]!]!,
  };
  return { body, hints, caller: at.callers[pick[1]!]! };
}

/**
 * The cells of a combination: one per interval of input tokens between the thresholds that its policy, category and price classes
 * have, on both sides of every threshold; or at these token counts `only`.
 */
export function cellsOf(set: PolicySet, combination: Omit<Question, 'tokens'>, only?: readonly number[]): Cell[] {
  if (only) return only.map((tokens) => cellAt(set, combination, tokens));
  const first = analyzeRequest(set, { ...combination, tokens: 1 });
  const points = new Set<number>([1]);
  const both = (tokens: number): void => {
    for (const point of [tokens, tokens + 1]) if (point >= 1 && point < 2 ** 31) points.add(point);
  };
  for (const { when } of [...set.categories, ...set.classes]) {
    if (when.inputTokens) {
      both(when.inputTokens.value - 1);
      both(when.inputTokens.value);
    }
  }
  for (const asked of [first, ...(combination.hints.category === null ? categoryShifts(set, combination) : [])]) {
    for (const context of new Set(set.targets.map((target) => target.context))) if (context !== null) both(context - asked.outputCap);
    for (const { above, input, output } of priceClasses(set)) {
      if (above > 0) both(above);
      if (asked.costCap === null || input === 0 || input >= 1e14) continue;
      both(Math.floor((asked.costCap - asked.output * asked.answers * output) / input));
    }
  }
  return [...points].sort((a, b) => a - b).map((tokens) => cellAt(set, combination, tokens));
}

function cellAt(set: PolicySet, combination: Omit<Question, 'tokens'>, tokens: number): Cell {
  const question = { ...combination, tokens };
  return { ...question, asked: analyzeRequest(set, question) };
}

/** What the combination becomes at the token counts where its category changes. */
function categoryShifts(set: PolicySet, combination: Omit<Question, 'tokens'>): Analyzed[] {
  const seen = new Map<number, Analyzed>();
  for (const { when } of set.categories) {
    for (const tokens of [when.inputTokens?.value ?? 0, set.classifier.tokens.per]) {
      const asked = analyzeRequest(set, { ...combination, tokens: Math.max(1, tokens) });
      if (!seen.has(asked.category)) seen.set(asked.category, asked);
    }
  }
  return [...seen.values()];
}

interface PriceStep {
  readonly above: number;
  readonly input: number;
  readonly output: number;
}

const pairs = new WeakMap<PolicySet, readonly PriceStep[]>();

/** Distinct prices of text, those of longer prompts among them. */
function priceClasses(set: PolicySet): readonly PriceStep[] {
  const known = pairs.get(set);
  if (known) return known;
  const steps = set.targets.flatMap(({ price }) => [{ ...price, above: 0 }, ...(price.tiers ?? [])]);
  const made = [...new Map(steps.map((step) => [`${step.above}/${step.input}/${step.output}`, step])).values()];
  pairs.set(set, made);
  return made;
}

/** Token counts as the runtime knows them: exactly, or as an interval that is narrowed when somebody asks. */
export function countsOf(tokens: number, exact: boolean): TokenCount {
  if (exact) return { low: tokens, high: tokens, atLeast: () => tokens, exact: () => tokens };
  return {
    low: 0,
    high: tokens * 4 + 64,
    atLeast: (limit) => Math.min(limit, tokens >> 1),
    exact: (_, limit) => (tokens <= limit ? tokens : limit + 1),
  };
}
