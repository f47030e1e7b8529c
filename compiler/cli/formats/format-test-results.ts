import type { Place } from '../../../schema/policy-set.ts';
import { spotAt } from '../../parse/spot-at.ts';
import type { Miss } from '../../trial/judge-outcome.ts';
import type { TestResult } from '../../trial/run-tests.ts';
import type { Paint } from './paint.ts';

/** Reasons shown under a failure; beyond them `policyc explain` tells more. */
const MOST_REASONS = 6;

/** For people: a line for every test; under one that fails, what was expected, what came, and who decided it where. */
export function formatTestResults(results: readonly TestResult[], paint: Paint): string {
  let file: string | null = null;
  let out = '';
  for (const result of results) {
    const { place } = result.test.spot;
    if (place.file !== file) {
      file = place.file;
      out += `${paint.bold(file)}\n`;
    }
    const mark = result.passed ? paint.green('✓') : paint.red('✗');
    out += `  ${mark} ${result.test.test.name}${result.passed ? '' : paint.dim(`  ${placeOf(place)}`)}\n`;
    if (!result.passed) out += `${explainFailure(result, paint).join('\n')}\n\n`;
  }
  return out;
}

/** The lines under a failed test. */
export function explainFailure({ test, outcome, misses, disagreement }: TestResult, paint: Paint): string[] {
  const width = Math.max(0, ...misses.map((miss) => keyOf(miss).length));
  const lines = misses.flatMap((miss) => [
    `      ${paint.cyan(keyOf(miss).padEnd(width))}  expected ${paint.green(miss.expected)}  ${paint.dim(placeOf(placeOfMiss(test.tree, miss)))}`,
    `      ${' '.repeat(width)}       got ${paint.red(miss.got)}`,
  ]);
  if (disagreement !== null) lines.push(`      ${paint.red('the interpreter decides otherwise')}: ${disagreement}`);
  const { explanation } = outcome;
  if (explanation === null) return lines;
  const { policy, category, class: taskClass } = explanation.intent;
  const target = outcome.target === null ? '' : ` to ${outcome.target}`;
  lines.push(
    paint.dim(
      `      decided: ${outcome.decision}${target}${outcome.reason === null ? '' : ` (${outcome.reason})`}, policy ${policy}, category ${category ?? 'none'}, class ${taskClass ?? 'none'}`,
    ),
  );
  const excluded = explanation.links.flatMap(({ stages }) => stages.flatMap((stage) => stage.excluded));
  for (const { stage, reason, place } of excluded.slice(0, MOST_REASONS)) {
    lines.push(paint.dim(`      − ${stage}: ${reason}${place === null ? '' : `  ${placeOf(place)}`}`));
  }
  if (excluded.length > MOST_REASONS) lines.push(paint.dim(`      − and ${excluded.length - MOST_REASONS} more`));
  return lines;
}

const keyOf = ({ path }: Miss): string =>
  path
    .slice(1)
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('');

const placeOfMiss = (tree: TestResult['test']['tree'], { path }: Miss): Place => spotAt(tree, ...path).place;
const placeOf = ({ file, line }: Place): string => `${file}:${line}`;
