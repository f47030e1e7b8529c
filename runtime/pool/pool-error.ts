/** What the pool cannot do now, or ever, with the status that tells it. `retryAfter` in seconds: when asking again may help. */
export class PoolError extends Error {
  readonly status: 404 | 409 | 422 | 429 | 503;
  readonly code: string;
  readonly retryAfter: number | null;

  constructor(status: PoolError['status'], code: string, message: string, retryAfter: number | null = null) {
    super(message);
    this.name = 'PoolError';
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export function poolFull(most: number): PoolError {
  return new PoolError(
    429,
    'PoolFullError',
    `the pool has its ${most} agents [pool-full] help: wait for one to go, or raise \`pools.coordination.max_size\``,
    5,
  );
}

export function queueFull(depth: number, retryAfter: number): PoolError {
  return new PoolError(
    429,
    'QueueFullError',
    `${depth} tasks are waiting already [queue-full] help: send it again in ${retryAfter} s, or raise \`pools.coordination.queue_depth\``,
    retryAfter,
  );
}

export function unknownTask(id: string): PoolError {
  return new PoolError(
    404,
    'TaskNotFound',
    `there is no task \`${id.slice(0, 64)}\` [unknown-task] help: GET /api/coordination/tasks lists them`,
  );
}

export function unknownAgent(id: string): PoolError {
  return new PoolError(
    404,
    'AgentNotFound',
    `there is no agent \`${id.slice(0, 64)}\` [unknown-agent] help: GET /api/coordination/agents lists them`,
  );
}
