import type { Invariant } from './invariant.ts';
import type { Overhead, Price } from './price.ts';
import type {
  BackendType,
  Encoding,
  Endpoint,
  HardLimitAction,
  Objective,
  Percentile,
  Period,
  Privacy,
  Scope,
  TaskType,
  Zone,
} from './vocabulary.ts';
import type { Quota, WorkloadsConfig } from './workload.ts';

export { type Price, UNKNOWN_PRICE } from './price.ts';

/**
 * The resolved policy: every name bound to a row, every default filled in, every unit converted. Rows are array indexes.
 * The interpreter reads only this; the plan is made from it.
 *
 * Units: prices are integer pico-dollars a token (USD per million tokens × 1e6, so that $0.0375 stays whole), costs in
 * pico-dollars are exact up to $9,007; money is integer nano-dollars; times are milliseconds; scores and shares are
 * integer millionths ("micros") wherever they are added or compared.
 */
export interface PolicySet {
  /** In declared order (files in order of their path, then order in the file). */
  readonly backends: readonly Backend[];
  /** (backend, model) pairs, in declared order of backend, then of model. One column of the router each. */
  readonly targets: readonly Target[];
  /** What a name means after its aliases: real models first (order of first declaration), then virtual models. */
  readonly models: readonly Model[];
  /** Every name a caller may ask for: the models' names, then the aliases. No two are equal. */
  readonly names: readonly Name[];
  /** First match wins. The last one is implicit: it matches everything and constrains nothing. */
  readonly policies: readonly TrafficPolicy[];
  /** First whose `when` holds. The last one is implicit: no `when`, no floor, no cap, objective balanced. */
  readonly categories: readonly Category[];
  /** First whose `when` holds. The last one is implicit ("no class"): never narrows anything. */
  readonly classes: readonly TaskClass[];
  readonly classifier: Classifier;
  readonly slas: readonly Sla[];
  readonly budgets: readonly Budget[];
  /** Callers by key. The last one is implicit: a caller without a key (no team, no labels). */
  readonly callers: readonly Caller[];
  readonly tiers: Readonly<Record<number, string>>;
  /** What must hold for every request and state; judged when checking, of no effect on decisions. */
  readonly invariants: readonly Invariant[];
  /** Pools of agents that the runtime keeps. */
  readonly pools: readonly Pool[];
  readonly workloads: WorkloadPolicy;
  /** `enforcement.constraints`. */
  readonly enforcement: 'enforce' | 'shadow';
  /** Sections present whose meaning this version does not enforce, with the place of the section. */
  readonly unenforced: readonly { readonly section: string; readonly place: Place }[];
  /** Version and day of the price table that `price` was taken from where its source is `table`. */
  readonly priceTable: string;
}

/** Where something was written. Lines and columns start at 1; `file` is relative to the policy folder's parent, with `/`. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Backend {
  readonly name: string;
  readonly type: BackendType;
  /** As written, with `${ENV}` unresolved, without a trailing `/` or `/v1`; the provider's address where none is written. */
  readonly url: string;
  readonly apiKeyEnv: string | null;
  readonly zone: Zone;
  /** Cloud types, and generic in zone open. */
  readonly cloud: boolean;
  readonly priority: number;
  /** Requests at once; null = unlimited. */
  readonly maxInFlight: number | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly timeouts: Timeouts;
  readonly place: Place;
}

/** Milliseconds. Defaults: connect 2,000, first token 60,000, idle 60,000, total 600,000. */
export interface Timeouts {
  readonly connect: number;
  readonly firstToken: number;
  readonly idle: number;
  readonly total: number;
}

export interface Target {
  /** Row of its backend. */
  readonly backend: number;
  /** Row of its (real) model. */
  readonly model: number;
  /** The model's name as the backend knows it. */
  readonly upstream: string;
  readonly tier: number;
  /** Declared quality in micros, 0 to 1,000,000. */
  readonly quality: number;
  /** Context window in tokens; null = unlimited. */
  readonly context: number | null;
  /** Set of capability bits. */
  readonly capabilities: number;
  readonly price: Price;
  readonly overhead: Overhead;
  readonly place: Place;
}

export interface Model {
  readonly name: string;
  /** A virtual model (`auto:`) has the targets of all models that its globs match as candidates. */
  readonly virtual: boolean;
  /** Rows of the targets that may serve it, ascending. */
  readonly candidates: readonly number[];
  readonly encoding: Encoding;
  /** This row, then the rows of its fallbacks: at most four, no repeats. */
  readonly chain: readonly number[];
  readonly place: Place;
}

export interface Name {
  readonly name: string;
  /** Row of the model it means. */
  readonly model: number;
  /** The name itself, then every alias hop, last the model's own name (one entry where it is no alias). At most four. */
  readonly hops: readonly string[];
  readonly place: Place;
}

export interface TrafficPolicy {
  readonly name: string;
  readonly implicit: boolean;
  readonly match: Match;
  readonly privacy: Privacy;
  /** 1 to 5. */
  readonly minTier: number;
  /** Pico-dollars; null = no cap. */
  readonly maxCost: number | null;
  readonly fallbackAllowed: boolean;
  /** Row in `slas`; null = the category's. */
  readonly sla: number | null;
  /** Measured floors, in micros; null = none. */
  readonly maxErrorRate: number | null;
  readonly minSuccessRate: number | null;
  /** Milliseconds. */
  readonly maxTtft: number | null;
  /** The comment written above the policy or beside its name, if any. */
  readonly comment: string | null;
  readonly place: Place;
}

