import type { Agent } from './agent.ts';

/** How long an agent may take to say what it sees, in ms. */
const PATIENCE = 500;

export interface AgentIsolation {
  readonly agent_id: string;
  readonly context_window_id: string;
  readonly tool_session_id: string;
  readonly memory_handle_id: string;
  readonly isolated: boolean;
  readonly issues: readonly string[];
  /** What could not be looked at, and why; no breach. */
  readonly notes: readonly string[];
}

/**
 * Whether every agent is what it was made: its ids are nobody else's, it runs in a thread of its own, and asked through its own port it
 * knows itself by the same ids, sees no variable of the environment, and finds its own mark in its global scope.
 */
export async function reportIsolation(agents: readonly Agent[]): Promise<readonly AgentIsolation[]> {
  return Promise.all(
    agents.map(async (agent) => {
      const issues = findShared(agent, agents);
      const notes: string[] = [];
      if (agent.kind === 'external') notes.push('it runs elsewhere');
      else if (agent.state === 'degraded') notes.push('it is gone');
      else issues.push(...(await askItself(agent, notes)));
      return { ...agent.identity, isolated: issues.length === 0, issues, notes };
    }),
  );
}

function findShared(agent: Agent, agents: readonly Agent[]): string[] {
  const issues: string[] = [];
  for (const other of agents) {
    if (other === agent) continue;
    for (const [name, value] of Object.entries(agent.identity)) {
      if (Object.values(other.identity).includes(value)) issues.push(`\`${name}\` is shared with \`${other.id}\``);
    }
    if (agent.worker !== null && agent.worker === other.worker) issues.push(`its thread is that of \`${other.id}\``);
    for (const id of agent.assignments.keys()) if (other.assignments.has(id)) issues.push(`task \`${id}\` is also \`${other.id}\`'s`);
  }
  return issues;
}

async function askItself(agent: Agent, notes: string[]): Promise<string[]> {
  const issues: string[] = [];
  try {
    const view = await agent.worker!.look(PATIENCE);
    for (const [name, value] of Object.entries(agent.identity)) {
      if (view[name as keyof typeof view] !== value) issues.push(`it knows another \`${name}\` than it was given`);
    }
    if (view.thread !== agent.worker!.thread) issues.push('it runs in another thread than it was given');
    if (view.variables.length > 0) issues.push(`it sees ${view.variables.length} variables of the environment`);
    if (view.mark !== agent.identity.memory_handle_id) issues.push('its global scope bears the mark of another');
  } catch (error) {
    notes.push(`it could not be asked: ${(error as Error).message}`);
  }
  return issues;
}
