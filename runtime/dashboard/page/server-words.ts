/** What the server answers, as far as the page reads it. The shapes stand in `/openapi.json`. */

export interface Health {
  readonly context: {
    readonly vectors: { readonly store: string; readonly ok: boolean };
    readonly embeddings: { readonly ok: boolean };
    readonly mcp: { readonly servers: number; readonly connected: number };
  };
  readonly backends: readonly {
    readonly name: string;
    readonly type: string;
    readonly zone: string;
    readonly state: 'up' | 'loading' | 'down';
    readonly reason: string | null;
    readonly in_flight: number;
    readonly max_in_flight: number;
    readonly targets: readonly {
      readonly model: string;
      readonly state: string;
      readonly reason: string | null;
      readonly retry_in_ms: number | null;
      readonly in_flight: number;
    }[];
  }[];
}

export interface Budgets {
  readonly budgets: readonly {
    readonly name: string;
    readonly scope: string;
    readonly window: string;
    readonly status: 'Normal' | 'SoftLimit' | 'HardLimit';
    readonly action: string;
    readonly limit_usd: number;
    readonly settled_usd: number;
    readonly reserved_usd: number;
    readonly lost_usd: number;
    readonly headroom_usd: number;
    readonly burn_usd_per_hour: number;
    readonly forecast_usd: number;
    readonly exhausted_at: string | null;
  }[];
}

export interface Router {
  readonly hash: string;
  readonly loaded_at: string;
  readonly source: string;
  readonly compiler: string;
  readonly signed_by: string | null;
  readonly targets: number;
  readonly policies: number;
  readonly in_flight: number;
}

interface Figures {
  readonly decisions: number;
  readonly p99_us: number;
  readonly error_rate: number;
  readonly reject_rate: number;
}

interface Fared extends Figures {
  readonly cost_usd: number;
}

export interface Policy {
  readonly active: Router;
  readonly previous: Router | null;
  readonly canary:
    | (Fared & {
        readonly hash: string;
        readonly state: string;
        readonly percent: number;
        readonly keys: { readonly canary: number; readonly all: number } | null;
        readonly until: string;
        readonly min_decisions: number;
        readonly live: Fared;
        readonly reason: string | null;
      })
    | null;
  readonly shadow: { readonly hash: string; readonly decisions: number; readonly different: number } | null;
  readonly last_error: { readonly message: string; readonly at: string } | null;
  readonly watch: Figures & {
    readonly state: string;
    readonly until: string | null;
    readonly before: Figures | null;
    readonly reason: string | null;
  };
  readonly history: readonly {
    readonly event: string;
    readonly at: string;
    readonly from: string;
    readonly to: string | null;
    readonly by: string;
    readonly reason: string | null;
  }[];
}

export interface Shadow {
  readonly hash: string;
  readonly source: string;
  readonly since: string;
  readonly decisions: number;
  readonly different: number;
  readonly rejects: { readonly live: number; readonly shadow: number };
  readonly classes: readonly {
    readonly direction: string;
    readonly kind: string;
    readonly policies: { readonly live: string | null; readonly shadow: string | null };
    readonly decisions: number;
    readonly moves: readonly { readonly live: string | null; readonly shadow: string | null; readonly decisions: number }[];
    readonly examples: readonly string[];
  }[];
}
