import Type, { type TSchema } from 'typebox';
import { TASK_TYPES } from '../../../schema/vocabulary.ts';
import { JOB_STATES } from '../../jobs/job.ts';
import { AGENT_KINDS, AGENT_STATES } from '../../pool/agent.ts';
import { DETAIL_ERRORS } from './detail-errors.ts';

export const Text = (description: string) => Type.String({ description });
export const Nullable = <Shape extends TSchema>(shape: Shape) => Type.Union([shape, Type.Null()]);
export const OneOf = (values: readonly string[], description: string) => Type.Enum([...values], { description });
export const Time = (description: string) => Type.String({ description: `${description}; ISO 8601` });
export const Anything = (description: string) => Type.Unsafe<unknown>({ description });

export const TaskTypeShape = OneOf(TASK_TYPES, 'what the task is about');

export const TaskShape = Type.Object({
  task_id: Type.String(),
  task_type: TaskTypeShape,
  payload: Anything('as it was sent'),
  status: OneOf(JOB_STATES, 'state of the task'),
  priority: Type.Integer({ description: 'higher goes first' }),
  preferred_agent_id: Nullable(Type.String()),
  assigned_agent_id: Nullable(Text('who works at it, or who did last')),
  attempt_count: Type.Integer(),
  max_attempts: Type.Integer(),
  failed_agent_ids: Type.Array(Type.String(), { description: 'agents that failed at it, and do not get it again' }),
  created_at: Time('when it was accepted'),
  started_at: Nullable(Time('when its latest attempt began')),
  completed_at: Nullable(Time('when it ended, however it did')),
  assignment_latency_ms: Nullable(Type.Number({ description: 'from its acceptance to its first agent' })),
  token: Type.Integer({ description: 'fencing token of the latest attempt' }),
  result: Anything('what the handler gave'),
  error: Nullable(Text('why the last attempt failed, or why it was cancelled')),
  trace_id: Type.String(),
});

export const AgentShape = Type.Object({
  agent_id: Type.String(),
  name: Type.String(),
  kind: OneOf(AGENT_KINDS, '`external`: it asks for its tasks over HTTP'),
  status: OneOf(AGENT_STATES, 'state of the agent'),
  context_window_id: Type.String(),
  tool_session_id: Type.String(),
  memory_handle_id: Type.String(),
  task_types: Type.Array(TaskTypeShape, { description: 'what it may take' }),
  current_task_ids: Type.Array(Type.String()),
  created_at: Time('when it was started'),
});

export const DetailShape = Type.Object({ detail: Type.String(), error: Type.Optional(Text('a word for programs')) });

/** Answers that every route may give beside its own. */
export function answers<Shape extends TSchema>(shape: Shape, ...statuses: readonly number[]): Record<number, TSchema> {
  return { 200: shape, ...Object.fromEntries([401, 403, ...statuses].map((status) => [status, DetailShape])) };
}

export const READ = { scope: 'read:jobs', errors: DETAIL_ERRORS } as const;
export const WRITE = { scope: 'write:jobs', errors: DETAIL_ERRORS } as const;
export const TAGS = ['coordination'];

export const TaskPath = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });
export const AgentPath = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) });
