import type { Backend, Caller, Place, Timeouts } from './policy-set.ts';
import type { Price } from './price.ts';
import type { WorkloadsConfig } from './workload.ts';
import type { BackendType, Capability, Encoding, HardLimitAction, Period, TaskType, Zone } from './vocabulary.ts';

export const MANIFEST_FORMAT = 1;

/**
 * `manifest.json`: what an artifact is, where it came from, and what the runtime must know to carry its decisions out.
 * Written last; an artifact is complete when `router.sha256` is that of the `router.js` beside it.
 */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly compiler: string;
  /** SHA-256 over the canonical JSON of this manifest without `hash`: names the whole artifact. */
  readonly hash: string;
  /** The loadable module: the body of a function that returns a `RouterModule`. */
  readonly router: { readonly file: string; readonly sha256: string };
  /** The same for people. */
  readonly page: { readonly file: string; readonly sha256: string };
  readonly sources: readonly { readonly file: string; readonly sha256: string }[];
  /** Name, version and day of the price table. */
  readonly prices: string;
  readonly plan: {
    readonly targets: number;
    readonly policies: number;
    readonly names: number;
    readonly words: number;
    readonly axes: number;
    readonly price_classes: number;
    readonly rank_classes: number;
    /** Statements and forbidden nodes counted on the AST of `route`. */
    readonly route: { readonly statements: number; readonly branches: number };
  };
  readonly proof: Proof;
  /** Sections that are present but not enforced. */
  readonly unenforced: readonly string[];
  readonly backends: readonly BackendConfig[];
  /** By row. */
  readonly targets: readonly TargetConfig[];
  /** By row of `names`: what `GET /v1/models` lists. */
  readonly names: readonly {
    readonly name: string;
    readonly kind: 'model' | 'alias' | 'virtual';
    readonly model: string;
    readonly targets: readonly number[];
  }[];
  /** By caller row, without the implicit last one. */
  readonly callers: readonly CallerConfig[];
  readonly policies: readonly { readonly name: string; readonly place: Place }[];
  readonly categories: readonly string[];
  readonly classes: readonly string[];
  /** By row. */
  readonly budgets: readonly BudgetConfig[];
  readonly pools: readonly PoolConfig[];
  /** Absent in artifacts of before workloads were enforced. */
  readonly workloads?: WorkloadsConfig;
  /** Absent: caps of cost, floors of quality and SLAs are enforced; `shadow`: they are only observed. */
  readonly enforcement?: 'shadow';
  readonly selfTest: readonly SelfTestVector[];
}

export interface BackendConfig {
  readonly name: string;
  readonly type: BackendType;
  /** `${ENV}` and `${ENV:-default}` are resolved by the runtime when it loads the artifact. */
  readonly url: string;
  readonly api_key_env: string | null;
  readonly zone: Zone;
  readonly cloud: boolean;
  readonly max_in_flight: number | null;
  readonly timeouts: Timeouts;
  readonly labels: Backend['labels'];
}

export interface TargetConfig {
  readonly backend: number;
  readonly model: string;
  readonly upstream: string;
  readonly tier: number;
  readonly quality: number;
  readonly context: number | null;
  readonly capabilities: readonly Capability[];
  readonly price: Price;
  readonly encoding: Encoding;
}

export interface BudgetConfig {
  readonly name: string;
  /** Nano-dollars in each period. */
  readonly limit: number;
  readonly period: Period;
  readonly soft_limit_percent: number;
  readonly hard_limit_action: HardLimitAction;
  /** What it is for, by name; a member that is null does not narrow. `RouterModule.budgets` applies it. */
  readonly scope: {
    readonly category: string | null;
    readonly class: string | null;
    /** A caller, by the name of its key. */
    readonly key: string | null;
    readonly team: string | null;
    readonly backend: string | null;
    readonly model: string | null;
  };
}

/** A pool of agents for background tasks. */
export interface PoolConfig {
  readonly name: string;
  /** Agents that are started where nobody says how many. */
  readonly size: number;
  readonly max_size: number;
  /** Most tasks that wait. */
  readonly queue_depth: number;
  /** Most attempts of a task. */
  readonly max_attempts: number;
  /** Ms within which a task should find its agent. */
  readonly assignment_sla: number;
  /** Types that not every agent may take: regular expressions of which one must match the whole name of an agent. */
  readonly types: Readonly<Partial<Record<TaskType, readonly string[]>>>;
}

export interface CallerConfig {
  readonly name: string;
  readonly sha256: string;
  readonly team: string | null;
  readonly scopes: Caller['scopes'];
  /** Absent where it has no limit. */
  readonly rate?: Caller['rate'];
}

/** How much of the decision space the compiler compared between router and interpreter. */
export interface Proof {
  /** Cells of the decision space; where they were not all compared, what the sample stands for. */
  readonly cells: number;
  /** Cells whose every stage was compared for every target. */
  readonly compared: number;
  /** Decisions compared over live states (cells × states). */
  readonly decisions: number;
  /** Nodes, holdings and names that the rules of workloads were compared on; absent in artifacts of before there were any. */
  readonly placements?: number;
  /** What was sampled instead of taken whole; empty = nothing. */
  readonly sampled: readonly string[];
  /** Invariants of the policy that hold for every request and state, with the cells of the request space that each was judged over. */
  readonly invariants: readonly { readonly name: string; readonly cells: number }[];
}

/** A request, a state and the code they must give: run before a router serves, which also warms it. */
export interface SelfTestVector {
  readonly body: {
    readonly endpoint: 'chat' | 'embeddings';
    readonly model: string;
    readonly maxOutputTokens: number | null;
    readonly answers: number;
    readonly tools: number;
    readonly required: number;
    readonly text: string;
  };
  readonly hints: { readonly strict: boolean; readonly flexible: boolean; readonly category: string | null; readonly class: string | null };
  readonly caller: number;
  readonly tokens: number;
  /** State bits by target row; absent rows are ready. */
  readonly state: readonly number[];
  readonly code: number;
}
