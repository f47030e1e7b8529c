import type { Bound, Comparison, PolicySet } from '../../schema/policy-set.ts';
import type { BoundData, RouterData } from '../emit/kernel/data.ts';

/** Classifier, categories and classes as data. */
export function planTasks(set: PolicySet): Pick<RouterData, 'classifier' | 'categories' | 'classes'> {
  const { classifier } = set;
  return {
    classifier: {
      keywords: classifier.keywords.map(({ word, weight }) => [word, weight] as const),
      codeBlock: classifier.codeBlock,
      manyLines: [classifier.manyLines.over, classifier.manyLines.add],
      tokens: [classifier.tokens.per, classifier.tokens.upTo],
      expected: classifier.expectedOutputTokens,
    },
    categories: set.categories.map((category) => ({
      name: category.name,
      score: boundOf(category.when.score),
      inputTokens: boundOf(category.when.inputTokens),
      maxCost: category.maxCost ?? Number.POSITIVE_INFINITY,
      maxOutputTokens: category.maxOutputTokens,
      strict: category.strict,
      sla: category.sla === null ? null : set.slas[category.sla]!.name,
      minQuality: category.minQuality,
      place: category.implicit ? '' : `${category.place.file}:${category.place.line}:${category.place.column}`,
    })),
    classes: set.classes.map(({ name, when }) => ({
      name,
      words: when.words,
      tools: boundOf(when.tools),
      codeBlock: when.codeBlock,
      inputTokens: boundOf(when.inputTokens),
    })),
  };
}

const OPS: Record<Comparison, number> = { '<': -2, '<=': -1, '=': 0, '>=': 1, '>': 2 };

const boundOf = (bound: Bound | null): BoundData | null => (bound === null ? null : { op: OPS[bound.op], value: bound.value });
