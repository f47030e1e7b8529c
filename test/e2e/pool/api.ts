import type { Policyd } from '../policyd.ts';

export interface Task {
  readonly task_id: string;
  readonly status: string;
  readonly assigned_agent_id: string | null;
  readonly attempt_count: number;
  readonly failed_agent_ids: readonly string[];
  readonly result: unknown;
  readonly error: string | null;
  readonly payload: unknown;
  readonly token: number;
  readonly assignment_latency_ms: number | null;
}

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

/** The coordination API of a policyd. */
export function poolOf(policyd: Policyd, headers: Record<string, string> = {}) {
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  const ask = async <Body = any>(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer<Body>> => {
    const answer = await fetch(`${policyd.url}/api/coordination${path}`, {
      method,
      headers: { ...headers, ...more, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Body, headers: answer.headers };
  };
  const pool = {
    ask,
    initialize: async (size: number) => (await ask('POST', '/pool/initialize', { size })).body,
    submit: async (payload: unknown, more: object = {}) => (await ask<Task>('POST', '/tasks', { payload, ...more })).body,
    task: async (id: string) => (await ask<Task>('GET', `/tasks/${id}`)).body,
    /** Waits until a task is in one of these states. */
    async reach(id: string, states: readonly string[], ms = 20_000): Promise<Task> {
      for (const end = Date.now() + ms; ; ) {
        const task = await pool.task(id);
        if (states.includes(task.status)) return task;
        if (Date.now() > end) throw new Error(`${id} is ${task.status} after ${ms} ms: ${JSON.stringify(task)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    agents: async () => (await ask('GET', '/agents')).body,
  };
  return pool;
}

export type PoolApi = ReturnType<typeof poolOf>;
