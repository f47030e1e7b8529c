import type { Explanation, RejectionReason } from '../../schema/decision.ts';
import type { Intent } from '../../schema/intent.ts';
import type { Relaxation, RouteReason, Zone } from '../../schema/vocabulary.ts';

/** What a router made of a situation: all that a test can expect of it. Null where the decision has no such thing. */
export interface Outcome {
  /** `none`, or why there is nothing to decide. */
  readonly problem: string;
  readonly decision: 'route' | 'queue' | 'reject' | null;
  readonly target: string | null;
  readonly backend: string | null;
  readonly model: string | null;
  readonly zone: Zone | null;
  readonly reason: RouteReason | null;
  readonly relaxed: Relaxation | null;
  readonly policy: string | null;
  readonly category: string | null;
  readonly class: string | null;
  readonly warnings: readonly string[];
  readonly costUsd: number | null;
  readonly outputCap: number | null;
  readonly order: readonly string[];
  readonly queue: { readonly reason: 'loading' | 'full'; readonly estimatedWaitMs: number; readonly fallback: string | null } | null;
  readonly reasons: readonly RejectionReason[];
  /** Route code: see `CODE`. */
  readonly code: number;
  readonly intent: Intent;
  readonly explanation: Explanation | null;
}
