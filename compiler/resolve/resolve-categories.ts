import type { CategoryEntry } from '../../schema/policy.ts';
import type { Category, Classifier } from '../../schema/policy-set.ts';
import { DEFAULT_OUTPUT_CAP } from '../../schema/request.ts';
import type { Named } from '../parse/merge.ts';
import { spotAt } from '../parse/spot-at.ts';
import { boundAt } from './bound-at.ts';
import { type Desk, Register } from './desk.ts';
import { NOWHERE } from './nowhere.ts';
import { micros, pico } from './units.ts';

export function resolveCategories(
  slaRows: Register,
  classifier: Classifier,
  desk: Desk,
): { readonly categories: readonly Category[]; readonly categoryRows: Register } {
  const categoryRows = new Register('category');
  const categories: Category[] = [];
  let input = 1_000;
  for (const named of desk.sections.categories) {
    const category = named.broken ? null : resolveCategory(named, input, slaRows, classifier, desk);
    if (category === null) {
      categoryRows.hide(named.name);
      continue;
    }
    input = category.reference.input;
    categoryRows.add(named.name, categories.length);
    categories.push(category);
  }
  categories.push({
    name: 'none',
    implicit: true,
    when: { score: null, inputTokens: null },
    minQuality: null,
    relativeQuality: null,
    maxCost: null,
    maxOutputTokens: null,
    sla: null,
    objective: 'balanced',
    strict: false,
    reference: { input: 1_000, output: classifier.expectedOutputTokens },
    place: NOWHERE,
  });
  return { categories, categoryRows };
}

function resolveCategory(
  { name, entry, tree, spot }: Named<CategoryEntry>,
  inputBefore: number,
  slaRows: Register,
  classifier: Classifier,
  desk: Desk,
): Category | null {
  const faults = desk.diagnostics.length;
  const score = boundAt(entry.when?.score, 1e6, tree, ['when', 'score'], desk);
  if (score !== null && score.value > 1e6) {
    desk.report(
      'bad-value',
      spotAt(tree, 'when', 'score'),
      `a score of \`${entry.when?.score}\` is never reached: scores go from 0 to 1`,
      'write it like this: `"<0.3"`',
    );
  }
  const inputTokens = boundAt(entry.when?.input_tokens, 1, tree, ['when', 'input_tokens'], desk);
  const sla = entry.sla === undefined ? null : slaRows.find(entry.sla, spotAt(tree, 'sla'), desk);
  const maxOutputTokens = entry.max_output_tokens ?? DEFAULT_OUTPUT_CAP;
  const isUpper = inputTokens !== null && inputTokens.op !== '>' && inputTokens.op !== '>=';
  if (desk.diagnostics.length > faults || (entry.sla !== undefined && sla === null)) return null;
  return {
    name,
    implicit: false,
    when: { score, inputTokens },
    minQuality: typeof entry.min_quality === 'number' ? micros(entry.min_quality) : null,
    relativeQuality: typeof entry.min_quality === 'object' ? micros(entry.min_quality.relative) : null,
    maxCost: entry.max_cost_per_request === undefined ? null : pico(entry.max_cost_per_request),
    maxOutputTokens,
    sla,
    objective: entry.objective ?? 'balanced',
    strict: entry.strict ?? false,
    reference: {
      input: isUpper ? inputTokens.value : inputBefore,
      output: Math.min(classifier.expectedOutputTokens, maxOutputTokens),
    },
    place: spot.place,
  };
}
