/** Generated from policy.schema.json by npm run schema; do not edit. */

/**
 * A model that the backend serves. `{}` takes every default.
 */
export type ModelEntry = {
  /**
   * The model's name as the backend knows it, where callers use another one.
   */
  upstream?: string;
  /**
   * Capability of this model, 1 to 5. Default: the backend's.
   */
  tier?: number;
  /**
   * Declared quality, 0 to 1, from your own evaluation or a public one; categories set floors on it. Default: 0.5.
   */
  quality?: number;
  /**
   * Context window in tokens, input and output together; `k` is a thousand, `M` a million. Default: the price table's where it knows the model, else unlimited.
   */
  context?: number | string;
  /**
   * What the model can do. `chat` goes without saying, except for a list that names `embeddings`. Default: chat, tools, json and reasoning.
   */
  capabilities?: ('chat' | 'tools' | 'json' | 'vision' | 'embeddings' | 'reasoning')[];
  /**
   * What a token costs: `free`, or USD per million tokens. Default: free for local types; for cloud types the price table's, where it knows the model.
   */
  price?: 'free' | {input: number; output: number; cached_input?: number};
} | null;
/**
 * Names of models.
 *
 * @minItems 1
 */
export type FallbackEntry = [string, ...string[]];

/**
 * A policy file. Every file may hold any of these sections; all files of a folder are read together.
 */
export interface PolicyDocument {
  /**
   * Version of the language. Default: 1.
   */
  version?: 1;
  /**
   * Where a request can go.
   */
  backends?: {
    [k: string]: BackendEntry;
  };
  /**
   * Other names for models; at most three hops, no cycles.
   */
  aliases?: {
    /**
     * Name of a model or of another alias.
     */
    [k: string]: string;
  };
  /**
   * Models that are tried in order when the first has no target left; at most three.
   */
  fallbacks?: {
    [k: string]: FallbackEntry;
  };
  /**
   * Virtual models: the router chooses among the candidates by category.
   */
  auto?: {
    [k: string]: AutoEntry;
  };
  /**
   * What may happen to a request. Ordered: the first match wins.
   *
   * @maxItems 100000
   */
  traffic?: TrafficEntry[];
  classifier?: ClassifierEntry;
  /**
   * How hard a task is, and what it may cost. In order: the first whose `when` holds.
   */
  categories?: {
    [k: string]: CategoryEntry;
  };
  /**
   * Kinds of work. In order: the first whose `when` holds.
   */
  classes?: {
    [k: string]: ClassEntry;
  };
  /**
   * How fast answers should be, by name.
   */
  slas?: {
    [k: string]: SlaEntry;
  };
  /**
   * How much may be spent, by name.
   */
  budgets?: {
    [k: string]: BudgetEntry;
  };
  /**
   * What the capability tiers mean, for people and for messages.
   */
  tiers?: {'1'?: string; '2'?: string; '3'?: string; '4'?: string; '5'?: string};
  /**
   * Coordination pools of background agents, by name.
   */
  pools?: {
    [k: string]: PoolEntry;
  };
  workloads?: WorkloadsEntry;
  /**
   * Callers, by name.
   */
  keys?: {
    [k: string]: KeyEntry;
  };
  /**
   * How constraints act.
   */
  enforcement?: {
    /**
     * `enforce`, or `shadow`: record what they would have done and let the request pass. Default: enforce.
     */
    constraints?: 'enforce' | 'shadow';
  };
  /**
   * What must hold for every possible request and state; proven or refuted by an example.
   *
   * @maxItems 10000
   */
  invariants?: InvariantEntry[];
}
/**
 * A server that answers requests.
 */
