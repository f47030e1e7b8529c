import type { Fleet } from '../backends/fleet.ts';
import type { Config } from '../config/config.ts';
import type { DecisionRecorder } from '../decisions/decision-recorder.ts';
import { AuditTrail } from './audit-trail.ts';
import { Canary } from './canary.ts';
import { Freshness } from './freshness.ts';
import type { OpenOptions } from './open-router.ts';
import type { PolicyCell } from './policy-cell.ts';
import type { PolicyControl } from './policy-control.ts';
import { PolicyLoader } from './policy-loader.ts';
import { Refusals } from './refusals.ts';
import { Shadow } from './shadow.ts';
import { WatchWindow } from './watch-window.ts';

/** Wires up what changes the policy: loader, watch window, canary, shadow, audit trail. */
export function controlPolicy(
  config: Config,
  cell: PolicyCell,
  fleet: Fleet,
  options: OpenOptions,
  recorder: DecisionRecorder,
): PolicyControl {
  const trail = new AuditTrail();
  const refusals = new Refusals();
  const freshness = new Freshness();
  freshness.confirm('artifact');
  if (config.watch !== null) freshness.confirm('policies');
  const window = new WatchWindow(cell, trail, refusals, { window: config.watchWindow, minDecisions: config.watchMinDecisions });
  const canary = new Canary(cell, trail, refusals, window, {
    window: config.watchWindow,
    minDecisions: config.canaryMinDecisions,
    gates: { p99: config.gateDecisionTime, errors: config.gateErrors, rejects: config.gateRejects, spend: config.gateSpend },
  });
  const shadow = new Shadow(trail, () => cell.active.hash);
  const loader = new PolicyLoader({ cell, fleet, window, trail, refusals, freshness, canary, shadow, recorder }, options);
  return { loader, window, canary, shadow, trail, freshness };
}
