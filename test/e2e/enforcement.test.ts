import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, readError, until } from './policyd.ts';

/** `enforcement: { constraints: shadow }`, and the switch that takes constraints out without a change of policy. */

let dear: Upstream;
let cheap: Upstream;
beforeAll(async () => {
  dear = await Upstream.start({ models: ['best'] });
  cheap = await Upstream.start({ models: ['small'] });
});
afterAll(async () => {
  await dear.stop();
  await cheap.stop();
});

/** A call of 100 output tokens costs $0.10 at most with `best`, and is estimated at that: over a cap of $0.01. */
const policy = (more = ''): string => `
backends:
  dear: { type: openai, url: "${dear.url}", api_key_env: KEY, tier: 5, models: { best: { quality: 0.9, price: { input: 0, output: 1000 }, capabilities: [chat] } } }
  cheap: { type: vllm, url: "${cheap.url}", tier: 2, models: { small: { quality: 0.5 } } }
auto: { any: { candidates: ["*"] } }
categories:
  ONLY: { objective: quality, min_quality: 0.6, max_cost_per_request: 0.01, strict: true }
traffic:
  - { name: kept, match: { label: { kind: kept } }, privacy: restricted }
${more}
`;
const SHADOW = 'enforcement: { constraints: shadow }';
const start = (text: string, env: Record<string, string> = {}) => Policyd.start(text, { env: { KEY: 'sk-test', ...env } });
const ASK = { max_tokens: 100 };

test('enforced: nothing is left, and says by which constraint, threshold and value', async () => {
  const policyd = await start(policy());
  const answer = await policyd.chat('any', ASK);
  expect(answer.status).toBe(503);
  const { rejection_reasons } = await readError(answer);
  expect(rejection_reasons.map(({ agent_id, reconciler }) => [agent_id, reconciler])).toEqual([
    ['dear', 'BudgetReconciler'],
    ['cheap', 'QualityReconciler'],
  ]);
  await policyd.stop();
});

describe('in shadow', () => {
  let policyd: Policyd;
  beforeAll(async () => {
    policyd = await start(policy(SHADOW));
  });
  afterAll(() => policyd.stop());

  test('the request passes, and what enforcing would have done is told to caller, log and metrics', async () => {
    const answer = await policyd.chat('any', ASK);
    expect([answer.status, answer.headers.get('x-nexus-backend')]).toEqual([200, 'dear']);
    const warnings = answer.headers.get('x-nexus-warning')!.split(', ');
    expect(warnings).toEqual(['shadow-cost', 'shadow-reject']);
    await answer.arrayBuffer();
    const [line] = await until(async () => {
      const lines = policyd.lines('request');
      return lines.length > 0 ? lines : null;
    }, 'the line of the request');
    expect(line.shadow).toEqual({
      decision: 'reject',
      target: null,
      cost_usd: '0',
      violations: [{ constraint: 'cost', threshold: 'at most $0.01', actual: '$0.1' }],
    });
    const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
    expect(metrics).toContain('policyd_observed_decisions_total{enforced="reject"} 1');
    expect(metrics).toContain('policyd_observed_violations_total{constraint="cost"} 1');
  });

  test('a target that a floor would have kept out is told of, too', async () => {
    const answer = await policyd.chat('small', ASK);
    expect([answer.status, answer.headers.get('x-nexus-warning')]).toEqual([200, 'shadow-quality, shadow-reject']);
  });

  test('an estimate over the cap whose call stayed under it is a false violation', async () => {
    // It answers with 7 tokens: $0.007 of the estimated $0.10.
    const { models, categories, violations, constraints } = await until(async () => {
      const found = await policyd.get<{
        constraints: string;
        models: { model: string; samples: number }[];
        categories: { category: string; attempts: number; usd: number }[];
        violations: object;
      }>('/v1/calibration');
      return found.models.length > 0 ? found : null;
    }, 'the ledger to learn');
    expect([constraints, violations]).toEqual(['shadow', { cost: 1, false_cost: 1 }]);
    expect(models).toMatchObject([{ model: 'best', samples: 1 }]);
    expect(categories).toMatchObject([{ category: 'ONLY', attempts: 1, usd: 0.007, share: 1 }]);
  });

  test('privacy, tiers and capabilities are no such constraints', async () => {
    const kept = await start(
      `${policy(SHADOW)}`.replace('match: { label: { kind: kept } }, privacy: restricted', 'match: { model: "best" }, privacy: restricted'),
    );
    const answer = await kept.chat('best', ASK);
    expect([answer.status, (await readError(answer)).rejection_reasons[0].reconciler]).toEqual([503, 'PrivacyReconciler']);
    const tiered = await start(
      `${policy(SHADOW)}`.replace('match: { label: { kind: kept } }, privacy: restricted', 'match: { model: "small" }, min_tier: 4'),
    );
    expect((await readError(await tiered.chat('small', ASK))).rejection_reasons[0].reconciler).toBe('TierReconciler');
    await Promise.all([kept.stop(), tiered.stop()]);
  });
});

describe('budgets are kept', () => {
  const budgets = 'budgets: { all: { limit_usd: 0.15, hard_limit_action: block_all } }';
  test.each([
    ['in shadow', `${budgets}\n${SHADOW}`, {}],
    ['with constraints switched off', budgets, { POLICYD_CONSTRAINTS: 'off' }],
  ])('%s', async (_, more, env) => {
    const policyd = await start(policy(more), env);
    dear.delay = 500;
    const answers = await Promise.all([1, 2, 3].map(() => policyd.chat('best', ASK)));
    dear.delay = 0;
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 503, 503]);
    await policyd.stop();
  });
});

test('POLICYD_CONSTRAINTS=off restores plain routing, says so, and looks at nothing', async () => {
  const policyd = await start(policy(), { POLICYD_CONSTRAINTS: 'off' });
  const answer = await policyd.chat('any', ASK);
  expect([answer.status, answer.headers.get('x-nexus-backend'), answer.headers.get('x-nexus-warning')]).toEqual([200, 'dear', null]);
  expect((await policyd.get<{ active: { constraints: string } }>('/v1/policy')).active.constraints).toBe('off');
  expect(policyd.lines('caps of cost, floors of quality and SLAs are switched off')).toHaveLength(1);
  await policyd.stop();
});
