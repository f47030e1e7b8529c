import type { SelfTestVector } from '../../schema/manifest.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import { analyzeRequest, judge } from '../interpret/interpret.ts';
import type { Cell } from './cells.ts';
import { restState } from './states.ts';

/** Requests with states and the codes they must give: the oracle's, so that a loader checks meaning and not only bytes. */
export function makeSelfTest(set: PolicySet, cells: readonly Cell[], random: () => number): SelfTestVector[] {
  const rest = restState(set);
  return cells.flatMap((cell) => {
    const question = { body: cell.body, hints: cell.hints, caller: cell.caller, tokens: cell.tokens };
    const asked = analyzeRequest(set, question);
    if (asked.problem !== 'none') return [];
    const state = set.targets.map(() => (random() < 0.2 ? Math.floor(random() * 5) : 0));
    const targets = rest.targets.map((target, row) => ({ ...target, state: state[row]! }));
    const { code } = judge(set, asked, { ...rest, targets }, new Set());
    const { endpoint, model, maxOutputTokens, answers, tools, required } = cell.body;
    const body = { endpoint, model, maxOutputTokens, answers, tools, required, text: cell.body.text() };
    return [{ body, hints: cell.hints, caller: cell.caller, tokens: cell.tokens, state, code }];
  });
}
