import type { Fleet } from '../backends/fleet.ts';
import type { Config } from '../config/config.ts';
import { AuditTrail } from './audit-trail.ts';
import { Freshness } from './freshness.ts';
import type { OpenOptions } from './open-router.ts';
import type { PolicyCell } from './policy-cell.ts';
import type { PolicyControl } from './policy-control.ts';
import { PolicyLoader } from './policy-loader.ts';
import { Refusals } from './refusals.ts';
import { WatchWindow } from './watch-window.ts';

/** Wires up what changes the policy: loader, watch window, audit trail. */
export function controlPolicy(config: Config, cell: PolicyCell, fleet: Fleet, options: OpenOptions): PolicyControl {
  const trail = new AuditTrail();
  const refusals = new Refusals();
  const freshness = new Freshness();
  freshness.confirm('artifact');
  if (config.watch !== null) freshness.confirm('policies');
  const window = new WatchWindow(cell, trail, refusals, { window: config.watchWindow, minDecisions: config.watchMinDecisions });
  const loader = new PolicyLoader({ cell, fleet, window, trail, refusals, freshness }, options);
  return { loader, window, trail, freshness };
}
