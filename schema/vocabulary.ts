/** The closed sets of the language. A table over one of them is a `Record<Set, …>`, so a new member breaks the build until all know it. */

/** Stages of a decision, in their fixed order (requirement A1). */
export const STAGES = [
  'RequestAnalyzer',
  'PrivacyReconciler',
  'BudgetReconciler',
  'TierReconciler',
  'QualityReconciler',
  'SchedulerReconciler',
] as const;
export type Stage = (typeof STAGES)[number];

export const BACKEND_TYPES = ['openai', 'anthropic', 'google', 'ollama', 'vllm', 'llamacpp', 'lmstudio', 'generic'] as const;
export type BackendType = (typeof BACKEND_TYPES)[number];

/** Types whose servers belong to somebody else: they need a key, and default to zone `open`. */
export const CLOUD_TYPES: readonly BackendType[] = ['openai', 'anthropic', 'google'];

export const ZONES = ['restricted', 'open'] as const;
export type Zone = (typeof ZONES)[number];

export const PRIVACIES = ['unrestricted', 'restricted'] as const;
export type Privacy = (typeof PRIVACIES)[number];

/** Capabilities, each one bit of a capability set: bit i is `CAPABILITIES[i]`. */
export const CAPABILITIES = ['chat', 'tools', 'json', 'vision', 'embeddings', 'reasoning'] as const;
export type Capability = (typeof CAPABILITIES)[number];

export const ENDPOINTS = ['chat', 'embeddings'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

export const OBJECTIVES = ['cost', 'quality', 'balanced'] as const;
export type Objective = (typeof OBJECTIVES)[number];

export const PERCENTILES = ['p50', 'p90', 'p95', 'p99'] as const;
export type Percentile = (typeof PERCENTILES)[number];

export const PERIODS = ['hour', 'day', 'month'] as const;
export type Period = (typeof PERIODS)[number];

export const HARD_LIMIT_ACTIONS = ['warn', 'block_cloud', 'block_all'] as const;
export type HardLimitAction = (typeof HARD_LIMIT_ACTIONS)[number];

/** State of a budget; the number stands in `Live.budgets`. */
export const BUDGET_STATUSES = ['Normal', 'SoftLimit', 'HardLimit'] as const;
export type BudgetStatus = (typeof BUDGET_STATUSES)[number];

export const SCOPES = ['llm:invoke', 'read:jobs', 'write:jobs', 'context:read', 'peer', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Tokenizers that counts are made with. `o200k_base` also stands in for models whose tokenizer is not public. */
export const ENCODINGS = ['o200k_base', 'cl100k_base'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Why a target was chosen, in order of precedence. */
export const ROUTE_REASONS = ['failover', 'privacy-requirement', 'budget-soft-limit', 'capacity-overflow', 'capability-match'] as const;
export type RouteReason = (typeof ROUTE_REASONS)[number];

/** Floors that were relaxed; the index stands in bits 16 and 17 of a route code. */
export const RELAXATIONS = ['none', 'tier', 'quality', 'tier+quality'] as const;
export type Relaxation = (typeof RELAXATIONS)[number];

/** What a task of the coordination pool is about. */
export const TASK_TYPES = ['discovery', 'migration', 'heartbeat', 'ingest', 'research', 'general'] as const;
export type TaskType = (typeof TASK_TYPES)[number];
