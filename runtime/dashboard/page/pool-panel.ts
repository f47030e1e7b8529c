import type { VNode } from 'preact';
import { html } from 'htm/preact';
import { Badge, type Tone } from './badge.ts';
import { formatClock } from './format-clock.ts';
import { formatSpan } from './format-span.ts';
import { Panel } from './panel.ts';
import { Table } from './table.ts';
import { usePolled } from './use-polled.ts';

/** `GET /api/coordination/metrics`. */
interface PoolMetrics {
  readonly agents: number;
  readonly tasks_pending: number;
  readonly tasks_in_progress: number;
  readonly tasks_completed: number;
  readonly tasks_failed: number;
  readonly queue_length: number;
  readonly avg_assignment_latency_ms: number | null;
}

/** `GET /api/coordination/agents`. */
interface PoolAgent {
  readonly agent: { readonly agent_id: string; readonly status: string; readonly current_task_ids: readonly string[] };
  readonly performance: { readonly tasks_completed: number; readonly tasks_failed: number; readonly average_task_time: number | null };
}

/** `GET /api/coordination/dead-letters`. */
interface DeadLetters {
  readonly tasks: readonly DeadLetter[];
}

interface DeadLetter {
  readonly task_id: string;
  readonly task_type: string;
  readonly attempt_count: number;
  readonly completed_at: string | null;
}

const AGENTS = [
  { title: 'Agent' },
  { title: 'State' },
  { title: 'Works on' },
  { title: 'Done', kind: 'number' },
  { title: 'Failed', kind: 'number' },
  { title: 'A task takes', kind: 'number' },
] as const;
const LETTERS = [{ title: 'Task' }, { title: 'Type' }, { title: 'Attempts', kind: 'number' }, { title: 'Given up' }] as const;
const TONES: Readonly<Record<string, Tone>> = { idle: 'good', analyzing: 'busy', executing: 'busy', degraded: 'bad' };
const EVERY = 3_000;

/** The coordination pool: agents, what waits for them, and what was given up. */
export function PoolPanel({ version }: { readonly version: unknown }): VNode {
  const metrics = usePolled<PoolMetrics>('/api/coordination/metrics', EVERY, version);
  const isThere = metrics.value !== null;
  const agents = usePolled<readonly PoolAgent[]>(isThere ? '/api/coordination/agents' : null, EVERY, version);
  const letters = usePolled<DeadLetters>(isThere ? '/api/coordination/dead-letters' : null, EVERY, version);
  const dead = letters.value?.tasks ?? [];
  return html`
    <${Panel} id="pool" title="Agent pool" lead=${metrics.value === null ? 'Agents for tasks in the background.' : describe(metrics.value)} problem=${metrics.problem} waiting=${!isThere && metrics.problem === null}>
      ${
        isThere
          ? html`
        <${Table} caption="agents" columns=${AGENTS} empty=${agents.value?.length === 0 ? 'No agent runs.' : null}>
          <tbody>${(agents.value ?? []).map(
            ({ agent, performance }) => html`
            <tr key=${agent.agent_id}>
              <th scope="row"><code>${agent.agent_id}</code></th>
              <td><${Badge} tone=${TONES[agent.status] ?? 'plain'}>${agent.status}</${Badge}></td>
              <td>${agent.current_task_ids.length === 0 ? '–' : agent.current_task_ids.map((id) => html`<code key=${id}>${id}</code> `)}</td>
              <td class="number">${performance.tasks_completed}</td>
              <td class="number">${performance.tasks_failed}</td>
              <td class="number">${performance.average_task_time === null ? '–' : formatSpan(performance.average_task_time)}</td>
            </tr>`,
          )}
          </tbody>
        </${Table}>
        <h3>Dead letters</h3>
        <${Table} caption="tasks that were given up" columns=${LETTERS} empty=${dead.length === 0 ? 'None.' : null}>
          <tbody>${dead.slice(0, 20).map(
            (task) => html`
            <tr key=${task.task_id}>
              <th scope="row"><code>${task.task_id}</code></th>
              <td>${task.task_type}</td>
              <td class="number">${task.attempt_count}</td>
              <td>${task.completed_at === null ? '–' : formatClock(task.completed_at)}</td>
            </tr>`,
          )}
          </tbody>
        </${Table}>
      `
          : null
      }
    </${Panel}>
  ` as VNode;
}

function describe({
  agents,
  queue_length,
  tasks_in_progress,
  tasks_completed,
  tasks_failed,
  avg_assignment_latency_ms,
}: PoolMetrics): string {
  return `${agents} agents, ${tasks_in_progress} tasks running, ${queue_length} waiting, ${tasks_completed} done, ${tasks_failed} failed${avg_assignment_latency_ms === null ? '' : `; an agent is found in ${formatSpan(avg_assignment_latency_ms)}`}.`;
}
