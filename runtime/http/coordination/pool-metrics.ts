import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { answers, Nullable, READ, TAGS } from './shapes.ts';

/** `GET /api/coordination/metrics`: tasks over all processes of the store, agents of this one. */
export function servePoolMetrics(app: FastifyInstance, pool: Pool): void {
  const schema = {
    summary: 'counts and averages',
    tags: TAGS,
    response: answers(
      Type.Object({
        agents: Type.Integer({ description: 'that can work' }),
        agents_idle: Type.Integer(),
        agents_degraded: Type.Integer({ description: 'that were lost, as far as they are remembered' }),
        tasks_total: Type.Integer({ description: 'accepted since the store was made' }),
        tasks_pending: Type.Integer(),
        tasks_in_progress: Type.Integer(),
        tasks_completed: Type.Integer(),
        tasks_failed: Type.Integer(),
        tasks_cancelled: Type.Integer(),
        queue_length: Type.Integer({ description: 'the same as `tasks_pending`' }),
        avg_task_duration: Nullable(Type.Number({ description: 'ms' })),
        avg_assignment_latency_ms: Nullable(Type.Number()),
        utilization: Type.Number({ description: 'share of the agents that have a task, 0 to 1' }),
      }),
    ),
  };
  app.get('/metrics', { config: READ, schema }, () => describePool(pool));
}

export async function describePool(pool: Pool) {
  const stats = await pool.stats();
  const { live } = pool.crew;
  const busy = live.filter(({ assignments }) => assignments.size > 0).length;
  return {
    agents: live.length,
    agents_idle: pool.crew.count('idle'),
    agents_degraded: pool.crew.count('degraded'),
    tasks_total: stats.submitted,
    tasks_pending: stats.pending,
    tasks_in_progress: stats.inProgress,
    tasks_completed: stats.completed,
    tasks_failed: stats.failed,
    tasks_cancelled: stats.cancelled,
    queue_length: stats.pending,
    avg_task_duration: stats.averageDuration,
    avg_assignment_latency_ms: stats.averageAssignment,
    utilization: live.length === 0 ? 0 : busy / live.length,
  };
}
