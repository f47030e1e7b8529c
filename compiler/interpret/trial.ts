import type { PolicySet, TrafficPolicy } from '../../schema/policy-set.ts';
import type { MetricsSnapshot } from '../../schema/snapshot.ts';
import type { Analyzed } from './question.ts';

/** One link of the fallback chain under trial: everything that a stage may look at. */
export interface Trial {
  readonly set: PolicySet;
  readonly asked: Analyzed;
  readonly policy: TrafficPolicy;
  /** Row of the link's model. */
  readonly model: number;
  /** Rows of the budgets in scope, whatever the backend. */
  readonly budgets: readonly number[];
  readonly state: MetricsSnapshot;
  /** Rows of targets that were tried or refused already. */
  readonly excluded: ReadonlySet<number>;
  /** State bits that take a target out. */
  readonly outOfService: number;
}
