import type { RejectionReason } from '../../schema/decision.ts';
import type { TargetMetrics } from '../../schema/snapshot.ts';
import type { BudgetStatus, Endpoint, Relaxation, RouteReason, Zone } from '../../schema/vocabulary.ts';

/** One entry of `tests` as written: the shape of `tests.schema.json`. */
export interface PolicyTest {
  readonly name: string;
  readonly endpoint?: Endpoint;
  readonly request: Readonly<Record<string, unknown>> & { readonly model: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly team?: string;
  readonly tokens?: number;
  readonly given?: Given;
  readonly expect: Expectation;
}

/** Names are backends, models, or `backend/model`. */
export interface Given {
  readonly down?: readonly string[];
  readonly full?: readonly string[];
  readonly loading?: readonly string[];
  readonly tried?: readonly string[];
  readonly budgets?: Readonly<Record<string, BudgetStatus>>;
  readonly metrics?: Readonly<Record<string, GivenMetrics>>;
}

/** As in a snapshot; what is absent is unmeasured. */
export type GivenMetrics = Partial<Omit<TargetMetrics, 'state' | 'ttft_ms'>> & { readonly ttft_ms?: Partial<TargetMetrics['ttft_ms']> };

/** What must hold; what is absent may be anything. Comparisons are a number or `<`, `<=`, `>`, `>=`, `=` and a number. */
export interface Expectations {
  readonly decision?: 'route' | 'queue' | 'reject';
  readonly problem?: string;
  readonly backend?: string;
  readonly model?: string;
  readonly target?: string;
  readonly zone?: Zone;
  readonly policy?: string;
  readonly category?: string;
  readonly class?: string;
  readonly reason?: RouteReason;
  readonly relaxed?: Relaxation;
  readonly warnings?: readonly string[];
  readonly cost_usd?: string | number;
  readonly output_cap?: string | number;
  readonly order?: readonly string[];
  readonly queue?: {
    readonly reason?: 'loading' | 'full';
    readonly estimated_wait_ms?: string | number;
    readonly fallback?: string | null;
  };
  readonly reasons?: readonly Partial<Omit<RejectionReason, 'suggested_action'>>[];
}

export interface Expectation extends Expectations {
  readonly not?: Expectations;
}
