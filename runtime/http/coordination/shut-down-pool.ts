import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { answers, TAGS, WRITE } from './shapes.ts';

/** Seconds that running tasks have where the caller says nothing, and at most. */
const GRACE = 5;
const LONGEST = 60;

const Query = Type.Object({
  grace_seconds: Type.Optional(Type.Number({ minimum: 0, maximum: LONGEST, default: GRACE, description: 'for tasks that are being done' })),
});

/** `DELETE /api/coordination/pool`: what waits is cancelled on record, what is being done finishes or is given back, then the agents end. */
export function shutDownPool(app: FastifyInstance, pool: Pool): void {
  const schema = {
    summary: 'end the pool',
    tags: TAGS,
    querystring: Query,
    response: answers(
      Type.Object({
        status: Type.Literal('shutdown'),
        agents_stopped: Type.Integer(),
        tasks_cancelled: Type.Integer(),
        tasks_returned: Type.Integer({ description: 'given back to the queue; the next agents take them' }),
      }),
      422,
      503,
    ),
  };
  app.delete<{ Querystring: { grace_seconds?: number } }>('/pool', { config: WRITE, schema }, async ({ query }) => {
    const { agents, cancelled, returned } = await pool.shutDown((query.grace_seconds ?? GRACE) * 1_000);
    return { status: 'shutdown', agents_stopped: agents, tasks_cancelled: cancelled, tasks_returned: returned };
  });
}
