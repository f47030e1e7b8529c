import type { PoolConfig } from '../../schema/manifest.ts';
import type { Viewer } from '../auth/viewer.ts';
import type { Service } from './agent-message.ts';
import { Agent, type AgentKind, type AgentState } from './agent.ts';
import { AgentWorker, type Outcome } from './agent-worker.ts';
import { poolFull, PoolError } from './pool-error.ts';
import { findTypes } from './pool-settings.ts';

export interface CrewOptions {
  settings(): PoolConfig;
  /** Under whose lease the threads of this process work. */
  holder(): string;
  /** MiB that an agent may hold. */
  readonly memory: number;
  readonly handlers: string | null;
  onOutcome(agent: Agent, outcome: Outcome): void;
  onHeld(agent: Agent): void;
  onCall(agent: Agent, service: Service, body: unknown, signal: AbortSignal): Promise<unknown>;
  onLog(agent: Agent, message: string): void;
  /** An agent is out; what it held must go to somebody else. */
  onDegraded(agent: Agent, reason: string): void;
  onReady(agent: Agent): void;
}

/** Degraded agents that are still told of. */
const REMEMBERED = 16;
/** First wait before the next agent takes a lost one's place, doubling to the last while they go on dying, in ms. */
const REPLACE = [10, 30_000] as const;
/** An agent that lived so long, in ms, does not count as dying at once. */
const LIVED = 10_000;

/** The agents: their places, their threads, and who takes the place of one that is lost. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #live = new Map<string, Agent>();
  readonly #degraded: Agent[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Names of agents that are on their way. */
  readonly #coming = new Set<string>();
  #places = 0;
  #wait: number = REPLACE[0];
  /** Grows with every end of the pool: what was begun before it does not come after it. */
  #era = 0;
  #closed = false;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** All that can work, in the order of their coming. */
  get live(): readonly Agent[] {
    return [...this.#live.values()];
  }

  /** Those that can work, then those that were lost lately. */
  get all(): readonly Agent[] {
    return [...this.#live.values(), ...this.#degraded];
  }

  /** Places that are taken, those of agents that are on their way included. */
  get size(): number {
    return this.#live.size + this.#places;
  }

  get(id: string): Agent | null {
    return this.#live.get(id) ?? this.#degraded.find((agent) => agent.id === id) ?? null;
  }

  find(name: string): Agent | null {
    return this.live.find((agent) => agent.name === name) ?? null;
  }

  count(state: AgentState): number {
    return state === 'degraded' ? this.#degraded.length : this.live.filter((agent) => agent.state === state).length;
  }

  /** A new agent that is ready; without an owner it is everybody's. @throws PoolError where the pool is full, the name is taken, or its thread does not start. */
  async spawn(kind: AgentKind, name?: string, owner?: Viewer): Promise<Agent> {
    const settings = this.#options.settings();
    if (this.size >= settings.max_size) throw poolFull(settings.max_size);
    if (name !== undefined && this.find(name) !== null) {
      throw new PoolError(422, 'NameTaken', `there is an agent \`${name}\` already [name-taken] help: choose another name, or none`);
    }
    this.#places++;
    try {
      return await this.#start(kind, name ?? this.#nextName(kind), owner);
    } catch (error) {
      throw new PoolError(
        503,
        'AgentNotStarted',
        `an agent cannot be started: ${(error as Error).message} [agent-start] help: look at \`--pool-handlers\` and \`--pool-memory\``,
        5,
      );
    } finally {
      this.#places--;
    }
  }

  /** Takes an agent out for good; a thread's place is filled again. */
  degrade(agent: Agent, reason: string): void {
    if (agent.state === 'degraded') return;
    agent.state = 'degraded';
    agent.notes.push(reason);
    this.#live.delete(agent.id);
    this.#degraded.push(agent);
    if (this.#degraded.length > REMEMBERED) this.#degraded.shift();
    void agent.worker?.stop();
    this.#options.onDegraded(agent, reason);
    if (agent.kind === 'thread' && !this.#closed) this.#replace(Date.now() - agent.createdAt > LIVED);
  }

  /** Puts a fresh agent of the same name in the place of one that has nothing to do. */
  async recycle(agent: Agent): Promise<void> {
    const era = this.#era;
    this.#live.delete(agent.id);
    this.#places++;
    try {
      await agent.worker?.stop();
      await this.#start('thread', agent.name);
    } catch {
      if (era === this.#era) this.#replace(false);
    } finally {
      this.#places--;
    }
  }

  /** Ends all agents, and forgets them. */
  async clear(): Promise<void> {
    this.#era++;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#places -= this.#timers.size;
    this.#timers.clear();
    const agents = this.live;
    this.#live.clear();
    this.#degraded.length = 0;
    await Promise.all(agents.map((agent) => agent.worker?.stop()));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.clear();
  }

  async #start(kind: AgentKind, name: string, owner?: Viewer): Promise<Agent> {
    try {
      return await this.#bringUp(kind, name, owner);
    } finally {
      this.#coming.delete(name);
    }
  }

  async #bringUp(kind: AgentKind, name: string, owner?: Viewer): Promise<Agent> {
    const era = this.#era;
    const { settings, holder, memory, handlers } = this.#options;
    const agent = new Agent(name, kind, findTypes(settings(), name), kind === 'thread' ? holder() : null, Date.now(), owner);
    if (kind === 'thread') {
      agent.worker = new AgentWorker(
        agent.identity,
        { memory, handlers },
        {
          ended: (outcome, held) => {
            agent.memory = held;
            this.#options.onOutcome(agent, outcome);
          },
          held: () => this.#options.onHeld(agent),
          call: (service, body, signal) => this.#options.onCall(agent, service, body, signal),
          log: (message) => this.#options.onLog(agent, message),
          died: (reason) => {
            // One that never came up is told of where it was asked for.
            if (this.#live.has(agent.id)) this.degrade(agent, reason);
          },
        },
      );
      await agent.worker.ready;
      if (era !== this.#era) {
        await agent.worker.stop();
        throw new Error('the pool was ended meanwhile');
      }
    }
    this.#live.set(agent.id, agent);
    this.#options.onReady(agent);
    return agent;
  }

  #replace(lived: boolean): void {
    if (lived) this.#wait = REPLACE[0];
    const era = this.#era;
    this.#places++;
    const timer = setTimeout(async () => {
      this.#timers.delete(timer);
      try {
        await this.#start('thread', this.#nextName('thread'));
      } catch {
        if (era === this.#era) this.#replace(false);
      } finally {
        this.#places--;
      }
    }, this.#wait);
    timer.unref();
    this.#timers.add(timer);
    this.#wait = Math.min(this.#wait * 2, REPLACE[1]);
  }

  /** `worker-1` for the first thread; places of agents that went are taken again. */
  #nextName(kind: AgentKind): string {
    const stem = kind === 'thread' ? 'worker' : 'external';
    const taken = new Set([...this.live.map(({ name }) => name), ...this.#coming]);
    for (let i = 1; ; i++) {
      const name = `${stem}-${i}`;
      if (taken.has(name)) continue;
      this.#coming.add(name);
      return name;
    }
  }
}
