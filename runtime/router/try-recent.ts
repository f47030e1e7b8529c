import { setImmediate } from 'node:timers/promises';
import { CODE } from '../../schema/decision.ts';
import type { DecisionLine } from '../../schema/decision-line.ts';
import { coordinatesOf, digitsOf, readDecision } from '../decisions/recorded-decision.ts';
import type { DecisionRecorder } from '../decisions/decision-recorder.ts';
import type { HeldOrder } from '../decisions/held-orders.ts';
import type { Artifact } from './artifact.ts';
import { Divergence, type Verdict } from './divergence.ts';
import { askAgain } from './ask-again.ts';
import { Mirror } from './mirror.ts';

/** What a router that is to serve makes of recent decisions. */
export interface RecentReport {
  /** First decisions of recent requests that could be put to it. */
  readonly decisions: number;
  readonly different: number;
  /** Requests that were turned away, and that it would turn away. */
  readonly rejects_before: number;
  readonly rejects_after: number;
  /** How many of those that differ would be answered where they were not or leave the restricted zone, and the other way round. */
  readonly loosened: number;
  readonly tightened: number;
}

/** Longest time that requests are held up at once, in ms. */
const SLICE = 2;

/**
 * Puts the recent requests to a router that is about to serve, each in the world that it was decided in. Their text is not recorded: category and
 * class are those of the record where the policy has them, else what follows from tokens alone. Requests are served in between.
 */
export async function tryRecent(
  artifact: Pick<Artifact, 'manifest' | 'module'>,
  { ring, orders }: DecisionRecorder,
): Promise<RecentReport> {
  const mirror = new Mirror(artifact);
  const found = new Divergence();
  let slice = performance.now();
  for (const text of ring.read({}, Number.POSITIVE_INFINITY)) {
    const line = readDecision(text);
    const order = orders.get(line.order);
    if (order !== undefined && line.excluded.length === 0) {
      found.add(line.request_id, { target: line.target, zone: line.zone, policy: line.policy }, ask(mirror, line, order));
    }
    if (performance.now() - slice < SLICE) continue;
    await setImmediate();
    slice = performance.now();
  }
  const { decisions, different, rejects, classes } = found.report();
  const sum = (direction: string): number => classes.reduce((all, entry) => all + (entry.direction === direction ? entry.decisions : 0), 0);
  return {
    decisions,
    different,
    rejects_before: rejects.live,
    rejects_after: rejects.other,
    loosened: sum('loosens'),
    tightened: sum('tightens'),
  };
}

const NOBODY: Verdict = { target: null, zone: null, policy: null };

function ask(mirror: Mirror, line: DecisionLine, order: HeldOrder): Verdict {
  const { module } = mirror;
  const caller = mirror.callerOf(order.manifest, coordinatesOf(line).caller);
  if (caller < 0) return NOBODY;
  const intent = askAgain(mirror, line, caller);
  if (intent.problem !== 0) return NOBODY;
  const live = mirror.see({ ...order, state: digitsOf(line.state), budgets: digitsOf(line.budgets) });
  return verdictOf(mirror, intent.policy, module.decide(intent, live, module.none));
}

/** What a code of a router means, in names. */
export function verdictOf({ manifest }: Pick<Mirror, 'manifest'>, policy: number, code: number): Verdict {
  const name = manifest.policies[policy].name;
  if (code < 0) return { target: null, zone: null, policy: name };
  const { backend, model } = manifest.targets[code & CODE.TARGET];
  return { target: `${manifest.backends[backend].name}/${model}`, zone: manifest.backends[backend].zone, policy: name };
}
