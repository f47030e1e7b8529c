import Type, { type TSchema } from 'typebox';
import { TASK_TYPES } from '../../../schema/vocabulary.ts';
import { JOB_STATES } from '../../jobs/job.ts';

/** A request to the coordination API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/api/coordination`. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A tool: what it takes, and the request that does it. The API checks, allows and does everything; a tool only says it in another way. */
export interface PoolTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: TSchema;
  readonly readOnly: boolean;
  readonly destructive: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the shape of `input`, which was checked.
  toRequest(input: any): ApiRequest;
}

const shape = (properties: Record<string, TSchema>): TSchema => Type.Object(properties, { additionalProperties: false });
const Id = (description: string): TSchema => Type.String({ minLength: 1, maxLength: 128, description });
const READS = { readOnly: true, destructive: false } as const;
const ADDS = { readOnly: false, destructive: false } as const;
const ENDS = { readOnly: false, destructive: true } as const;

/** Requirement E11, and what goes with it. */
export const POOL_TOOLS: readonly PoolTool[] = [
  {
    name: 'initialize_coordination_pool',
    title: 'Start the pool',
    description: 'Starts agents until the pool has the given size; without one, the size of the policy.',
    input: shape({ size: Type.Optional(Type.Integer({ minimum: 1 })) }),
    ...ADDS,
    toRequest: (body) => ({ method: 'POST', path: '/pool/initialize', body }),
  },
  {
    name: 'shutdown_coordination_pool',
    title: 'End the pool',
    description: 'Cancels what waits, lets what is being done finish or gives it back, and ends all agents.',
    input: shape({ grace_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: 60 })) }),
    ...ENDS,
    toRequest: ({ grace_seconds: grace }) => ({ method: 'DELETE', path: grace === undefined ? '/pool' : `/pool?grace_seconds=${grace}` }),
  },
  {
    name: 'spawn_coordination_agent',
    title: 'Start an agent',
    description: 'Starts one more agent, or registers one that asks for its tasks over HTTP (`external`).',
    input: shape({
      kind: Type.Optional(Type.Enum(['thread', 'external'])),
      name: Type.Optional(Type.String({ maxLength: 64 })),
      lease_seconds: Type.Optional(Type.Number({ minimum: 1, maximum: 3_600 })),
    }),
    ...ADDS,
    toRequest: (body) => ({ method: 'POST', path: '/agents', body }),
  },
  {
    name: 'submit_coordination_task',
    title: 'Submit a task',
    description: 'Submits a task; it is on the disk when this answers. `general` asks a model: payload `{prompt}` or `{messages, model}`.',
    input: shape({
      payload: Type.Unsafe({ description: 'what the handler of its type gets' }),
      task_type: Type.Optional(Type.Enum([...TASK_TYPES])),
      preferred_agent_id: Type.Optional(Id('who should take it, if free')),
      priority: Type.Optional(Type.Integer({ minimum: -1_000, maximum: 1_000 })),
      idempotency_key: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    }),
    ...ADDS,
    toRequest: ({ idempotency_key: key, ...body }) => ({
      method: 'POST',
      path: '/tasks',
      body,
      ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
    }),
  },
  {
    name: 'get_coordination_task',
    title: 'Look at a task',
    description: 'State, agent, attempts and result of a task.',
    input: shape({ task_id: Id('the task') }),
    ...READS,
    toRequest: ({ task_id: id }) => ({ method: 'GET', path: `/tasks/${encodeURIComponent(id)}` }),
  },
  {
    name: 'list_coordination_tasks',
    title: 'List tasks',
    description: 'Tasks, newest first.',
    input: shape({
      status: Type.Optional(Type.Enum([...JOB_STATES])),
      task_type: Type.Optional(Type.Enum([...TASK_TYPES])),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    }),
    ...READS,
    toRequest: (filter) => ({ method: 'GET', path: `/tasks?${new URLSearchParams(filter)}` }),
  },
  {
    name: 'complete_coordination_task',
    title: 'End a task',
    description: 'Says that a task is done, with its result, or that it failed for good.',
    input: shape({
      task_id: Id('the task'),
      success: Type.Optional(Type.Boolean()),
      result: Type.Optional(Type.Unsafe({ description: 'what came of it' })),
      token: Type.Optional(Type.Integer({ minimum: 1 })),
    }),
    ...ADDS,
    toRequest: ({ task_id: id, success = true, ...body }) => ({
      method: 'POST',
      path: `/tasks/${encodeURIComponent(id)}/complete?success=${success}`,
      body,
    }),
  },
  {
    name: 'cancel_coordination_task',
    title: 'Cancel a task',
    description: 'Says that a task is not wanted any more.',
    input: shape({ task_id: Id('the task'), reason: Type.Optional(Type.String({ minLength: 1, maxLength: 4_000 })) }),
    ...ENDS,
    toRequest: ({ task_id: id, ...body }) => ({ method: 'POST', path: `/tasks/${encodeURIComponent(id)}/cancel`, body }),
  },
  {
    name: 'fail_coordination_agent',
    title: 'Take an agent out',
    description: 'Takes an agent out of the pool; its task goes to another one.',
    input: shape({ agent_id: Id('the agent'), reason: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) }),
    ...ENDS,
    toRequest: ({ agent_id: id, ...body }) => ({ method: 'POST', path: `/agents/${encodeURIComponent(id)}/fail`, body }),
  },
  {
    name: 'coordination_metrics',
    title: 'Metrics of the pool',
    description: 'Counts of agents and tasks, averages, utilization.',
    input: shape({}),
    ...READS,
    toRequest: () => ({ method: 'GET', path: '/metrics' }),
  },
  {
    name: 'coordination_isolation_report',
    title: 'Isolation of the agents',
    description: 'Whether agents share anything, asked of the agents themselves.',
    input: shape({}),
    ...READS,
    toRequest: () => ({ method: 'GET', path: '/isolation-report' }),
  },
];
