import type { Agent } from '../../pool/agent.ts';
import { toTime } from './describe-task.ts';

/** An agent as the API tells it. */
export function describeAgent(agent: Agent) {
  return {
    ...agent.identity,
    name: agent.name,
    kind: agent.kind,
    status: agent.state,
    task_types: [...agent.types],
    current_task_ids: [...agent.assignments.keys()],
    created_at: toTime(agent.createdAt)!,
  };
}
