import type { Intent } from '../../../schema/intent.ts';
import type { Bound, PolicySet } from '../../../schema/policy-set.ts';

const MOST = 2 ** 31;

/**
 * Token counts on both sides of every threshold that these policies have for a request of this kind, ascending. `intent` is the first
 * policy's, for one token; `byText`: category or class depend on the tokens.
 */
export function tokenPoints(sets: readonly PolicySet[], intent: Intent, byText: boolean): number[] {
  const points = new Set([1]);
  const both = (tokens: number): void => {
    for (const point of [tokens, tokens + 1]) if (point >= 1 && point < MOST) points.add(point);
  };
  const around = (bound: Bound | null): void => {
    if (bound === null) return;
    both(bound.value - 1);
    both(bound.value);
  };
  if (byText) for (const set of sets) addConditions(set);
  if (intent.problem !== 0) return sorted(points);
  for (const set of sets) {
    for (const { context } of set.targets) if (context !== null) both(context - intent.outputCap);
    // The cap of the request as this policy has it.
    const caps = [set.policies[intent.policy]?.maxCost ?? null, set.categories[intent.category]?.maxCost ?? null].filter(
      (cap) => cap !== null,
    );
    if (caps.length === 0) continue;
    const cap = Math.min(...caps);
    const output = Math.min(set.classifier.expectedOutputTokens, intent.outputCap);
    for (const { price } of set.targets) {
      if (price.input > 0 && price.input < 1e14) both(Math.floor((cap - output * price.output) / price.input));
    }
  }
  return sorted(points);

  function addConditions(set: PolicySet): void {
    const { per } = set.classifier.tokens;
    for (const { when } of set.categories) {
      around(when.inputTokens);
      const missing = (when.score?.value ?? 0) - Math.max(0, intent.score);
      if (missing > 0) both(Math.ceil((missing * per) / 1e6) - 1);
    }
    for (const { when } of set.classes) around(when.inputTokens);
  }
}

/** Answers that one request may ask for (`n`); the gateway refuses more. */
const MOST_ANSWERS = 128;

/** Numbers of answers on both sides of a cap on cost, for the shortest request; none where both policies cap and estimate alike. */
export function answerPoints(sets: readonly PolicySet[], intent: Intent): number[] {
  if (intent.problem !== 0) return [];
  const stands = sets.map((set) => ({
    cap: Math.min(
      set.policies[intent.policy]?.maxCost ?? Number.POSITIVE_INFINITY,
      set.categories[intent.category]?.maxCost ?? Number.POSITIVE_INFINITY,
    ),
    output: Math.min(set.classifier.expectedOutputTokens, intent.outputCap),
    targets: set.targets,
  }));
  const [first] = stands;
  if (stands.every(({ cap, output }) => cap === first.cap && output === first.output)) return [];
  const points = new Set<number>();
  for (const { cap, output, targets } of stands) {
    if (cap === Number.POSITIVE_INFINITY) continue;
    for (const { price } of targets) {
      const most = Math.floor((cap - price.input) / (output * price.output));
      for (const point of [most, most + 1]) if (point > 1 && point <= MOST_ANSWERS) points.add(point);
    }
  }
  return sorted(points);
}

const sorted = (points: ReadonlySet<number>): number[] => [...points].sort((a, b) => a - b);
