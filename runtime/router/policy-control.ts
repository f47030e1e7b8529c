import type { AuditTrail } from './audit-trail.ts';
import type { Canary } from './canary.ts';
import type { Freshness } from './freshness.ts';
import type { PolicyLoader } from './policy-loader.ts';
import type { Shadow } from './shadow.ts';
import type { WatchWindow } from './watch-window.ts';

/** The ways to change the policy in force, and to know about it. */
export interface PolicyControl {
  readonly loader: PolicyLoader;
  readonly window: WatchWindow;
  readonly canary: Canary;
  readonly shadow: Shadow;
  readonly trail: AuditTrail;
  readonly freshness: Freshness;
}
