import { expect, test } from 'vitest';
import { compile } from '../../../compiler/compile.ts';
import { loadRouter } from '../../../compiler/prove/load-router.ts';
import { CODE } from '../../../schema/decision.ts';
import { choose, peek } from '../../../runtime/gateway/choose.ts';
import type { LiveRouter } from '../../../runtime/router/live-router.ts';
import { buildQuestion } from '../../build/build-question.ts';

const POLICY = `
backends:
  one: { type: vllm, url: "http://127.0.0.1:1", models: { first: {} } }
  two: { type: vllm, url: "http://127.0.0.1:2", models: { second: {} } }
fallbacks: { first: [second] }
`;

test('a question whether another target could stand in leaves the request where it was', async () => {
  const { artifact } = await compile([{ file: 'policies/policy.yaml', text: POLICY }]);
  const module = loadRouter(artifact!.files.get('router.js')!);
  const ready = {
    state: 0,
    error_rate_1h: 0,
    success_rate_24h: 1,
    avg_ttft_ms: 0,
    ttft_ms: { p50: 0, p90: 0, p95: 0, p99: 0 },
    ms_per_token: 0,
  };
  const targets = [0, 1].map(() => ({ ...ready, load: 0, latency_ema_ms: 0, quality: 1 }));
  const live = module.lay(module.rank({ epoch: 0, targets, budgets: [] } as never));
  const router = { module, state: { live } } as unknown as LiveRouter;
  const { body, hints } = buildQuestion({ model: 'first' });
  const intent = module.analyze(body, hints, 0, { low: 1, high: 1, atLeast: () => 1, exact: () => 1 });
  const codeOf = (code: number) => [code & CODE.TARGET, (code >> CODE.LINK_SHIFT) & CODE.LINK];

  expect(codeOf(choose(router, intent, []).code)).toEqual([0, 0]);
  const before = structuredClone(intent);
  expect(codeOf(peek(router, intent, [0]).code)).toEqual([1, 1]);
  expect(intent).toEqual(before);
  expect(codeOf(choose(router, intent, []).code)).toEqual([0, 0]);
});
