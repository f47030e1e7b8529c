import type { TaskType } from '../../schema/vocabulary.ts';
import type { AgentTask, Service } from './agent-message.ts';

/** The work is not the agent's: it keeps the task until somebody ends it over HTTP. */
export const HELD = Symbol.for('policyd.held');

/** What a handler has at hand. */
export interface TaskContext {
  /** Aborted when the task is no longer the agent's: it was cancelled, ended by somebody else, or took too long. */
  readonly signal: AbortSignal;
  /** Asks the server that the agent lives in, under its policy and with the pool's key. Rejects with a `ServiceError`. */
  call(service: Service, body?: unknown): Promise<unknown>;
  /** A line of the server's log, with the ids of task and agent; at most 1,000 characters, and 100 lines for each task. */
  log(message: string): void;
  /** What a handler returns where it can do nothing with the payload. */
  readonly held: typeof HELD;
}

/**
 * Does a task; what it gives back is the task's result, as JSON. What it throws fails the attempt, and another agent tries; with a
 * truthy member `final` nobody does.
 */
export type TaskHandler = (task: AgentTask, context: TaskContext) => Promise<unknown>;

/** What a module of handlers exports as `handlers`. */
export type TaskHandlers = Readonly<Partial<Record<TaskType, TaskHandler>>>;

/** No use in trying again: the task itself is wrong. */
export class FinalError extends Error {
  readonly final = true;
}
