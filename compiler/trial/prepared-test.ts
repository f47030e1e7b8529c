import type { MetricsSnapshot } from '../../schema/snapshot.ts';
import type { Question } from '../interpret/interpret.ts';
import type { Spot, Tree } from '../parse/tree.ts';
import type { PolicyTest } from './policy-test.ts';

/** What a test asks of a router: a request, the state it meets, and the targets that were tried already. */
export interface Situation {
  readonly question: Question;
  readonly state: MetricsSnapshot;
  /** Rows of targets. */
  readonly tried: readonly number[];
}

/** A test whose names are bound to rows. */
export interface PreparedTest extends Situation {
  readonly test: PolicyTest;
  /** Where its name stands. */
  readonly spot: Spot;
  /** What was written, for the places of its expectations. */
  readonly tree: Tree;
}
