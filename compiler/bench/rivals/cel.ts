import type { Rival } from './rival.ts';
import { CHOICES, RULES } from './twenty-rules.ts';

/** One nested conditional over all rules, parsed once: from name, team and tokens to the target; and the same only as far as the rule. */
export async function makeCel(): Promise<readonly Rival[]> {
  const { Environment } = await import('@marcbachmann/cel-js');
  const environment = new Environment()
    .registerVariable('model', 'string')
    .registerVariable('team', 'string')
    .registerVariable('tokens', 'double');
  const toTarget = environment.parse(nest((rule) => `(${writeChoice(rule)})`));
  const toRule = environment.parse(nest(String));
  return [
    { name: '@marcbachmann/cel-js', gives: 'target', decide: (question) => Number(toTarget(question)) },
    { name: '@marcbachmann/cel-js, the rule alone', gives: 'rule', decide: (question) => Number(toRule(question)) },
  ];
}

const nest = (write: (rule: number) => string): string =>
  RULES.reduceRight((rest, { family, team }, rule) => {
    const conditions = [...(family ? [`model.startsWith("${family}-")`] : []), ...(team ? [`team == "${team}"`] : [])];
    return conditions.length === 0 ? write(rule) : `(${conditions.join(' && ')} ? ${write(rule)} : ${rest})`;
  }, '-1');

/** The first target that fits the cap. */
function writeChoice(rule: number): string {
  const { cap, targets } = CHOICES[rule]!;
  if (cap === Number.POSITIVE_INFINITY) return String(targets[0]!.row);
  return targets.reduceRight((rest, { row, input, output }) => {
    if (input === 0 && output === 0) return String(row);
    return `tokens * ${input}.0 + ${output}.0 <= ${cap}.0 ? ${row} : ${rest}`;
  }, '-1');
}
