import { expect, test } from 'vitest';
import type { Explanation, RejectionReason } from '../../../schema/decision.ts';
import type { Exchange } from '../../../runtime/gateway/exchange.ts';
import { explainUnpaid } from '../../../runtime/gateway/explain-unpaid.ts';
import { makeRefusals, REFUSAL_KINDS, type RefusalKind } from '../../../runtime/ledger/refusal.ts';

const REASON = {
  agent_id: 'cloud',
  model: 'm',
  reconciler: 'SchedulerReconciler',
  reason: 'taken out',
  suggested_action: 'none',
} as RejectionReason;

function explain(kind: RefusalKind): RejectionReason {
  const exchange = {
    unpaid: [{ row: 0, refusal: makeRefusals('all')[kind] }],
    router: { routes: [{ name: 'cloud/m' }], module: { bound: () => 100_000_000 } },
    asked: { buffer: Buffer.from('{}'), fields: {} },
    intent: {},
  } as unknown as Exchange;
  const explanation = {
    intent: { rejection_reasons: [] },
    decision: { decision: 'reject', rejection_reasons: [REASON] },
  } as unknown as Explanation;
  return (explainUnpaid(exchange, explanation).decision as { rejection_reasons: readonly RejectionReason[] }).rejection_reasons[0];
}

test('each refusal of the ledger has its own words, and only one says that money is missing', () => {
  const told = REFUSAL_KINDS.map((kind) => ({ kind, ...explain(kind) }));
  expect(told.filter(({ reason }) => reason.includes('has less left')).map(({ kind }) => kind)).toEqual(['does-not-fit']);
  expect(new Set(told.map(({ reason }) => reason)).size).toBe(REFUSAL_KINDS.length - 1);
  for (const { reconciler } of told) expect(reconciler).toBe('BudgetReconciler');
});
