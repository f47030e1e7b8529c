import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { AgentKind } from '../../pool/agent.ts';
import type { Pool } from '../../pool/pool.ts';
import { viewerOf } from '../viewer.ts';
import { describeAgent } from './describe-agent.ts';
import { AgentShape, answers, OneOf, TAGS, WRITE } from './shapes.ts';

const Body = Type.Object(
  {
    kind: Type.Optional(
      OneOf(['thread', 'external'], '`thread` (default): of this process; `external`: it asks over HTTP for tasks that its key may see'),
    ),
    name: Type.Optional(
      Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,63}$', description: 'what the policy calls it; chosen where it is absent' }),
    ),
    lease_seconds: Type.Optional(
      Type.Number({ minimum: 1, maximum: 3_600, description: 'of an external agent: how long it may be silent; default 30' }),
    ),
  },
  { additionalProperties: false },
);

interface Asked {
  readonly kind?: AgentKind;
  readonly name?: string;
  readonly lease_seconds?: number;
}

/** `POST /api/coordination/agents`: one more agent, with or without `initialize` before. */
export function spawnAgent(app: FastifyInstance, pool: Pool): void {
  const schema = { summary: 'start one agent', tags: TAGS, body: Body, response: answers(AgentShape, 422, 429, 503) };
  app.post<{ Body: Asked | undefined }>('/agents', { config: WRITE, schema }, async (request) => {
    const { kind = 'thread', name, lease_seconds: lease = 30 } = request.body ?? {};
    const viewer = viewerOf(request as FastifyRequest);
    return describeAgent(await pool.spawn(kind, name, lease * 1_000, viewer), viewer);
  });
}
