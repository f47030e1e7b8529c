import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { answers, TAGS, WRITE } from './shapes.ts';

/** `POST /api/coordination/pool/drain`: no new tasks; what waits is still done. `initialize` ends it. */
export function drainPool(app: FastifyInstance, pool: Pool): void {
  const schema = {
    summary: 'take no more tasks, and do what waits',
    tags: TAGS,
    response: answers(Type.Object({ status: Type.Literal('draining'), tasks_pending: Type.Integer(), tasks_in_progress: Type.Integer() })),
  };
  app.post('/pool/drain', { config: WRITE, schema }, async () => {
    pool.drain();
    const { pending, inProgress } = await pool.stats();
    return { status: 'draining', tasks_pending: pending, tasks_in_progress: inProgress };
  });
}
