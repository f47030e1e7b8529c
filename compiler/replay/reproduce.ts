import type { DecisionLine, OrderLine } from '../../schema/decision-line.ts';
import type { Intent } from '../../schema/intent.ts';
import type { Live } from '../../schema/router.ts';
import { type MetricsSnapshot, UNMEASURED } from '../../schema/snapshot.ts';
import type { Side } from '../diff/side.ts';
import { coordinatesOf } from './read-line.ts';

/** The snapshot of an order line, as its router had it. */
export const snapshotOf = ({ epoch, measured, charged }: OrderLine): MetricsSnapshot => ({
  epoch,
  targets: measured.map((metrics) => ({ ...UNMEASURED, ...metrics })),
  budgets: charged,
});

/** The tables that a recorded decision read, in the router that made it. Null where this router ranks the snapshot in another order. */
export function layRecorded({ router }: Side, order: OrderLine): Live | null {
  const ranked = router.rank(snapshotOf(order));
  if (ranked.permutation.length !== order.permutation.length) return null;
  if (ranked.permutation.some((target, at) => target !== order.permutation[at])) return null;
  return router.lay(ranked);
}

/** What the router that made a decision decides now: the code, which must be the recorded one. */
export function reproduce({ router, targets, budgets }: Side, line: DecisionLine, live: Live): number {
  setState(router, live, targets.length, line.state, budgets.length, line.budgets);
  // Bound to no link yet, so that `decide` finds the model and the offsets itself.
  const intent: Intent = { ...coordinatesOf(line), link: -1, model: -1, problem: 0, at: {} };
  return router.decide(intent, live, router.exclude(live, line.excluded));
}

/** Brings the words that change in place to where they were. */
function setState(router: Side['router'], live: Live, targets: number, state: string, budgets: number, charged: string): void {
  for (let row = 0; row < targets; row++) {
    const bits = Number(state[row] ?? 0);
    if (live.state[row] !== bits) router.mark(live, row, bits);
  }
  for (let row = 0; row < budgets; row++) {
    const status = Number(charged[row] ?? 0);
    if (live.budgets[row] !== status) router.charge(live, row, status);
  }
}
