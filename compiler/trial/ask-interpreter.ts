import type { PolicySet } from '../../schema/policy-set.ts';
import { analyzeRequest, judge } from '../interpret/interpret.ts';
import type { Outcome } from './outcome.ts';
import type { Situation } from './prepared-test.ts';

/** What the interpreter says otherwise than the router, in words; null where they agree, as they must. */
export function askInterpreter(set: PolicySet, { question, state, tried }: Situation, outcome: Outcome): string | null {
  const asked = analyzeRequest(set, question);
  if (asked.problem !== outcome.problem) return `problem ${asked.problem}, the router says ${outcome.problem}`;
  if (asked.problem !== 'none') return null;
  const { intent } = outcome;
  for (const [noun, rows, own, routers] of [
    ['policy', set.policies, asked.policy, intent.policy],
    ['category', set.categories, asked.category, intent.category],
    ['class', set.classes, asked.class, intent.class],
  ] as const) {
    if (own !== routers) return `${noun} ${rows[own].name}, the router says ${rows[routers].name}`;
  }
  const { code } = judge(set, asked, state, new Set(tried));
  return code === outcome.code ? null : `route code ${code}, the router says ${outcome.code}`;
}