export interface BackendEntry {
  /**
   * What the server speaks. openai, anthropic and google are cloud types; the others are OpenAI-compatible servers.
   */
  type: 'openai' | 'anthropic' | 'google' | 'ollama' | 'vllm' | 'llamacpp' | 'lmstudio' | 'generic';
  /**
   * Root of the server, with or without `/v1`. `${NAME}` and `${NAME:-default}` are read from the environment when the router is loaded. Default: the type's usual address; generic has none.
   */
  url?: string;
  /**
   * Name of the environment variable that holds the key; the key itself is never written. Required for openai, anthropic and google.
   */
  api_key_env?: string;
  /**
   * Whether the server stands inside (`restricted`) or outside (`open`) of what you control. Default: restricted for local types, open for cloud types; generic must say.
   */
  zone?: 'restricted' | 'open';
  /**
   * Capability of its models, 1 to 5, where a model says nothing of its own. Default: 1.
   */
  tier?: number;
  /**
   * Preference, higher is preferred. Default: 50.
   */
  priority?: number;
  /**
   * Requests at once; beyond it the backend counts as full. Default: unlimited.
   */
  max_in_flight?: number;
  /**
   * Free words about the server, for people and for placement.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * How long to wait. Defaults: connect 2s, first_token 1m, idle 1m, total 10m.
   */
  timeouts?: {
    /**
     * Until the connection stands. Default: 2s.
     */
    connect?: string;
    /**
     * Until the first byte of the answer's body. Default: 1m.
     */
    first_token?: string;
    /**
     * Between two pieces of a stream. Default: 1m.
     */
    idle?: string;
    /**
     * For the whole answer. Default: 10m.
     */
    total?: string;
  };
  /**
   * The models it serves, by the name callers use.
   */
  models?: {
    [k: string]: ModelEntry;
  };
}
/**
 * A virtual model.
 */
export interface AutoEntry {
  /**
   * Globs over model names.
   *
   * @minItems 1
   * @maxItems 1000
   */
  candidates: string | string[];
}
/**
 * One rule about requests. The first whose `match` holds is the one that counts.
 */
export interface TrafficEntry {
  /**
   * Name of the policy, in messages, logs and tests.
   */
  name: string;
  match?: MatchEntry;
  /**
   * `restricted`: only backends of zone `restricted` may serve. Default: unrestricted.
   */
  privacy?: 'unrestricted' | 'restricted';
  /**
   * Least capability tier, 1 to 5. Default: 1.
   */
  min_tier?: number;
  /**
   * Most that the estimate of one request may cost, in USD. Default: no cap.
   */
  max_cost_per_request?: number;
  /**
   * Whether another model (`fallbacks`) or, for a flexible request, a lower tier may serve. Default: true.
   */
  fallback_allowed?: boolean;
  /**
   * Name of an SLA. Default: the category's.
   */
  sla?: string;
  /**
   * Most failed requests of the last hour, as a share; a floor that may be relaxed.
   */
  max_error_rate?: number;
  /**
   * Least succeeded requests of the last 24 hours, as a share; a floor that may be relaxed.
   */
  min_success_rate?: number;
  /**
   * Longest mean time to the first token; a floor that may be relaxed.
   */
  max_ttft?: string;
}
/**
 * Which requests the policy is for; all that are given must hold. Without it: every request.
 */
export interface MatchEntry {
  /**
   * Glob or globs over model names; the requested name and every alias hop count.
   *
   * @minItems 1
   * @maxItems 1000
   */
  model?: string | string[];
  /**
   * Name or names of caller keys.
   *
   * @minItems 1
   * @maxItems 1000
   */
  key?: string | string[];
  /**
   * Team or teams of the caller's key.
   *
   * @minItems 1
   * @maxItems 1000
   */
  team?: string | string[];
  /**
   * Labels that the caller's key must carry, every one of them.
   */
  label?: {
    [k: string]: string;
  };
  /**
   * Category or categories of the request.
   *
   * @minItems 1
   * @maxItems 1000
   */
  category?: string | string[];
  /**
   * Endpoint or endpoints of the request: `chat`, `embeddings`.
   *
   * @minItems 1
   */
  endpoint?: ('chat' | 'embeddings') | ('chat' | 'embeddings')[];
}
/**
 * How hard a task looks: a weighted sum, clamped to 1.
 */
export interface ClassifierEntry {
  /**
   * Weight of each whole word, in any case, counted once.
   */
  keywords?: {
    [k: string]: number;
  };
  /**
   * Added where the text holds a fenced code block. Default: 0.
   */
  code_block?: number;
  /**
   * Added where the text is long.
   */
  many_lines?: {
    /**
     * More lines than this.
     */
    over: number;
    /**
     * What is added.
     */
    add: number;
  };
  /**
   * A share for input tokens: tokens ÷ `per`, up to `up_to`.
   */
  tokens?: {
    /**
     * Input tokens for a score of 1.
     */
    per: number;
    /**
     * The most it adds.
     */
    up_to: number;
  };
  /**
   * Output tokens that estimates assume. Default: 500.
   */
  expected_output_tokens?: number;
}
/**
 * A kind of difficulty, and what it may cost.
 */
