import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Pool } from '../../pool/pool.ts';
import { reportIsolation } from '../../pool/report-isolation.ts';
import { answers, READ, TAGS, Time } from './shapes.ts';

/** `GET /api/coordination/isolation-report`: whether every agent has what is its own to itself, asked of the agents themselves. */
export function serveIsolationReport(app: FastifyInstance, pool: Pool): void {
  const schema = {
    summary: 'whether agents share anything',
    tags: TAGS,
    response: answers(
      Type.Object({
        timestamp: Time('of the report'),
        total_agents: Type.Integer(),
        breaches_detected: Type.Integer(),
        details: Type.Array(
          Type.Object({
            agent_id: Type.String(),
            context_window_id: Type.String(),
            tool_session_id: Type.String(),
            memory_handle_id: Type.String(),
            isolated: Type.Boolean(),
            issues: Type.Array(Type.String()),
            notes: Type.Array(Type.String(), { description: 'what could not be looked at' }),
          }),
        ),
      }),
    ),
  };
  app.get('/isolation-report', { config: READ, schema }, () => describeIsolation(pool));
}

export async function describeIsolation(pool: Pool) {
  const details = (await reportIsolation(pool.crew.live)).map((report) => ({
    ...report,
    issues: [...report.issues],
    notes: [...report.notes],
  }));
  return {
    timestamp: new Date().toISOString(),
    total_agents: details.length,
    breaches_detected: details.filter(({ isolated }) => !isolated).length,
    details,
  };
}
