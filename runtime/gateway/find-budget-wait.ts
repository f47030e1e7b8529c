import type { Explanation } from '../../schema/decision.ts';
import { findSpan } from '../ledger/span.ts';
import type { Exchange } from './exchange.ts';

/** Calls in flight settle for less than was set aside for them. */
const SETTLING = 1_000;

/**
 * Ms until a budget may bear what it can't bear now: a second where calls in flight may give something back, the next window where
 * a budget is used up; Infinity where none is to blame.
 */
export function findBudgetWait(exchange: Exchange, explanation: Explanation): number {
  if (exchange.unpaid.length > 0) return SETTLING;
  const isSpent = explanation.links.some(({ stages }) => stages.some(({ excluded }) => excluded.some(({ axis }) => axis === 'budget')));
  if (!isSpent) return Number.POSITIVE_INFINITY;
  const now = Date.now();
  const { budgets } = exchange.router.manifest;
  return Math.min(
    ...budgets.filter(({ hard_limit_action }) => hard_limit_action !== 'warn').map(({ period }) => findSpan(period, now).end - now),
  );
}