export interface CategoryEntry {
  /**
   * When a request belongs here; without it: always.
   */
  when?: {
    /**
     * The classifier's score, 0 to 1.
     */
    score?: string | number;
    /**
     * Number of input tokens.
     */
    input_tokens?: string | number;
  };
  /**
   * Least declared quality, 0 to 1; or `{ relative: 0.98 }`, a share of the best declared quality among the model's candidates. Default: none.
   */
  min_quality?: number | {relative: number};
  /**
   * Most that the estimate of one request may cost, in USD. Default: no cap.
   */
  max_cost_per_request?: number;
  /**
   * Most output tokens; a higher cap of the caller is lowered to it. Default: 4096.
   */
  max_output_tokens?: number;
  /**
   * Name of an SLA. Default: none.
   */
  sla?: string;
  /**
   * What the best target is: the cheapest, the best, or a balance of priority, load, latency and quality. Default: balanced.
   */
  objective?: 'cost' | 'quality' | 'balanced';
  /**
   * Reject rather than relax a floor. Default: false.
   */
  strict?: boolean;
}
/**
 * A kind of work, told by the text or by the caller (`X-Nexus-Class`).
 */
export interface ClassEntry {
  /**
   * When a request belongs here; all that are given must hold. Without it: always.
   */
  when?: {
    /**
     * One of these words occurs in the user's text, in any case.
     *
     * @minItems 1
     * @maxItems 1000
     */
    words?: [string, ...string[]];
    /**
     * Number of tools that the request declares.
     */
    tools?: string | number;
    /**
     * Whether the user's text holds a fenced code block.
     */
    code_block?: boolean;
    /**
     * Number of input tokens.
     */
    input_tokens?: string | number;
  };
  /**
   * Globs over model names that a virtual model is narrowed to. Default: not narrowed.
   *
   * @minItems 1
   * @maxItems 1000
   */
  candidates?: string | string[];
}
/**
 * How fast an answer should be; a floor that may be relaxed. At least one of the two times.
 */
export interface SlaEntry {
  /**
   * Time to the first token.
   */
  first_token?: string;
  /**
   * Time to the last token.
   */
  total?: string;
  /**
   * Percentile that the times hold at. Default: p50.
   */
  at?: 'p50' | 'p90' | 'p95' | 'p99';
}
/**
 * How much may be spent.
 */
export interface BudgetEntry {
  /**
   * What it counts; all that are given must hold. Without it: everything.
   */
  scope?: {
    /**
     * Name of a category.
     */
    category?: string;
    /**
     * Name of a class.
     */
    class?: string;
    /**
     * Name of a caller key.
     */
    key?: string;
    /**
     * Team of the caller's key.
     */
    team?: string;
    /**
     * Name of a backend.
     */
    backend?: string;
    /**
     * Name of a model.
     */
    model?: string;
  };
  /**
   * The limit in USD per period.
   */
  limit_usd: number;
  /**
   * When it starts again, by UTC. Default: month.
   */
  period?: 'hour' | 'day' | 'month';
  /**
   * Share of the limit from which local targets are preferred. Default: 75.
   */
  soft_limit_percent?: number;
  /**
   * What happens at the limit. Default: block_cloud.
   */
  hard_limit_action?: 'warn' | 'block_cloud' | 'block_all';
}
/**
 * A coordination pool of background agents.
 */
export interface PoolEntry {
  /**
   * Agents that are started where nobody says how many.
   */
  size?: number;
  /**
   * Most agents.
   */
  max_size?: number;
  /**
   * Most tasks that wait.
   */
  queue_depth?: number;
  /**
   * Most attempts of a task, each on another agent.
   */
  max_retries?: number;
  /**
   * Time within which a task finds its agent.
   */
  assignment_sla?: string;
  /**
   * Types of tasks that not every agent may take, with the agents that may; a type that is absent is for all of them.
   */
  types?: {
    /**
     * Finding services: glob or globs over names of agents.
     *
     * @minItems 1
     * @maxItems 1000
     */
    discovery?: string | string[];
    /**
     * Moving what is stored: glob or globs over names of agents.
     *
     * @minItems 1
     * @maxItems 1000
     */
    migration?: string | string[];
    /**
     * Signs of life: glob or globs over names of agents.
     *
     * @minItems 1
     * @maxItems 1000
     */
    heartbeat?: string | string[];
    /**
     * Taking documents in: glob or globs over names of agents.
     *
     * @minItems 1
     * @maxItems 1000
     */
    ingest?: string | string[];
    /**
     * Research: glob or globs over names of agents.
     *
     * @minItems 1
     * @maxItems 1000
     */
    research?: string | string[];
    /**
     * Everything else: glob or globs over names of agents.
     *
     * @minItems 1
     * @maxItems 1000
     */
    general?: string | string[];
  };
}
/**
 * The orchestrator's policy.
 */
