import { DECISION_LINE_FORMAT, type OrderLine } from '../../schema/decision-line.ts';
import type { Live } from '../../schema/router.ts';
import { type TargetMetrics, UNMEASURED } from '../../schema/snapshot.ts';
import type { DecisionFacts } from './decision-facts.ts';

/** An `OrderLine`, without its line break. `rank` is pure, so the order is found again from the snapshot of its tables. */
export function writeOrderLine({ hash, manifest, module }: DecisionFacts['router'], live: Live, order: string): string {
  const { snapshot, epoch } = live;
  const line: OrderLine = {
    kind: 'order',
    format: DECISION_LINE_FORMAT,
    time: new Date().toISOString(),
    router: hash,
    order,
    epoch,
    permutation: Array.from(module.rank(snapshot).permutation),
    targets: manifest.targets.map(({ backend, model }) => `${manifest.backends[backend].name}/${model}`),
    budgets: manifest.budgets.map(({ name }) => name),
    measured: snapshot.targets.map(omitPriors),
    charged: snapshot.budgets,
  };
  return JSON.stringify(line);
}

/** Most targets of most snapshots have nothing to tell. */
function omitPriors(metrics: TargetMetrics): Partial<TargetMetrics> {
  const told = Object.entries(metrics).filter(([key, value]) => {
    const prior = UNMEASURED[key as keyof TargetMetrics];
    return typeof value === 'number' ? value !== prior : JSON.stringify(value) !== JSON.stringify(prior);
  });
  return Object.fromEntries(told);
}
