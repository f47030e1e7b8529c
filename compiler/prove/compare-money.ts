import type { Intent } from '../../schema/intent.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import type { PriceTier } from '../../schema/price.ts';
import type { RouterModule } from '../../schema/router.ts';
import type { Usage } from '../../schema/usage.ts';
import { boundCall, findPayers, priceText, priceUsage } from '../interpret/interpret.ts';
import type { Cell } from './cells.ts';

/** What differs, what was expected, what the router says. */
export type MoneyDifference = readonly [what: string, expected: unknown, got: unknown];

/** What no cell of the decision space asks for, since no rule tells it apart; a bound does. */
const LARGE = { images: 2, tools: 1, answers: 3 };

/** Estimate, bound and payers of every target, for an intent on its first link. */
export function compareMoney(set: PolicySet, router: RouterModule, { asked, body }: Cell, analyzed: Intent): MoneyDifference | null {
  // On both sides of every threshold there is an odd number and an even one.
  const size = asked.inputTokens % 2 === 0 ? LARGE : { images: body.images ?? 0, tools: body.tools, answers: asked.answers };
  const intent = { ...analyzed, ...size };
  const sized = { ...asked, answers: size.answers };
  const byBackend: string[] = [];
  if (intent.inputHigh < asked.inputTokens || intent.inputMost < intent.inputHigh) {
    return ['upper bound of the input', `at least ${asked.inputTokens}`, `${intent.inputHigh} of ${intent.inputMost}`];
  }
  const { inputHigh: high, inputMost: most } = intent;
  const nameOf = (target: number): string => `${set.backends[set.targets[target]!.backend]!.name}/${set.targets[target]!.upstream}`;
  for (let target = 0; target < set.targets.length; target++) {
    const { backend, price } = set.targets[target]!;
    const isExact = set.backends[backend]!.type === 'openai';
    if (intent.inputLow === intent.inputHigh) {
      const pico = priceText(price, asked.inputTokens, asked.output * asked.answers);
      const estimate = price.source === 'unknown' ? Number.NaN : Math.ceil(pico / 1000);
      const got = router.estimate(intent, target);
      if (!Object.is(got, estimate)) return [`estimate of ${nameOf(target)}`, estimate, got];
    }
    const bound = boundCall(set.targets[target]!, sized, {
      high,
      most,
      isExact,
      images: size.images,
      tools: size.tools,
    });
    const gotBound = router.bound(intent, target);
    if (!Object.is(gotBound, bound)) return [`bound of ${nameOf(target)}`, bound, gotBound];
    const paying = router.budgets(intent, target);
    if (set.budgets.length === 0 && paying.length === 0) continue;
    const payers = (byBackend[backend] ??= findPayers(set, asked, asked.model, target).join(' '));
    const gotPayers = paying.join(' ');
    if (gotPayers !== payers) return [`budgets of ${nameOf(target)}`, payers, gotPayers];
  }
  return null;
}

/** What usages cost on every target: each kind of token alone and all together, on both sides of every tier's threshold. */
export function compareActuals(set: PolicySet, router: RouterModule): MoneyDifference | null {
  for (const [target, config] of set.targets.entries()) {
    for (const usage of usagesFor(config.price.tiers ?? [])) {
      const expected = priceUsage(config, usage);
      const got = router.actual(usage, target);
      if (!Object.is(got, expected)) return [`actual cost on ${config.upstream} of ${JSON.stringify(usage)}`, expected, got];
    }
  }
  return null;
}

const NOTHING: Usage = { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 };
const ALL: Usage = {
  input: 70_001,
  cacheRead: 60_007,
  cacheWrite5m: 50_021,
  cacheWrite1h: 40_009,
  output: 30_011,
  reasoning: 20_011,
  inputAudio: 10_007,
  inputImage: 10_009,
  inputVideo: 10_037,
  cachedAudio: 10_039,
  cachedImage: 10_061,
  outputAudio: 10_067,
  outputImage: 10_069,
  outputVideo: 10_079,
};
/** More shares than parts, and amounts beyond the range in which pico-dollars are exact integers. */
const ODD: readonly Usage[] = [
  { ...NOTHING, output: 5, outputAudio: 7 },
  { ...ALL, input: 900_000_001, output: 900_000_011 },
];

function usagesFor(tiers: readonly PriceTier[]): Usage[] {
  const alone = (['input', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'output', 'reasoning'] as const).map((kind) => ({
    ...NOTHING,
    [kind]: ALL[kind],
  }));
  const edges = tiers.flatMap(({ above }) =>
    [above, above + 1].flatMap((prompt) => [
      { ...NOTHING, input: prompt, output: 1_000 },
      { ...NOTHING, input: prompt - 3, cacheRead: 1, cacheWrite5m: 1, cacheWrite1h: 1, output: 1_000 },
    ]),
  );
  return [NOTHING, ALL, ...alone, ...edges, ...ODD];
}
