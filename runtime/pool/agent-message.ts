import type { TaskType } from '../../schema/vocabulary.ts';

/** What an agent is told of a task. */
export interface AgentTask {
  readonly id: string;
  readonly type: TaskType;
  readonly payload: unknown;
  readonly trace: string;
  /** 1 for the first. */
  readonly attempt: number;
}

/** The identity of an agent, and of what is its own. */
export interface AgentIdentity {
  readonly agent_id: string;
  readonly context_window_id: string;
  readonly tool_session_id: string;
  readonly memory_handle_id: string;
}

/** What an agent may ask of the server that it lives in. */
export const SERVICES = ['chat', 'embed', 'search', 'ingest', 'health', 'discovery'] as const;
export type Service = (typeof SERVICES)[number];

/** What the pool tells an agent. `run` is the order in which tasks came, so that a late word about an old one is known as such. */
export type ToAgent =
  | { readonly kind: 'run'; readonly run: number; readonly task: AgentTask }
  | { readonly kind: 'abort'; readonly run: number; readonly reason: string }
  | { readonly kind: 'ping'; readonly ping: number }
  | { readonly kind: 'probe'; readonly ping: number }
  | { readonly kind: 'answer'; readonly call: number; readonly result?: unknown; readonly problem?: string };

/** What an agent sees of itself, by which its isolation is judged. */
export interface AgentView extends AgentIdentity {
  readonly thread: number;
  /** Names of environment variables that it can see. */
  readonly variables: readonly string[];
  /** Values that its global scope holds under the name that every agent marks its own with. */
  readonly mark: string | null;
}

/** Bytes that an agent holds on its heap and beside it. */
export interface AgentMemory {
  readonly heap: number;
  readonly external: number;
}

/** What an agent tells the pool. */
export type FromAgent =
  | { readonly kind: 'ready'; readonly types: readonly string[] }
  | { readonly kind: 'completed'; readonly run: number; readonly result: string | null; readonly memory: AgentMemory }
  | { readonly kind: 'failed'; readonly run: number; readonly error: string; readonly final: boolean; readonly memory: AgentMemory }
  | { readonly kind: 'held'; readonly run: number }
  | { readonly kind: 'pong'; readonly ping: number; readonly memory: AgentMemory }
  | { readonly kind: 'view'; readonly ping: number; readonly view: AgentView }
  | { readonly kind: 'call'; readonly run: number; readonly call: number; readonly service: Service; readonly body: unknown }
  | { readonly kind: 'log'; readonly run: number; readonly message: string };
