import type { Backend, PolicySet, Price, Target } from '../../../schema/policy-set.ts';
import { finding } from '../../diagnostics/finding.ts';
import type { AnalysisRule } from '../analysis-rule.ts';
import { nameTarget } from '../name-target.ts';

/** A target that another one of the same model outdoes in every respect, so that it is only ever a last resort. */
export const rule: AnalysisRule = {
  slug: 'dominated',
  check(set) {
    return set.targets.flatMap((target, row) => {
      const rival = set.models[target.model].candidates.find((other) => outdoes(set, set.targets[other], target));
      if (rival === undefined) return [];
      return [
        finding(
          'dominated',
          { place: target.place, length: 1 },
          `\`${nameTarget(set, row)}\` is only a last resort: \`${nameTarget(set, rival)}\` is as good or better in every respect`,
          `give its backend another \`priority\`, correct \`quality\` or \`price\`, or remove it if it is not meant as a reserve`,
          [{ message: `\`${nameTarget(set, rival)}\` goes first`, place: set.targets[rival].place }],
        ),
      ];
    });
  },
};

/** At least as good and as cheap, better in one of the two, and let through by every filter and floor that lets the other through. */
function outdoes({ backends }: PolicySet, better: Target, worse: Target): boolean {
  const [dearest, cheapest] = compareRates(better.price, worse.price);
  return (
    better.model === worse.model &&
    better.quality >= worse.quality &&
    dearest <= 0 &&
    (better.quality > worse.quality || cheapest < 0) &&
    better.tier >= worse.tier &&
    (worse.capabilities & ~better.capabilities) === 0 &&
    (better.context ?? Number.POSITIVE_INFINITY) >= (worse.context ?? Number.POSITIVE_INFINITY) &&
    isAsWelcome(backends[better.backend], backends[worse.backend])
  );
}

/** By how much the first price is above the second, at most and at least, over all lengths of prompt. */
function compareRates(a: Price, b: Price): [most: number, least: number] {
  const at = (price: Price, tokens: number) => price.tiers?.findLast(({ above }) => tokens > above) ?? price;
  const lengths = [1, ...[...(a.tiers ?? []), ...(b.tiers ?? [])].map(({ above }) => above + 1)];
  const differences = lengths.flatMap((tokens) => [at(a, tokens).input - at(b, tokens).input, at(a, tokens).output - at(b, tokens).output]);
  return [Math.max(...differences), Math.min(...differences)];
}

function isAsWelcome(better: Backend, worse: Backend): boolean {
  return (
    better.priority === worse.priority &&
    (better.zone === 'restricted' || worse.zone === 'open') &&
    // Budgets block cloud targets before local ones.
    (!better.cloud || worse.cloud)
  );
}
