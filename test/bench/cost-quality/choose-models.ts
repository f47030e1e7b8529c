import type { Graded } from './graded.ts';

/** What one model did on the prompts of one class. */
interface Stand {
  readonly model: string;
  readonly right: number;
  readonly cost: number;
}

/**
 * A model for every class, from graded prompts: the cheapest whose answers are not worse than the best single model's by more than
 * `errors` standard errors of the paired difference. One is the rule of Breiman et al., "Classification and Regression Trees" (1984),
 * 3.4.3: of what cannot be told from the best, the simplest; here the cheapest. It is what somebody does who reads `policyc frontier`
 * class by class beside a record of answers.
 */
export function chooseModels(samples: readonly Graded[], models: readonly string[], single: string, errors: number): Map<string, string> {
  const classes = [...new Set(samples.map((sample) => sample.class))].sort();
  return new Map(
    classes.map((name) => {
      const own = samples.filter((sample) => sample.class === name);
      const byCost = models.map((model) => standOf(own, model)).sort((a, b) => a.cost - b.cost);
      const chosen = byCost.find(({ model }) => isAsGood(own, model, single, errors));
      return [name, chosen?.model ?? single];
    }),
  );
}

function isAsGood(samples: readonly Graded[], model: string, single: string, errors: number): boolean {
  let lost = 0;
  let squares = 0;
  for (const { results } of samples) {
    const difference = results.get(single)!.score - results.get(model)!.score;
    lost += difference;
    squares += difference ** 2;
  }
  return lost <= errors * Math.sqrt(squares);
}

/** Stands that nothing outdoes, by rising cost and rising quality. */
export function frontierOf(stands: readonly Stand[]): Stand[] {
  const sorted = [...stands].sort((a, b) => a.cost - b.cost || b.right - a.right);
  const kept: Stand[] = [];
  for (const stand of sorted) if (kept.length === 0 || stand.right > kept[kept.length - 1].right) kept.push(stand);
  return kept;
}

export function standOf(samples: readonly Graded[], model: string): Stand {
  let right = 0;
  let cost = 0;
  for (const { results } of samples) {
    const result = results.get(model)!;
    right += result.score;
    cost += result.cost;
  }
  return { model, right, cost };
}