export interface WorkloadsEntry {
  /**
   * Most that one caller may hold at once, over its workloads that have not ended.
   */
  quotas?: {
    /**
     * Jobs.
     */
    jobs_per_token?: number;
    /**
     * CPU cores, with at most three decimals.
     */
    cpu?: number;
    /**
     * Memory.
     */
    memory?: string;
  };
  /**
   * Globs over workload names that are never evicted.
   *
   * @minItems 1
   * @maxItems 1000
   */
  protected?: string | string[];
  /**
   * Where workloads go.
   */
  placement?: {
    /**
     * `local`: a local node that fits comes before every other; `any`: the node with most left. Default: local.
     */
    prefer?: 'local' | 'any';
    /**
     * Labels that a node must have, all of them, to take restricted workloads. Default: none, then they stay on this machine.
     */
    restricted_labels?: {
      [k: string]: string;
    };
  };
}
/**
 * A caller. Only the hash of its key is written.
 */
export interface KeyEntry {
  /**
   * SHA-256 of the key, in hexadecimal; `policyc keys new` prints both.
   */
  sha256: string;
  /**
   * Team that the caller belongs to.
   */
  team?: string;
  /**
   * Free words about the caller, for `match.label`.
   */
  labels?: {
    [k: string]: string;
  };
  /**
   * What the caller may do. Default: llm:invoke.
   */
  scopes?: ('llm:invoke' | 'read:jobs' | 'write:jobs' | 'context:read' | 'peer' | 'admin')[];
  /**
   * How much the caller may ask for.
   */
  rate?: {
    /**
     * Requests.
     */
    requests?: string;
    /**
     * Tokens, input and output.
     */
    tokens?: string;
  };
}
/**
 * Something that must hold for every possible request and state. Give `never` or `always`.
 */
