import { maySee, type Viewer } from '../../auth/viewer.ts';
import type { Agent } from '../../pool/agent.ts';
import { toTime } from './describe-task.ts';

/** An agent as the API tells it: of its tasks those that the viewer may see. */
export function describeAgent(agent: Agent, viewer: Viewer) {
  return {
    ...agent.identity,
    name: agent.name,
    kind: agent.kind,
    status: agent.state,
    task_types: [...agent.types],
    current_task_ids: [...agent.assignments].flatMap(([id, { job }]) => (maySee(viewer, job.caller) ? [id] : [])),
    created_at: toTime(agent.createdAt)!,
  };
}
