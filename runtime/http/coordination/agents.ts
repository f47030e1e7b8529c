import type { FastifyInstance, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Viewer } from '../../auth/viewer.ts';
import type { Agent } from '../../pool/agent.ts';
import type { Pool } from '../../pool/pool.ts';
import { unknownAgent } from '../../pool/pool-error.ts';
import { reportIsolation } from '../../pool/report-isolation.ts';
import { viewerOf } from '../viewer.ts';
import { describeAgent } from './describe-agent.ts';
import { AgentPath, AgentShape, answers, Nullable, READ, TAGS } from './shapes.ts';

const MemberShape = Type.Object({
  agent: AgentShape,
  health: Type.Object({
    memory_usage: Type.Number({ description: 'bytes on its heap and beside it, when it last said so' }),
    cpu_usage: Type.Number({ description: 'share of its time that its thread was busy, 0 to 1' }),
  }),
  performance: Type.Object({
    tasks_completed: Type.Integer(),
    tasks_failed: Type.Integer(),
    average_task_time: Nullable(Type.Number({ description: 'ms' })),
    context_switches: Type.Integer(),
  }),
  isolation: Type.Object({ shared_state_detected: Type.Boolean(), notes: Type.Array(Type.String()) }),
});

/** `GET /api/coordination/agents` and `/agents/{id}`: the agents, those that were lost lately too; of those elsewhere the caller's. */
export function serveAgents(app: FastifyInstance, pool: Pool): void {
  const all = { summary: 'the agents', tags: TAGS, response: answers(Type.Array(MemberShape)) };
  app.get('/agents', { config: READ, schema: all }, (request) => {
    const viewer = viewerOf(request as FastifyRequest);
    const seen = pool.crew.all.filter((agent) => agent.isFor(viewer));
    return describeMembers(pool, seen, viewer);
  });
  const one = { summary: 'one agent', tags: TAGS, params: AgentPath, response: answers(MemberShape, 404) };
  app.get<{ Params: { id: string } }>('/agents/:id', { config: READ, schema: one }, async (request) => {
    const { id } = request.params;
    const viewer = viewerOf(request as FastifyRequest);
    const agent = pool.crew.get(id);
    if (agent === null || !agent.isFor(viewer)) throw unknownAgent(id);
    return (await describeMembers(pool, [agent], viewer))[0];
  });
}

async function describeMembers(pool: Pool, agents: readonly Agent[], viewer: Viewer) {
  const isolation = new Map((await reportIsolation(pool.crew.all)).map((report) => [report.agent_id, report]));
  return agents.map((agent) => {
    const { issues, notes } = isolation.get(agent.id)!;
    return {
      agent: describeAgent(agent, viewer),
      health: { memory_usage: agent.memory.heap + agent.memory.external, cpu_usage: agent.worker?.utilization ?? 0 },
      performance: {
        tasks_completed: agent.tasksCompleted,
        tasks_failed: agent.tasksFailed,
        average_task_time: agent.averageTime,
        context_switches: agent.contextSwitches,
      },
      isolation: { shared_state_detected: issues.length > 0, notes: [...issues, ...notes, ...agent.notes] },
    };
  });
}