export interface InvariantEntry {
  /**
   * What is promised, in words.
   */
  name: string;
  /**
   * Only requests and decisions of which all of these are so are meant. Default: all.
   */
  when?: {
    /**
     * Traffic policy or policies that govern the request; `everything-else` where none does.
     *
     * @minItems 1
     * @maxItems 1000
     */
    policy?: string | string[];
    /**
     * Category or categories of the request.
     *
     * @minItems 1
     * @maxItems 1000
     */
    category?: string | string[];
    /**
     * Class or classes of the request.
     *
     * @minItems 1
     * @maxItems 1000
     */
    class?: string | string[];
    /**
     * Key or keys of the caller; `none` is a caller without one.
     *
     * @minItems 1
     * @maxItems 1000
     */
    key?: string | string[];
    /**
     * Team or teams of the caller's key.
     *
     * @minItems 1
     * @maxItems 1000
     */
    team?: string | string[];
    /**
     * Labels that the caller's key carries, every one of them.
     */
    label?: {
      [k: string]: string;
    };
    /**
     * The name that is asked for: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    requested_model?: string | string[];
    /**
     * Endpoint of the request.
     *
     * @minItems 1
     * @maxItems 2
     */
    endpoint?: 'chat' | 'embeddings' | ('chat' | 'embeddings')[];
    /**
     * Privacy of the policy that governs the request.
     *
     * @minItems 1
     * @maxItems 2
     */
    privacy?: 'unrestricted' | 'restricted' | ('unrestricted' | 'restricted')[];
    /**
     * The request needs one of these capabilities.
     *
     * @minItems 1
     * @maxItems 4
     */
    needs?: 'tools' | 'json' | 'vision' | 'reasoning' | ('tools' | 'json' | 'vision' | 'reasoning')[];
    /**
     * The request needs no capability beside these and its endpoint's own.
     *
     * @minItems 1
     * @maxItems 4
     */
    needs_only?: 'tools' | 'json' | 'vision' | 'reasoning' | ('tools' | 'json' | 'vision' | 'reasoning')[];
    /**
     * Tokens of the input, compared with a number.
     */
    input_tokens?: string | number;
    /**
     * Most output tokens of the request, compared with a number.
     */
    output_tokens?: string | number;
    /**
     * What is decided.
     *
     * @minItems 1
     * @maxItems 3
     */
    decision?: 'route' | 'queue' | 'reject' | ('route' | 'queue' | 'reject')[];
    /**
     * Backend that the request goes to: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    backend?: string | string[];
    /**
     * Model that serves the request: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    model?: string | string[];
    /**
     * `backend/model` that the request goes to, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    target?: string | string[];
    /**
     * Zone of the backend.
     *
     * @minItems 1
     * @maxItems 2
     */
    zone?: 'restricted' | 'open' | ('restricted' | 'open')[];
    /**
     * Tier of the target, compared with a number.
     */
    tier?: string | number;
    /**
     * Type of the backend.
     *
     * @minItems 1
     * @maxItems 8
     */
    type?:
      | 'openai'
      | 'anthropic'
      | 'google'
      | 'ollama'
      | 'vllm'
      | 'llamacpp'
      | 'lmstudio'
      | 'generic'
      | ('openai' | 'anthropic' | 'google' | 'ollama' | 'vllm' | 'llamacpp' | 'lmstudio' | 'generic')[];
    /**
     * Whether the server belongs to somebody else: cloud types, and `generic` in zone open.
     */
    cloud?: boolean;
    /**
     * The most that the request can cost, compared with an amount of USD.
     */
    cost_usd?: string;
  };
  /**
   * No decision has all of these at once.
   */
  never?: {
    /**
     * Traffic policy or policies that govern the request; `everything-else` where none does.
     *
     * @minItems 1
     * @maxItems 1000
     */
    policy?: string | string[];
    /**
     * Category or categories of the request.
     *
     * @minItems 1
     * @maxItems 1000
     */
    category?: string | string[];
    /**
     * Class or classes of the request.
     *
     * @minItems 1
     * @maxItems 1000
     */
    class?: string | string[];
    /**
     * Key or keys of the caller; `none` is a caller without one.
     *
     * @minItems 1
     * @maxItems 1000
     */
    key?: string | string[];
    /**
     * Team or teams of the caller's key.
     *
     * @minItems 1
     * @maxItems 1000
     */
    team?: string | string[];
    /**
     * Labels that the caller's key carries, every one of them.
     */
    label?: {
      [k: string]: string;
    };
    /**
     * The name that is asked for: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    requested_model?: string | string[];
    /**
     * Endpoint of the request.
     *
     * @minItems 1
     * @maxItems 2
     */
    endpoint?: 'chat' | 'embeddings' | ('chat' | 'embeddings')[];
    /**
     * Privacy of the policy that governs the request.
     *
     * @minItems 1
     * @maxItems 2
     */
    privacy?: 'unrestricted' | 'restricted' | ('unrestricted' | 'restricted')[];
    /**
     * The request needs one of these capabilities.
     *
     * @minItems 1
     * @maxItems 4
     */
    needs?: 'tools' | 'json' | 'vision' | 'reasoning' | ('tools' | 'json' | 'vision' | 'reasoning')[];
    /**
     * The request needs no capability beside these and its endpoint's own.
     *
     * @minItems 1
     * @maxItems 4
     */
    needs_only?: 'tools' | 'json' | 'vision' | 'reasoning' | ('tools' | 'json' | 'vision' | 'reasoning')[];
    /**
     * Tokens of the input, compared with a number.
     */
    input_tokens?: string | number;
    /**
     * Most output tokens of the request, compared with a number.
     */
    output_tokens?: string | number;
    /**
     * What is decided.
     *
     * @minItems 1
     * @maxItems 3
     */
    decision?: 'route' | 'queue' | 'reject' | ('route' | 'queue' | 'reject')[];
    /**
     * Backend that the request goes to: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    backend?: string | string[];
    /**
     * Model that serves the request: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    model?: string | string[];
    /**
     * `backend/model` that the request goes to, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    target?: string | string[];
    /**
     * Zone of the backend.
     *
     * @minItems 1
     * @maxItems 2
     */
    zone?: 'restricted' | 'open' | ('restricted' | 'open')[];
    /**
     * Tier of the target, compared with a number.
     */
    tier?: string | number;
    /**
     * Type of the backend.
     *
     * @minItems 1
     * @maxItems 8
     */
    type?:
      | 'openai'
      | 'anthropic'
      | 'google'
      | 'ollama'
      | 'vllm'
      | 'llamacpp'
      | 'lmstudio'
      | 'generic'
      | ('openai' | 'anthropic' | 'google' | 'ollama' | 'vllm' | 'llamacpp' | 'lmstudio' | 'generic')[];
    /**
     * Whether the server belongs to somebody else: cloud types, and `generic` in zone open.
     */
    cloud?: boolean;
    /**
     * The most that the request can cost, compared with an amount of USD.
     */
    cost_usd?: string;
  };
  /**
   * Every decision that picks a target has all of these.
   */
  always?: {
    /**
     * Traffic policy or policies that govern the request; `everything-else` where none does.
     *
     * @minItems 1
     * @maxItems 1000
     */
    policy?: string | string[];
    /**
     * Category or categories of the request.
     *
     * @minItems 1
     * @maxItems 1000
     */
    category?: string | string[];
    /**
     * Class or classes of the request.
     *
     * @minItems 1
     * @maxItems 1000
     */
    class?: string | string[];
    /**
     * Key or keys of the caller; `none` is a caller without one.
     *
     * @minItems 1
     * @maxItems 1000
     */
    key?: string | string[];
    /**
     * Team or teams of the caller's key.
     *
     * @minItems 1
     * @maxItems 1000
     */
    team?: string | string[];
    /**
     * Labels that the caller's key carries, every one of them.
     */
    label?: {
      [k: string]: string;
    };
    /**
     * The name that is asked for: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    requested_model?: string | string[];
    /**
     * Endpoint of the request.
     *
     * @minItems 1
     * @maxItems 2
     */
    endpoint?: 'chat' | 'embeddings' | ('chat' | 'embeddings')[];
    /**
     * Privacy of the policy that governs the request.
     *
     * @minItems 1
     * @maxItems 2
     */
    privacy?: 'unrestricted' | 'restricted' | ('unrestricted' | 'restricted')[];
    /**
     * The request needs one of these capabilities.
     *
     * @minItems 1
     * @maxItems 4
     */
    needs?: 'tools' | 'json' | 'vision' | 'reasoning' | ('tools' | 'json' | 'vision' | 'reasoning')[];
    /**
     * The request needs no capability beside these and its endpoint's own.
     *
     * @minItems 1
     * @maxItems 4
     */
    needs_only?: 'tools' | 'json' | 'vision' | 'reasoning' | ('tools' | 'json' | 'vision' | 'reasoning')[];
    /**
     * Tokens of the input, compared with a number.
     */
    input_tokens?: string | number;
    /**
     * Most output tokens of the request, compared with a number.
     */
    output_tokens?: string | number;
    /**
     * What is decided.
     *
     * @minItems 1
     * @maxItems 3
     */
    decision?: 'route' | 'queue' | 'reject' | ('route' | 'queue' | 'reject')[];
    /**
     * Backend that the request goes to: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    backend?: string | string[];
    /**
     * Model that serves the request: a name or glob, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    model?: string | string[];
    /**
     * `backend/model` that the request goes to, or a list of them.
     *
     * @minItems 1
     * @maxItems 1000
     */
    target?: string | string[];
    /**
     * Zone of the backend.
     *
     * @minItems 1
     * @maxItems 2
     */
    zone?: 'restricted' | 'open' | ('restricted' | 'open')[];
    /**
     * Tier of the target, compared with a number.
     */
    tier?: string | number;
    /**
     * Type of the backend.
     *
     * @minItems 1
     * @maxItems 8
     */
    type?:
      | 'openai'
      | 'anthropic'
      | 'google'
      | 'ollama'
      | 'vllm'
      | 'llamacpp'
      | 'lmstudio'
      | 'generic'
      | ('openai' | 'anthropic' | 'google' | 'ollama' | 'vllm' | 'llamacpp' | 'lmstudio' | 'generic')[];
    /**
     * Whether the server belongs to somebody else: cloud types, and `generic` in zone open.
     */
    cloud?: boolean;
    /**
     * The most that the request can cost, compared with an amount of USD.
     */
    cost_usd?: string;
  };
  /**
   * The state that is meant; what is left out may be anything. Default: every possible state.
   */
  given?: {
    /**
     * Backends, or `backend/model`, that are down; all others are up.
     *
     * @maxItems 10000
     */
    down?: string[];
    /**
     * Backends, or `backend/model`, that take no more requests; all others do.
     *
     * @maxItems 10000
     */
    full?: string[];
    /**
     * Status of budgets; those that are not named are Normal.
     */
    budgets?: {
      [k: string]: 'Normal' | 'SoftLimit' | 'HardLimit';
    };
  };
}