/** All that are given (not null) must hold. */
export interface Match {
  /** Globs; holds if one of them matches the requested name or any alias hop. */
  readonly model: readonly string[] | null;
  readonly key: readonly string[] | null;
  readonly team: readonly string[] | null;
  /** Every pair must be among the caller's labels. */
  readonly label: Readonly<Record<string, string>> | null;
  /** Rows of categories. */
  readonly category: readonly number[] | null;
  readonly endpoint: readonly Endpoint[] | null;
}

export type Comparison = '<' | '<=' | '>' | '>=' | '=';

/** Holds where `measured op value`. Scores are micros, tokens and tools are counts. */
export interface Bound {
  readonly op: Comparison;
  readonly value: number;
}

export interface Category {
  readonly name: string;
  readonly implicit: boolean;
  /** Null members always hold. */
  readonly when: { readonly score: Bound | null; readonly inputTokens: Bound | null };
  /** Least declared quality in micros; relative floors are already multiplied out per model row: see `relativeQuality`. */
  readonly minQuality: number | null;
  /** Share in micros of the best declared quality among the model's declared candidates; null = not relative. */
  readonly relativeQuality: number | null;
  /** Pico-dollars a call; null = no cap. */
  readonly maxCost: number | null;
  /** Tokens; null = not lowered. */
  readonly maxOutputTokens: number | null;
  readonly sla: number | null;
  readonly objective: Objective;
  /** Floors reject instead of being relaxed. */
  readonly strict: boolean;
  /** The request whose price orders targets: input tokens and output tokens. */
  readonly reference: { readonly input: number; readonly output: number };
  readonly place: Place;
}

export interface TaskClass {
  readonly name: string;
  readonly implicit: boolean;
  readonly when: {
    /** One of these words occurs; lower case. */
    readonly words: readonly string[] | null;
    readonly tools: Bound | null;
    readonly codeBlock: boolean | null;
    readonly inputTokens: Bound | null;
  };
  /** Rows of targets that a virtual model is narrowed to; null = not narrowed. */
  readonly candidates: readonly number[] | null;
  readonly place: Place;
}

/**
 * Score of a task = sum of the weights of the keywords that occur (each once) + codeBlock + manyLines.add + the tokens' share,
 * clamped to 1,000,000. All in micros. The tokens' share is min(floor(input tokens × 1e6 ÷ per), upTo).
 * A keyword occurs where its text stands (ASCII letters in any case) with no word character directly before or after it; a word
 * character is a letter, digit or underscore of ASCII, or any code unit above 127. Lines are newlines + 1. A code block is "```".
 */
export interface Classifier {
  readonly keywords: readonly { readonly word: string; readonly weight: number }[];
  readonly codeBlock: number;
  readonly manyLines: { readonly over: number; readonly add: number };
  readonly tokens: { readonly per: number; readonly upTo: number };
  readonly expectedOutputTokens: number;
}

/** Milliseconds at a percentile; null = not bounded. */
export interface Sla {
  readonly name: string;
  readonly firstToken: number | null;
  readonly total: number | null;
  readonly at: Percentile;
  readonly place: Place;
}

export interface Budget {
  readonly name: string;
  readonly scope: {
    readonly category: number | null;
    readonly class: number | null;
    /** Row of a caller. */
    readonly key: number | null;
    readonly team: string | null;
    /** Row of a backend. */
    readonly backend: number | null;
    /** Row of a model (real or virtual): the requests that resolve to it. */
    readonly model: number | null;
  };
  /** Nano-dollars. */
  readonly limit: number;
  readonly period: Period;
  readonly softLimitPercent: number;
  readonly hardLimitAction: HardLimitAction;
  readonly place: Place;
}

export interface Caller {
  readonly name: string;
  readonly implicit: boolean;
  /** SHA-256 of the key, 64 lower-case hex digits; empty for the implicit caller. */
  readonly sha256: string;
  readonly team: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly scopes: readonly Scope[];
  readonly rate: RateLimits;
  readonly place: Place;
}

/** How much a caller may ask for; null = as much as it likes. */
export interface RateLimits {
  readonly requests: Rate | null;
  /** Input and output. */
  readonly tokens: Rate | null;
}

/** At most so many in so many ms. */
export interface Rate {
  readonly most: number;
  readonly ms: number;
}

/** A pool of agents for background tasks. */
export interface Pool {
  readonly name: string;
  readonly size: number;
  readonly maxSize: number;
  readonly queueDepth: number;
  readonly maxAttempts: number;
  /** Milliseconds. */
  readonly assignmentSla: number;
  /** Globs over names of agents, by types that not every agent may take. */
  readonly types: Readonly<Partial<Record<TaskType, readonly string[]>>>;
  readonly place: Place;
}

/** What a caller may hold, which workloads are never evicted, and where they go. Without a section: no quota, nothing protected, local first. */
export interface WorkloadPolicy {
  /** Those that are declared, in the order of `QUOTAS`; in jobs, thousandths of a core, bytes. */
  readonly quotas: readonly { readonly quota: Quota; readonly limit: number; readonly place: Place }[];
  /** Globs over names of workloads. */
  readonly protected: readonly { readonly glob: string; readonly place: Place }[];
  readonly prefer: WorkloadsConfig['prefer'];
  /** All of them must be on a node that takes restricted workloads; empty = this machine only. In declared order. */
  readonly restrictedLabels: readonly { readonly label: string; readonly value: string; readonly place: Place }[];
}
