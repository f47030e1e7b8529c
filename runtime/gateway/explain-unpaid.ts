import type { Explanation, RejectionReason } from '../../schema/decision.ts';
import type { RefusalKind } from '../ledger/refusal.ts';
import type { Exchange } from './exchange.ts';
import { mayCostMore } from './may-cost-more.ts';
import { formatDollars } from './nexus-headers.ts';

/**
 * The explanation with what only the ledger knows: which targets gave way since no budget could bear what the call may cost there. The
 * router sees them as taken out.
 */
export function explainUnpaid(exchange: Exchange, explanation: Explanation): Explanation {
  if (exchange.unpaid.length === 0) return explanation;
  const told = new Map(exchange.unpaid.map(({ row, refusal }) => [exchange.router.routes[row].name, { row, refusal }]));
  const retell = (reasons: readonly RejectionReason[]): RejectionReason[] =>
    reasons.map((reason) => {
      const unpaid = told.get(`${reason.agent_id}/${reason.model}`);
      if (unpaid === undefined) return reason;
      const bound = mayCostMore(exchange.asked!) ? Number.NaN : exchange.router.module.bound(exchange.intent!, unpaid.row);
      return { ...reason, reconciler: 'BudgetReconciler', ...say(unpaid.refusal.kind, unpaid.refusal.budget, bound) };
    });
  const { decision } = explanation;
  return {
    ...explanation,
    intent: { ...explanation.intent, rejection_reasons: retell(explanation.intent.rejection_reasons) },
    decision: decision.decision === 'reject' ? { ...decision, rejection_reasons: retell(decision.rejection_reasons) } : decision,
  };
}

function say(kind: RefusalKind, budget: string, bound: number): Pick<RejectionReason, 'reason' | 'suggested_action'> {
  if (kind === 'store-unreachable')
    return {
      reason: `the store can't be reached, and budget \`${budget}\` has nothing set aside here`,
      suggested_action: 'retry in a second; bring the database of `DATABASE_URL` up',
    };
  if (kind === 'overloaded')
    return {
      reason: 'too many entries of the ledger wait to be written',
      suggested_action: 'retry in a second; look at the disk of `--data`',
    };
  if (kind === 'late' || kind === 'slice-dry')
    return {
      reason: `nothing of budget \`${budget}\` was set aside in time: it may have enough left, and the disk or the store is slow`,
      suggested_action: 'retry in a second; look at the disk of `--data`, or the database of `DATABASE_URL`',
    };
  if (!Number.isFinite(bound))
    return {
      reason: `the most that this call may cost is not known, and budget \`${budget}\` blocks`,
      suggested_action: 'leave out a service tier above `default`, `web_search_options` and `file_id`; give the model a price',
    };
  return {
    reason: `budget \`${budget}\` has less left than the $${formatDollars(bound)} that this call may cost`,
    suggested_action: `ask for fewer output tokens, retry when calls in flight have settled, or raise \`limit_usd\` of budget \`${budget}\``,
  };
}
