import { expect, test } from 'vitest';
import { loadSet } from '../../../compiler/bench/load-policy.ts';
import { analyzeRequest, judge } from '../../../compiler/interpret/interpret.ts';
import { countsOf } from '../../../compiler/prove/cells.ts';
import { UNMEASURED } from '../../../schema/snapshot.ts';
import { buildPolicySet } from '../../build/policy-set.ts';

/** 500 output tokens at 10 pico-dollars; 1 a token in, 3 above 100. */
const price = { input: 1, output: 10, tiers: [{ above: 100, input: 3, output: 10, cachedInput: null }] };

test.each([
  5_000, 5_001, 5_099, 5_100, 5_101, 5_302, 5_303, 5_304, 6_000,
])('a cap of %d pico-dollars admits the same requests whether tokens are known or have to be counted', async (maxCost) => {
  const set = buildPolicySet({
    targets: [{ backend: 'local', model: 'm', price }],
    policies: [{ maxCost }],
  });
  const { router } = await loadSet(set);
  const state = { epoch: 0, targets: set.targets.map(() => UNMEASURED), budgets: [] };
  const live = router.lay(router.rank(state));
  const body = { endpoint: 'chat' as const, model: 'm', maxOutputTokens: null, answers: 1, tools: 0, required: 1, text: () => '' };
  const hints = { strict: false, flexible: false, category: null, class: null };
  for (const tokens of [0, 1, 2, 99, 100, 101, 102, 200, 333, 334, 1_000]) {
    const wanted = judge(set, analyzeRequest(set, { body, hints, caller: 0, tokens }), state, new Set()).code;
    for (const exact of [true, false]) {
      const intent = router.analyze(body, hints, 0, countsOf(tokens, exact));
      expect([tokens, exact, router.decide(intent, live, router.none)]).toEqual([tokens, exact, wanted]);
    }
  }
});
