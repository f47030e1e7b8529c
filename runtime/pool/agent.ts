import { randomUUID } from 'node:crypto';
import { EVERYBODY, type Viewer } from '../auth/viewer.ts';
import type { TaskType } from '../../schema/vocabulary.ts';
import type { Job } from '../jobs/job.ts';
import type { Offer } from '../jobs/job-engine.ts';
import type { AgentIdentity, AgentMemory } from './agent-message.ts';
import type { AgentWorker } from './agent-worker.ts';

/** `analyzing`: a task is on its way to it, or is being prepared. `degraded`: it is out for good, and stays on the list for a while. */
export const AGENT_STATES = ['idle', 'analyzing', 'executing', 'degraded'] as const;
export type AgentState = (typeof AGENT_STATES)[number];

export const AGENT_KINDS = ['thread', 'external'] as const;
export type AgentKind = (typeof AGENT_KINDS)[number];

/** A task in the hands of an agent. */
export interface Assignment {
  readonly job: Job;
  /** `performance.now()` of its start here. */
  readonly since: number;
  /** The agent itself does nothing: whoever does the work ends it. */
  held: boolean;
  /** Somebody else ended it; the agent is to stop. */
  over: boolean;
}

/** One agent: a thread of this process, or somebody elsewhere who asks for tasks. */
export class Agent {
  readonly identity: AgentIdentity;
  readonly name: string;
  readonly kind: AgentKind;
  /** Of one elsewhere: who started it. */
  readonly owner: Viewer;
  readonly createdAt: number;
  types: readonly TaskType[];
  state: AgentState = 'idle';
  /** Whose lease its tasks are under. */
  holder: string;
  worker: AgentWorker | null = null;
  /** By id; a thread has at most one. */
  readonly assignments = new Map<string, Assignment>();
  readonly notes: string[] = [];
  tasksCompleted = 0;
  tasksFailed = 0;
  contextSwitches = 0;
  memory: AgentMemory = { heap: 0, external: 0 };
  readonly #times = new Map<string, { count: number; sum: number }>();
  #lastTask: string | null = null;

  constructor(name: string, kind: AgentKind, types: readonly TaskType[], holder: string | null, now: number, owner: Viewer = EVERYBODY) {
    this.owner = owner;
    this.identity = {
      agent_id: `${name}-${randomUUID().slice(0, 8)}`,
      context_window_id: `context-${randomUUID()}`,
      tool_session_id: `tools-${randomUUID()}`,
      memory_handle_id: `memory-${randomUUID()}`,
    };
    this.name = name;
    this.kind = kind;
    this.types = types;
    this.holder = holder ?? this.identity.agent_id;
    this.createdAt = now;
  }

  get id(): string {
    return this.identity.agent_id;
  }

  /** May this viewer see it, and speak for it? One elsewhere is its owner's. */
  isFor(viewer: Viewer): boolean {
    return viewer.all || this.kind === 'thread' || (!this.owner.all && this.owner.caller === viewer.caller);
  }

  /** What it is offered for: types that are not `blocked`. */
  offer(blocked: ReadonlySet<string>): Offer {
    const latency = Object.fromEntries([...this.#times].map(([type, { count, sum }]) => [type, sum / count]));
    const types = this.types.filter((type) => !blocked.has(type));
    return { agent: this.id, holder: this.holder, types, latency, ...(this.owner.all ? {} : { caller: this.owner.caller }) };
  }

  begin(job: Job, now: number): Assignment {
    const assignment = { job, since: now, held: false, over: false };
    this.assignments.set(job.id, assignment);
    if (this.#lastTask !== null && this.#lastTask !== job.id) this.contextSwitches++;
    this.#lastTask = job.id;
    return assignment;
  }

  /** Counts a task that it is through with; `took` in ms. */
  count(type: string, completed: boolean, took: number): void {
    if (!completed) {
      this.tasksFailed++;
      return;
    }
    this.tasksCompleted++;
    const times = this.#times.get(type) ?? { count: 0, sum: 0 };
    times.count++;
    times.sum += took;
    this.#times.set(type, times);
  }

  /** Ms; null = it completed none. */
  get averageTime(): number | null {
    const all = [...this.#times.values()];
    const count = all.reduce((sum, times) => sum + times.count, 0);
    return count === 0 ? null : all.reduce((sum, times) => sum + times.sum, 0) / count;
  }
}
