import type { BackendType } from '../../schema/vocabulary.ts';
import type { KeyPath } from './key-path.ts';

/** An entry of `model_list` that can be carried over. */
export interface Deployment {
  readonly path: KeyPath;
  /** What callers ask for. */
  readonly name: string;
  /** LiteLLM's word for the provider. */
  readonly provider: string;
  readonly server: Server;
  readonly model: Model;
  readonly budget: BudgetDraft | null;
}

/** What deployments of one backend have in common. */
export interface Server {
  /** What its backend is called, if the name is free. */
  readonly name: string;
  readonly type: BackendType;
  readonly url: string | null;
  readonly apiKeyEnv: string | null;
  readonly zone: 'open' | null;
  readonly priority: number | null;
  readonly maxInFlight: number | null;
  /** Durations of the language. */
  readonly timeouts: { readonly firstToken: string | null; readonly total: string | null };
}

export interface Model {
  readonly upstream: string;
  readonly context: number | null;
  readonly capabilities: readonly string[] | null;
  /** USD per million tokens. */
  readonly price: 'free' | { readonly input: number; readonly output: number; readonly cachedInput: number | null } | null;
}

export interface BackendDraft {
  readonly name: string;
  readonly server: Server;
  readonly provider: string;
  /** By the name that callers use. */
  readonly models: Map<string, Model>;
}

export interface BudgetDraft {
  readonly name: string;
  readonly path: KeyPath;
  readonly limitUsd: number;
  readonly period: 'hour' | 'day' | 'month';
  readonly scope: { readonly backend: string | null; readonly model: string | null };
  readonly action: 'block_all' | 'warn';
}

/** The policy that is about to be written. */
export interface PolicyDraft {
  readonly backends: readonly BackendDraft[];
  readonly aliases: ReadonlyMap<string, string>;
  readonly fallbacks: ReadonlyMap<string, readonly string[]>;
  readonly budgets: readonly BudgetDraft[];
}
