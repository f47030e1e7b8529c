import fc from 'fast-check';
import { expect, test } from 'vitest';
import { build } from '../../../compiler/build.ts';
import { sideOfArtifact } from '../../../compiler/diff/side.ts';
import { Replay } from '../../../compiler/replay/replay.ts';
import { readLine } from '../../../compiler/replay/read-line.ts';
import { writeDecisionLine } from '../../../runtime/decisions/write-decision-line.ts';
import { writeOrderLine } from '../../../runtime/decisions/write-order-line.ts';
import { type DecisionLine, INTENT_COORDINATES } from '../../../schema/decision-line.ts';
import { anyPolicySet, anyQuestion, anySnapshot } from '../../build/policy-set.ts';
import { decide, type Served, serve } from './record.ts';

const RUNS = Number(process.env.POLICYC_PROPERTY_RUNS ?? 1) * 25;

test('every decision is made again exactly, from its line and the line of its order alone', async () => {
  const seen = { decisions: 0, rejects: 0, tried: 0, marked: 0 };
  await fc.assert(
    fc.asyncProperty(
      anyPolicySet({ maxTargets: 8, maxPolicies: 4 }).chain((set) =>
        fc.tuple(
          fc.constant(set),
          fc.array(
            fc.tuple(
              anySnapshot(set),
              anySnapshot(set),
              fc.array(fc.tuple(anyQuestion(set), fc.boolean(), fc.array(fc.nat(set.targets.length - 1), { maxLength: 3 })), {
                minLength: 8,
                maxLength: 12,
              }),
            ),
            { minLength: 3, maxLength: 4 },
          ),
        ),
      ),
      async ([set, epochs]) => {
        const router: Served = serve((await build(set, [])).files);
        const { module } = router;
        const lines: string[] = [];
        let decisions = 0;
        for (const [epoch, [first, later, asks]] of epochs.entries()) {
          const live = module.lay(module.rank({ ...first, epoch }));
          lines.push(writeOrderLine(router, live, `run-${epoch}`));
          for (const [at, [question, exact, tried]] of asks.entries()) {
            // States change in place between decisions.
            if (at === 4) {
              for (const [row, { state }] of later.targets.entries()) module.mark(live, row, state);
              for (const [row, status] of later.budgets.entries()) module.charge(live, row, status);
              seen.marked++;
            }
            const facts = decide(router, live, question, { requestId: `r-${epoch}-${at}`, tried: [...new Set(tried)], exact });
            if (facts === null) continue;
            lines.push(writeDecisionLine(facts, `run-${epoch}`, 1));
            decisions++;
            if (facts.code < 0) seen.rejects++;
            if (facts.tried.length > 0) seen.tried++;
          }
        }
        seen.decisions += decisions;
        const again = sideOfArtifact('again', router.manifest, serve((await build(set, [])).files).module);
        const replay = new Replay(again, [again]);
        for (const line of lines) {
          expect(readLine(line), line).not.toBeNull();
          replay.take(line);
        }
        const { exact, skipped } = replay.report();
        expect({ ...exact, skipped: Object.values(skipped) }).toEqual({ decisions, different: 0, differences: [], skipped: [0, 0, 0] });
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  expect(seen.decisions).toBeGreaterThan(RUNS * 15);
  for (const count of [seen.rejects, seen.tried, seen.marked]) expect(count).toBeGreaterThan(RUNS / 2);
}, 240_000);

test('a line has every coordinate of an intent, in the order of the list', async () => {
  const [set] = fc.sample(anyPolicySet({ maxTargets: 4, maxPolicies: 2 }), { numRuns: 1, seed: 7 });
  const router = serve((await build(set, [])).files);
  const live = router.module.lay(
    router.module.rank({ epoch: 3, targets: set.targets.map(() => ({ ...REST })), budgets: set.budgets.map(() => 0) }),
  );
  const question = fc.sample(anyQuestion(set), { numRuns: 50, seed: 11 }).find((drawn) => decide(router, live, drawn) !== null)!;
  const facts = decide(router, live, question)!;
  const coordinates = Object.keys(facts.intent).filter((key) => !['link', 'model', 'problem', 'at'].includes(key));
  expect([...INTENT_COORDINATES].sort()).toEqual(coordinates.sort());
  // Every coordinate another number, so that a swap of two shows.
  const intent = {
    ...facts.intent,
    ...Object.fromEntries(
      INTENT_COORDINATES.map((name, at) => [
        name,
        ['name', 'policy', 'category', 'class', 'caller', 'endpoint'].includes(name) ? facts.intent[name] : 100 + at,
      ]),
    ),
  };
  const line = JSON.parse(writeDecisionLine({ ...facts, intent }, 'o', 0.5)) as DecisionLine;
  expect(line.intent).toEqual(INTENT_COORDINATES.map((name) => intent[name]));
  expect(line).toMatchObject({
    kind: 'decision',
    format: 1,
    router: router.hash,
    order: 'o',
    epoch: 3,
    sample: 0.5,
    decision_us: 4.3,
    state: '',
    excluded: [],
  });
});

const REST = {
  error_rate_1h: 0,
  avg_ttft_ms: 0,
  success_rate_24h: 1,
  ttft_ms: { p50: 0, p90: 0, p95: 0, p99: 0 },
  ms_per_token: 0,
  latency_ema_ms: 0,
  load: 0,
  state: 0,
};
