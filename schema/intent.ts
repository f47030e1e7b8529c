import type { BudgetStatus, Capability, Endpoint, Privacy } from './vocabulary.ts';
import type { RejectionReason } from './decision.ts';

/**
 * What was asked, as row numbers: the input of `route`. Made by `analyze`, bound to one link of the fallback chain at a time.
 * The fields up to `problem` are coordinates with a meaning of their own; those after it are offsets into the live tables.
 */
export interface Intent {
  /** Row in `names`. */
  name: number;
  /** Link of the fallback chain under trial: 0 is the model that was asked for. */
  link: number;
  /** Row in `models` of that link. */
  model: number;
  policy: number;
  category: number;
  class: number;
  caller: number;
  /** Row in `ENDPOINTS`. */
  endpoint: number;
  /** Set of capability bits. */
  required: number;
  /** 1: a tier below the policy's may serve (flexible, and the policy allows fallback); 0: not. */
  flexible: number;
  /** Input tokens: lower bound, upper bound, and the best guess that estimates are made with. Equal where the count is exact. */
  inputLow: number;
  inputHigh: number;
  input: number;
  /** Upper bound of the input tokens whatever the tokenizer: `inputHigh` before any count. */
  inputMost: number;
  /** Images among the messages. */
  images: number;
  /** Tools declared. */
  tools: number;
  /** Answers asked for (`n`). */
  answers: number;
  /** Most output tokens of one answer; the caller's cap, lowered by the category; the default where neither gives one. */
  outputCap: number;
  /** 0: outputCap is the caller's own; 1: lowered; 2: the caller gave none. */
  capSource: number;
  /** Output tokens that estimates are made with. */
  output: number;
  /** Score of the task in micros; -1 where nothing reads it. */
  score: number;
  /** Pico-dollars an estimate may not exceed; Infinity = none. */
  costCap: number;
  /** See `PROBLEMS`: anything but 0 means that there is nothing to route. */
  problem: number;
  /** Offsets into the live tables, one per axis, in the router's own order (private to the generated module). */
  readonly at: IntentRows;
}

/** Offsets, private to the generated router. */
export type IntentRows = { [axis: string]: number };

/** Why `analyze` could not make an intent; the index is `Intent.problem`. */
export const PROBLEMS = ['none', 'unknown-model', 'unknown-category', 'unknown-class'] as const;

/** The intent as people read it (requirement A2): in `/v1/route`, in `policyc explain`, in debug logs. */
export interface RoutingIntent {
  readonly request_id: string;
  readonly requested_model: string;
  readonly resolved_model: string;
  /** The names from the requested one to the resolved one. */
  readonly aliases: readonly string[];
  readonly endpoint: Endpoint;
  readonly policy: string;
  readonly category: string | null;
  readonly class: string | null;
  readonly requirements: {
    readonly capabilities: readonly Capability[];
    readonly input_tokens: { readonly low: number; readonly high: number };
    readonly output_cap: number;
    readonly context: number;
  };
  readonly privacy_constraint: Privacy;
  readonly budget_status: BudgetStatus;
  readonly min_capability_tier: number;
  readonly tier_enforcement: 'strict' | 'flexible';
  readonly cost_estimate: CostEstimate;
  /** `backend/model` of every candidate. */
  readonly candidates: readonly string[];
  /** `backend/model` of every candidate that a stage excluded. */
  readonly exclusions: readonly string[];
  readonly rejection_reasons: readonly RejectionReason[];
}

/** What a call is expected to cost (requirement A9). `cost_usd` is null where the target's price is unknown. */
export interface CostEstimate {
  readonly input_tokens: number;
  readonly estimated_output_tokens: number;
  readonly cost_usd: number | null;
  /** exact: counted with the model's own tokenizer; approximate: with a stand-in tokenizer; bound: the byte bound. */
  readonly token_count_tier: 'exact' | 'approximate' | 'bound';
}
